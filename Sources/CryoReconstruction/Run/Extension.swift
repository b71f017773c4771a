import CryoCore

/// A run that has ended goes on to a finer limit.
///
/// Densities, poses, memories, noise and half-sets are those of its end: the halves learn apart as before. What the plan of
/// the finer limit asks for beyond the old one follows: the march through the new rings, particles that look for their poses
/// anew, and the last pass. Only those two are made twice.
extension Reconstruction {
    /// Where this run begins as the extension of one that knew `end`.
    ///
    /// - Throws: ``ExtensionError`` if that run cannot go further.
    public func extending(_ end: RunProgress) throws(ExtensionError) -> RunProgress {
        if let ring = end.watch.lastRing, end.watch.isEnough != true {
            throw .disagreed(resolution: source.boxLength / Double(ring))
        }
        if let last = end.lastStatistics, let agreement = last.halfSetFSC,
            agreement < AgreementWatch.leastAgreement
        {
            throw .disagreed(resolution: last.resolution)
        }
        guard let last = end.lastStatistics, end.states.allSatisfy({ $0.density != nil }) else {
            throw .nothingLearnt
        }
        let plans = plans[end.repetition]
        let limit = plans.finestRing ?? 0
        let ring = Int((source.boxLength / last.resolution).rounded())
        guard limit > ring else {
            throw .notFiner(reached: last.resolution, asked: source.boxLength / Double(limit))
        }
        let done = plans.prefix {
            $0.phase == .anneal || ($0.phase == .march && !$0.isResumed && $0.ringCount <= ring)
        }.count
        var progress = end
        progress.numberOffset = last.iteration + 1 - done
        progress.iteration = done
        progress.watch = AgreementWatch()
        progress.course.extend()
        for index in progress.states.indices {
            progress.states[index].density = constrained(end.states[index], plans.first)
            progress.states[index].noise = progress.states[index].noise.extended(by: backgroundNoise)
        }
        return progress
    }
}

/// Why a finished run cannot be extended.
public enum ExtensionError: Error, Sendable, Equatable, CustomStringConvertible {
    /// It ended at this resolution (Å), where its half-sets do not agree any more.
    case disagreed(resolution: Double)
    /// It has reached this resolution (Å) already, or no finer one can be had of these images.
    case notFiner(reached: Double, asked: Double)
    /// It holds no density.
    case nothingLearnt

    /// One line: what was found, what was expected, what to do.
    public var description: String {
        func text(_ value: Double) -> String { "\((value * 10).rounded() / 10) Å" }
        switch self {
        case .disagreed(let resolution):
            return
                "the run ended at \(text(resolution)), where its half-sets no longer agree; expected agreement to its "
                + "limit; a finer one would add noise only, more or better particles are needed"
        case .notFiner(let reached, let asked):
            return
                "the run has reached \(text(reached)); found a limit of \(text(asked)), expected a finer one, no finer "
                + "than two pixels; give a smaller --max-resolution"
        case .nothingLearnt: return "the run holds no density; begin it again"
        }
    }
}
