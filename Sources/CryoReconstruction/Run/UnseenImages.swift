import CryoCore
import CryoFourier
import CryoInference
import Foundation

/// Images that are asked what they think of densities that they had no part in: of the other half-set, or held out.
struct UnseenImages {
    private let run: Reconstruction
    /// Where densities are evaluated, one at a time in each; all have the same quadrature.
    private let stages: [Stage]
    /// The state to which the images belong.
    private let asked: RunState
    private let indices: [Int]

    /// Images of the second half-set, or those held out where there are no half-sets; nil if there are none to be asked.
    init?(_ states: [RunState], of run: Reconstruction) {
        guard let asked = states.last, let first = states[0].stage, let last = asked.stage else { return nil }
        self.run = run
        self.asked = asked
        stages = first.engine === last.engine ? [first] : [first, last]
        let candidates = (states.count > 1 ? asked.particles : run.split.heldOut).filter {
            asked.memories[$0] != nil
        }
        guard !candidates.isEmpty else { return nil }
        indices = candidates.spread()
    }

    /// The log-evidence of each image given each of up to two densities on the stages' grid.
    func logEvidences(of densities: [Volume]) -> [[Double]] {
        guard stages.count > 1 else { return densities.map { logEvidences(of: $0, on: stages[0]) } }
        return run.parallel.map(densities.count) { logEvidences(of: densities[$0], on: stages[$0]) }
    }

    private func logEvidences(of density: Volume, on stage: Stage) -> [Double] {
        evidences(
            of: density, on: stage,
            sampler: run.parameters.sampling == .joint ? run.sampler(.max, stage, asked) : nil)
    }

    /// The same given a density that looks alike from all sides, so that one direction stands for all.
    func logEvidences(ofRound density: Volume) -> [Double] {
        let stage = stages[0]
        guard run.parameters.sampling == .joint else {
            return evidences(of: density, on: stage, sampler: nil)
        }
        let direction = NodeDraw.allShifts(ofDirection: 0, stage.engine)
        let draws = Dictionary(uniqueKeysWithValues: indices.map { ($0, direction) })
        let directions = log(Double(stage.engine.directions.directionCount) / 2)
        return evidences(of: density, on: stage, sampler: .repeated(draws)).map { $0 + directions }
    }

    private func evidences(of density: Volume, on stage: Stage, sampler: NodeSampler?) -> [Double] {
        run.visit(indices, of: density, stage, asked.noise, sampler: sampler).posteriors.map(\.logEvidence)
    }
}

extension [Int] {
    /// Two to four hundred particles that are asked, spread evenly over these.
    func spread() -> [Int] {
        stride(from: 0, to: count, by: Swift.max(1, count / 200)).map { self[$0] }
    }
}

/// What unseen images say of a run's densities.
struct Verdict {
    var positivity: PositivityCheck?
    var nullCheck: NullCheck?
}

extension Reconstruction {
    /// Asks images of the second half-set, or those held out, about the density of the first.
    ///
    /// - Parameter placement: How the last density is laid upon the first.
    func verdict(_ states: [RunState], placement: Superposition) -> Verdict {
        guard let density = states[0].density, let images = UnseenImages(states, of: self) else {
            return Verdict()
        }
        let placed = (testsPositivity ? [density.nonNegative, density] : [density]).map {
            $0.moved(by: placement.inverse, parallel: parallel)
        }
        let evidences = images.logEvidences(of: placed)
        let positivity = testsPositivity ? PositivityCheck(evidences[1], over: evidences[0]) : nil
        let chosen = positivity.map { $0.isKept ? 0 : 1 } ?? 0
        let radial = images.logEvidences(ofRound: placed[chosen].radialAverage)
        return Verdict(positivity: positivity, nullCheck: NullCheck(evidences[chosen], radial: radial))
    }
}

/// What images prefer, and by how much.
struct Preference {
    /// The mean over images of one log-evidence less another.
    var gain: Double
    /// Its standard error.
    var standardError: Double

    /// nil if fewer than two images were asked, or not the same ones.
    init?(_ evidences: [Double], over others: [Double]) {
        guard evidences.count == others.count, evidences.count > 1 else { return nil }
        let gains = zip(evidences, others).map { $0 - $1 }
        let mean = Visit.mean(gains)
        let variance = gains.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(gains.count - 1)
        gain = mean
        standardError = (variance / Double(gains.count)).squareRoot()
    }
}
