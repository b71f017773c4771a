import CryoInference

extension ReconstructionParameters {
    /// How proposals are made in an iteration.
    public func samplingSettings(iteration: Int) -> SamplingSettings {
        SamplingSettings(
            kind: sampling == .factorised ? .factorised : .joint, floor: samplingFloor,
            censusShare: samplingCensusShare, temperature: samplingTemperature,
            drawsPerEffectiveNode: samplingDraws
        ).annealed(iteration: iteration, period: samplingPeriod)
    }
}
