import CryoCore
import CryoInference

/// One of several random starts.
public struct StartRecord: Codable, Sendable, Equatable {
    /// Its seed.
    public var seed: UInt64
    /// The mean log-evidence an image at the end of its anneal, untempered, in nats.
    public var logEvidence: Double
    /// Whether the run went on from it.
    public var isKept: Bool
}

/// Several random starts, of which the one that explains images best goes on.
///
/// A start that ends in a wrong minimum says so: β-galactosidase with D2 imposed from the beginning went wrong in 2 of 8 starts,
/// whose images then had half the evidence of those of the others. Without symmetry no start went wrong, and an anneal costs more.
extension Reconstruction {
    /// The number of starts: as told, else three under a symmetry and one without.
    var startCount: Int { parameters.starts ?? (symmetry.order > 1 ? 3 : 1) }

    /// Images on which starts are compared.
    private static let comparedImages = 200

    /// Anneals from each start and keeps the best.
    ///
    /// - Parameters:
    ///   - count: How many; one is not compared with anything.
    ///   - anneal: Takes a state through the anneal; returns it with its statistics.
    func bestStart(
        of count: Int, anneal: (RunState) throws(ReconstructionError) -> (RunState, [IterationStatistics])
    ) throws(ReconstructionError) -> (
        state: RunState, statistics: [IterationStatistics], records: [StartRecord]
    ) {
        var (best, statistics) = try anneal(startState(0))
        guard count > 1 else { return (best, statistics, []) }
        var records = [StartRecord(seed: best.seed, logEvidence: evidence(of: best), isKept: false)]
        var centres = images.centres
        for start in 1..<count {
            // Every start finds the particles where the files have them.
            images.centres = [SIMD2<Double>](repeating: .zero, count: centres.count)
            let (state, entries) = try anneal(startState(start))
            let highest = records.map(\.logEvidence).max() ?? -.infinity
            records.append(StartRecord(seed: state.seed, logEvidence: evidence(of: state), isKept: false))
            guard records[start].logEvidence > highest else { continue }
            (best, statistics, centres) = (state, entries, images.centres)
        }
        images.centres = centres
        for index in records.indices { records[index].isKept = records[index].seed == best.seed }
        return (best, statistics, records)
    }

    /// The mean log-evidence of images held out, or else of some spread over the set, summed exactly.
    private func evidence(of state: RunState) -> Double {
        guard let stage = state.stage, let density = state.density else { return -.infinity }
        let candidates = split.heldOut.isEmpty ? split.learning : split.heldOut
        let step = max(1, candidates.count / Self.comparedImages)
        let indices = stride(from: 0, to: candidates.count, by: step).map { candidates[$0] }
        stage.engine.setDensity(stage.frame.ball(of: density))
        let visit = visit(indices, stage, state.noise.variance(rings: stage.frame.ringCount))
        return visit.indices.isEmpty ? -.infinity : visit.meanLogEvidence
    }
}
