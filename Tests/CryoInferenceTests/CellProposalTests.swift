import CryoCore
import CryoFourier
import CryoTestSupport
import Foundation
import Testing

@testable import CryoInference

/// Importance sampling of cells: exact where it is certain, unbiased where it is not.
struct CellProposalTests {
    private static let settings = CellProposal.Settings(
        floor: 0.2, temperature: 1.25, drawsPerEffectiveCell: 3)

    /// A memory of two places, one of them twice as probable.
    private static func memory(_ proposal: CellProposal) -> PoseMemory {
        PoseMemory(entries: [
            PoseMemory.Entry(direction: proposal.centres[0], origin: [0, 0], mass: 0.6),
            PoseMemory.Entry(direction: proposal.centres[1], origin: [8, 0], mass: 0.3),
        ])
    }

    @Test func proposalSumsToOneAndPrefersWhatIsRemembered() {
        let engine = PosteriorAgainstNaiveTests.scene(astigmatism: 0).engine
        let proposal = engine.proposal
        let q = proposal.probabilities(
            memory: Self.memory(proposal), centre: .zero, settings: Self.settings)
        #expect(abs(q.reduce(0, +) - 1) < 1e-6)
        let pairs = proposal.cellCount / proposal.centres.count
        let blocks = proposal.centres.indices.map { block in
            q[(block * pairs)..<((block + 1) * pairs)].reduce(0, +)
        }
        #expect(blocks.firstIndex(of: blocks.max() ?? 0) == 0)
        // The floor reaches every cell.
        #expect(q.allSatisfy { $0 > 0 })
    }

    @Test func kernelFallsToAQuarterAtABlocksRadius() {
        let proposal = PosteriorAgainstNaiveTests.scene(astigmatism: 0).engine.proposal
        let value = exp(Double(proposal.concentration) * (cos(proposal.blockRadius) - 1))
        #expect(abs(value - 0.25) < 1e-5)
        // Blocks are not points, and smaller than the hemisphere they share.
        #expect(proposal.blockRadius > 0.05 && proposal.blockRadius < 1.2)
    }

    @Test func oppositeDirectionsAreNotToldApart() {
        let proposal = PosteriorAgainstNaiveTests.scene(astigmatism: 0).engine.proposal
        var flipped = Self.memory(proposal)
        for index in flipped.entries.indices {
            flipped.entries[index].direction = -flipped.entries[index].direction
        }
        let plain = proposal.probabilities(
            memory: Self.memory(proposal), centre: .zero, settings: Self.settings)
        #expect(plain == proposal.probabilities(memory: flipped, centre: .zero, settings: Self.settings))
    }

    @Test func allCellsWithWeightOneAreTheExactSum() {
        let scene = PosteriorAgainstNaiveTests.scene(astigmatism: 500)
        let exact = scene.engine.posterior(of: scene.images, noiseVariance: scene.noise)
        let cells = scene.images.map { _ in
            [Float](repeating: 0, count: scene.engine.proposal.cellCount)
        }
        let sampled = scene.engine.posterior(
            of: scene.images, noiseVariance: scene.noise, cells: cells)
        #expect(exact == sampled)
    }

    @Test func uniformProposalWithAllDrawsTakesEveryCell() {
        let proposal = PosteriorAgainstNaiveTests.scene(astigmatism: 0).engine.proposal
        var stream = RandomStream(seed: 1)
        let uniform = [Double](
            repeating: 1 / Double(proposal.cellCount), count: proposal.cellCount)
        let drawn = proposal.draw(uniform, settings: Self.settings, &stream)
        #expect(drawn.allSatisfy { $0 == 0 })
    }

    @Test func drawsKeepTheirProbabilities() {
        let proposal = PosteriorAgainstNaiveTests.scene(astigmatism: 0).engine.proposal
        let q = proposal.probabilities(
            memory: Self.memory(proposal), centre: .zero,
            settings: CellProposal.Settings(floor: 0.05, temperature: 1, drawsPerEffectiveCell: 1))
        var settings = Self.settings
        settings.drawsPerEffectiveCell = 1
        let rounds = 4000
        var counts = [Double](repeating: 0, count: q.count)
        var weights = [Double](repeating: 1, count: q.count)
        for round in 0..<rounds {
            var stream = RandomStream(seed: 3, stream: 5, substream: UInt32(round))
            for (cell, logWeight) in proposal.draw(q, settings: settings, &stream).enumerated()
            where logWeight > -.infinity {
                counts[cell] += 1
                weights[cell] = exp(-Double(logWeight))
            }
        }
        for cell in q.indices where counts[cell] > 0 {
            // Binomial standard error of the drawn fraction, five of them.
            let spread = 5 * (weights[cell] * (1 - weights[cell]) / Double(rounds)).squareRoot()
            #expect(abs(counts[cell] / Double(rounds) - weights[cell]) <= spread + 1e-9)
        }
    }

    @Test func meanOfTheSampledEvidenceIsTheExactOne() {
        let scene = PosteriorAgainstNaiveTests.scene(astigmatism: 0)
        let image = [scene.images[0]]
        let exact = scene.engine.posterior(of: image, noiseVariance: scene.noise)[0].logEvidence
        let proposal = scene.engine.proposal
        let q = proposal.probabilities(
            memory: Self.memory(proposal), centre: scene.images[0].centre, settings: Self.settings)
        var settings = Self.settings
        settings.drawsPerEffectiveCell = 0.5
        let ratios = (0..<600).map { round -> Double in
            var stream = RandomStream(seed: 11, stream: 0, substream: UInt32(round))
            let cells = proposal.draw(q, settings: settings, &stream)
            let sampled = scene.engine.posterior(of: image, noiseVariance: scene.noise, cells: [cells])[0]
            #expect(sampled.evaluatedFraction < 1)
            return sampled.logEvidence.isFinite ? exp(sampled.logEvidence - exact) : 0
        }
        let mean = ratios.reduce(0, +) / Double(ratios.count)
        let variance = ratios.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(ratios.count - 1)
        let error = (variance / Double(ratios.count)).squareRoot()
        // Four standard errors, and what single precision leaves.
        #expect(abs(mean - 1) < 4 * error + 1e-4, "mean \(mean), standard error \(error)")
    }
}
