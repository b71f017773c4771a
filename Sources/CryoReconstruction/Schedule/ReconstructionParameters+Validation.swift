import CryoInference

extension ReconstructionParameters {
    /// The point group that `symmetry` names.
    func pointGroup() throws(ReconstructionError) -> PointGroup {
        guard let group = PointGroup(name: symmetry) else { throw .unknownSymmetry(symmetry) }
        return group
    }

    /// Checks every setting that could divide by zero, ask for endless nodes or do nothing.
    ///
    /// - Throws: ``ReconstructionError/settingOutOfRange(name:found:expected:)`` for the first that is out of range,
    ///   ``ReconstructionError/unknownSymmetry(_:)`` if there is no such point group.
    public func validate() throws(ReconstructionError) {
        _ = try pointGroup()
        let counts: [(name: String, value: Int, range: ClosedRange<Int>)] = [
            ("maxIterations", maxIterations ?? 1, 1...10_000_000),
            ("starts", starts ?? 1, 1...1000), ("annealIterations", annealIterations, 0...10_000_000),
            ("annealBatch", annealBatch, 1...10_000_000), ("marchBatch", marchBatch, 1...10_000_000),
            ("annealRetries", annealRetries, 0...10), ("annealRestarts", annealRestarts, 0...100),
            ("annealShortStarts", annealShortStarts, 1...10),
            ("finalEpochs", finalEpochs, 0...1000),
            ("samplingPeriod", samplingPeriod, 0...10_000_000),
            ("samplingCheckInterval", samplingCheckInterval, 0...10_000_000),
            ("heldOut", heldOut, 0...10_000_000), ("heldOutInterval", heldOutInterval, 1...10_000_000),
        ]
        for (name, value, range) in counts where !range.contains(value) {
            throw .settingOutOfRange(
                name: name, found: "\(value)", expected: "\(range.lowerBound) to \(range.upperBound)")
        }
        if let contrast, abs(contrast) != 1 {
            throw .settingOutOfRange(
                name: "contrast", found: "\(contrast)", expected: "1 (white) or -1 (black)")
        }
        guard optimizer == .preconditionedSGD || schedule == .frequencyMarching else {
            throw .settingOutOfRange(
                name: "optimizer", found: "\(optimizer.rawValue) with \(schedule.rawValue)",
                expected: "preconditionedSGD with annealed, any with frequencyMarching")
        }
        guard optimizer != .projectionMatching || sampling == .none else {
            throw .settingOutOfRange(
                name: "sampling", found: "\(sampling.rawValue) with projectionMatching",
                expected: "none: the best match is looked for among all poses")
        }
        guard (prior == .uniform) == (priorStrength == 0) else {
            throw .settingOutOfRange(
                name: "priorStrength", found: "\(priorStrength) with \(prior.rawValue)",
                expected: "0 with the uniform prior and more than 0 with any other")
        }
        let numbers: [(name: String, value: Double, range: ClosedRange<Double>)] = [
            ("maxResolution", maxResolution ?? 1, 0.1...10_000),
            ("annealResolution", annealResolution ?? 1, 0.1...10_000),
            ("annealBeginning", annealBeginning ?? 1, 0.1...10_000),
            ("priorStrength", priorStrength, 0...1e6), ("shiftSigma", shiftSigma ?? 1, 0.01...1e6),
            ("shiftExtent", shiftExtent ?? 1, 0...1000), ("shiftStep", shiftStep, 0.01...10),
            ("angularStep", angularStep, 0.05...10), ("annealWeight", annealWeight, 0.001...1),
            ("annealCoarseShare", annealCoarseShare, 0...1),
            ("annealStart", annealStart, 1e-9...1), ("annealEnd", annealEnd, 1...1e9),
            ("signalFloor", signalFloor, 1e-6...1e6), ("marchEpochs", marchEpochs, 0...1000),
            ("marchLeap", marchLeap, 1...4), ("marchWeight", marchWeight, 0.001...1),
            ("scaleSigma", scaleSigma, 0...10),
            ("samplingFloor", samplingFloor, 0.001...1),
            ("samplingTemperature", samplingTemperature, 0.1...100),
            ("samplingDraws", samplingDraws, 0.1...1e6),
            ("samplingCensusShare", samplingCensusShare, 0...0.99), ("momentum", momentum, 0...0.999),
            ("thinningMass", thinningMass, 0...0.5), ("bFactor", bFactor, -10_000...10_000),
        ]
        for (name, value, range) in numbers where !range.contains(value) {
            throw .settingOutOfRange(
                name: name, found: "\(value)", expected: "\(range.lowerBound) to \(range.upperBound)")
        }
    }
}
