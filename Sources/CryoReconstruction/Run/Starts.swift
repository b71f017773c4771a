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

    /// Ranks the start whose anneal has ended, and begins the next or goes on with the best.
    func endStart(_ progress: inout RunProgress, of count: Int) {
        let start = progress.start ?? 0
        guard count > 1 else {
            progress.start = nil
            return
        }
        let state = progress.states[0]
        let highest = progress.records.map(\.logEvidence).max() ?? -.infinity
        let record = StartRecord(seed: state.seed, logEvidence: evidence(of: state), isKept: false)
        progress.records.append(record)
        let statistics = progress.course.takeStatistics()
        if progress.best == nil || record.logEvidence > highest {
            progress.best = RankedStart(state: state, statistics: statistics, centres: images.centres)
        }
        if start + 1 < count {
            (progress.start, progress.iteration) = (start + 1, 0)
            progress.states = [startState(start + 1)]
            // Every start finds the particles where the files have them.
            images.centres = [SIMD2<Double>](repeating: .zero, count: images.centres.count)
        } else if let best = progress.best {
            (progress.start, progress.best) = (nil, nil)
            progress.states = [best.state]
            progress.course.statistics = best.statistics
            images.centres = best.centres
            for index in progress.records.indices {
                progress.records[index].isKept = progress.records[index].seed == best.state.seed
            }
        }
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
