import CryoCore
import CryoFourier
import CryoTestSupport
import Foundation
import Testing

@testable import CryoInference

/// Where images are looked for: what proposals prefer, reach and draw.
struct NodeProposalTests {
    typealias Nodes = NodePosteriorTests

    static let engine = PosteriorAgainstNaiveTests.scene(astigmatism: 0).engine

    /// `[BPF15]` §3.3: ¼ on the sphere, ½ on the circle at one step of the grid.
    @Test func kernelsHaveTheirValuesAtOneStep() {
        #expect(abs(NodeProposal.angleKernel(0.2, reach: 0.2) - 0.5) < 1e-12)
        #expect(abs(NodeProposal.angleKernel(0, reach: 0.2) - 1) < 1e-12)
        #expect(abs(NodeProposal.angleKernel(0.2 + .pi, reach: 0.2) - 0.5) < 1e-12)
        var memory = Nodes.memory(Self.engine)
        let axis = memory.entries[0].direction
        for (pair, kernel) in Nodes.proposal(Self.engine).directionKernels(memory)[0] {
            let other = SIMD3<Float>(Self.engine.directions.rotations[pair].row2)
            let angle = acos(min(1, Double(abs((axis * other).sum()))))
            let expected = pow(0.25, (1 - cos(angle)) / (1 - cos(memory.directionReach)))
            #expect(abs(Double(kernel) - expected) < 1e-4)
        }
        memory.shiftReach = 8
        let near = Nodes.proposal(Self.engine).shiftKernel(memory.entries[0], memory, .zero)
        for (offset, kernel) in zip(Self.engine.shifts.offsets, near) {
            let steps = (offset * offset).sum().squareRoot() / 8
            #expect(abs(Double(kernel) - exp(-steps * steps / (2 * 0.67 * 0.67))) < 1e-6)
        }
    }

    /// An engine with some hundred blocks, so that whole blocks lie out of reach.
    static func fineEngine(_ group: PointGroup, spacing: Double = 0.08) -> PosteriorEngine {
        PosteriorEngine(
            ringCount: 5, boxLength: 200, radius: 80, normOrderCount: 1,
            directions: DirectionGrid(spacing: spacing, symmetry: group),
            shifts: ShiftGrid(extent: 16, spacing: 8, priorSigma: 10), parallel: Parallel(threads: 1))
    }

    /// The search by blocks against all pairs, term by term: the nearest of a direction's symmetric images counts.
    @Test(arguments: ["C1", "C4", "D2", "O"]) func everyDirectionWithinReachIsFound(name: String) throws {
        let group = try #require(PointGroup(name: name))
        let engine = Self.fineEngine(group)
        var stream = RandomStream(seed: 8)
        let entries = (0..<12).map { _ in
            PoseMemory.Entry(direction: SIMD3<Float>(stream.direction()), origin: .zero, mass: 1)
        }
        let memory = PoseMemory(entries: entries, directionReach: 0.08, shiftReach: 8)
        let concentration = log(4.0) / (1 - cos(memory.directionReach))
        for (entry, found) in zip(entries, Nodes.proposal(engine).directionKernels(memory)) {
            var kernels = [Double](repeating: 0, count: engine.directions.pairCount)
            for (pair, kernel) in found {
                #expect(kernels[pair] == 0, "pair \(pair) twice")
                kernels[pair] = Double(kernel)
            }
            #expect(found.count < max(60, engine.directions.pairCount / 2))
            for pair in kernels.indices {
                let axis = engine.directions.rotations[pair].row2
                let cosine = group.operations.map { abs(dot($0.apply(SIMD3<Double>(entry.direction)), axis)) }
                    .max()
                let expected = exp(concentration * ((cosine ?? 0) - 1))
                // Below a thousandth kernels are left out; single precision of the cosine, times the concentration.
                #expect(abs(kernels[pair] - (expected > 1e-3 ? expected : 0)) < 2e-3)
            }
        }
    }

    /// What was learnt on a coarse grid is looked for about the same place of a finer one.
    @Test func memoriesOutliveAChangeOfTheQuadrature() {
        let (coarse, fine) = (Self.fineEngine(.c1, spacing: 0.16), Self.fineEngine(.c1))
        let direction = coarse.directions.rotations[40].row2
        let memory = PoseMemory(
            entries: [.init(direction: SIMD3<Float>(direction), origin: [8, -8], mass: 1)],
            directionReach: 0.16, shiftReach: 8)
        let (pairs, masses) = Nodes.proposal(fine).jointMasses(memory, [8, 0])
        let best = masses.indices.max { masses[$0] < masses[$1] } ?? 0
        let count = fine.shifts.offsets.count
        let nearest = fine.directions.rotations.indices.max {
            abs(dot(fine.directions.rotations[$0].row2, direction))
                < abs(dot(fine.directions.rotations[$1].row2, direction))
        }
        #expect(pairs[best / count] == nearest)
        #expect(fine.shifts.offsets[best % count] == [0, -8])
        // A kernel as wide as the coarse step covers some ten of the fine directions to a quarter.
        let near = pairs.indices.filter { masses[$0 * count + best % count] >= 0.25 }
        #expect(near.count > 6 && near.count < 20)
    }

    @Test func oppositeDirectionsAreNotToldApart() {
        let memory = Nodes.memory(Self.engine)
        let flipped = PoseMemory(
            entries: memory.entries.map { .init(direction: -$0.direction, origin: $0.origin, mass: $0.mass) },
            directionReach: memory.directionReach, shiftReach: memory.shiftReach)
        let proposal = Nodes.proposal(Self.engine)
        let (a, b) = (
            proposal.jointMasses(Nodes.memory(Self.engine), .zero), proposal.jointMasses(flipped, .zero)
        )
        #expect(a.pairs == b.pairs && a.masses == b.masses)
    }

    @Test func nothingRememberedMeansEverything() {
        var stream = RandomStream(seed: 1)
        var settings = Nodes.settings
        #expect(Nodes.proposal(Self.engine).draw(memory: nil, centre: .zero, &stream) == nil)
        settings.kind = .factorised
        let draw = Nodes.proposal(Self.engine, settings).draw(memory: nil, centre: .zero, &stream)
        #expect(draw?.coverage == .whole && draw?.nodes.allSatisfy { $0.inclusion == 1 } == true)
    }

    /// With a floor of one and as many draws as nodes, the factorised proposal is the exact sum.
    @Test func uniformProposalWithAllDrawsTakesEveryNode() {
        var settings = Nodes.settings
        (settings.kind, settings.floor, settings.censusShare) = (.factorised, 1, 0)
        settings.drawsPerEffectiveNode = 1e6
        var stream = RandomStream(seed: 2)
        let draw = Nodes.proposal(Self.engine, settings)
            .draw(memory: Nodes.memory(Self.engine), centre: .zero, &stream)
        #expect(draw?.coverage == .whole)
        #expect(draw?.nodes.allSatisfy { $0.inclusion == 1 } == true)
        #expect(draw?.angleInclusions?.allSatisfy { $0 == 1 } == true)
    }

    /// Each node is drawn as often as its inclusion probability says; both modes.
    @Test(arguments: [SamplingSettings.Kind.joint, .factorised])
    func drawsKeepTheirProbabilities(kind: SamplingSettings.Kind) {
        var settings = Nodes.settings
        settings.kind = kind
        settings.drawsPerEffectiveNode = 0.5
        let proposal = Nodes.proposal(Self.engine, settings)
        let memory = Nodes.memory(Self.engine)
        let rounds = 3000
        var counts = [SIMD2<Int32>: (drawn: Double, inclusion: Double)]()
        var sizes = [Double]()
        for round in 0..<rounds {
            var stream = RandomStream(seed: 3, stream: 5, substream: UInt32(round))
            guard let draw = proposal.draw(memory: memory, centre: [1, -2], &stream) else {
                Issue.record("a narrow memory asks for all nodes")
                return
            }
            sizes.append(draw.nodes.reduce(0) { $0 + 1 / Double($1.inclusion) })
            for node in draw.nodes {
                let key = SIMD2(node.direction, node.shift)
                counts[key, default: (0, 0)].drawn += 1
                counts[key]?.inclusion = Double(node.inclusion)
            }
        }
        #expect(counts.count > 20)
        // Σ 1/π estimates the number of nodes, also of those that were never drawn.
        let mean = sizes.reduce(0, +) / Double(rounds)
        let variance = sizes.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(rounds - 1)
        #expect(abs(mean - Double(proposal.nodeCount)) < 5 * (variance / Double(rounds)).squareRoot() + 1e-3)
        for (drawn, inclusion) in counts.values {
            // Binomial standard error of the drawn fraction, five of them.
            let spread = 5 * (inclusion * (1 - inclusion) / Double(rounds)).squareRoot()
            #expect(abs(drawn / Double(rounds) - inclusion) <= spread + 1e-6)
        }
    }

    @Test func drawsAreAFunctionOfTheStreamAlone() {
        let proposal = Nodes.proposal(Self.engine)
        func draw(_ visit: UInt32) -> NodeDraw? {
            var stream = RandomStream(seed: 9, stream: 4, substream: visit)
            return proposal.draw(memory: Nodes.memory(Self.engine), centre: .zero, &stream)
        }
        #expect(draw(1) == draw(1))
        #expect(draw(1) != draw(2))
    }

    /// `[BPF15]`: α from 1 down to its least, T from ∞ down to its least, a step each 50 iterations.
    @Test func annealingIsThePapers() {
        let settings = SamplingSettings(
            kind: .factorised, floor: 0.05, censusShare: 0.9, temperature: 1.25, drawsPerEffectiveNode: 10)
        let first = settings.annealed(iteration: 49, period: 50)
        #expect(first.floor == 1 && first.temperature > 1e100)
        let middle = settings.annealed(iteration: 205, period: 50)
        #expect(middle.floor == 0.5 && abs(middle.temperature - pow(2, 2.5)) < 1e-12)
        let last = settings.annealed(iteration: 10_000, period: 50)
        #expect(last.floor == 0.05 && last.temperature == 1.25)
        #expect(settings.annealed(iteration: 7, period: 0) == settings)
    }

    @Test func censusFollowsTheDataSet() {
        var census = PoseCensus(imageCount: 4, extent: 20)
        let places = census.places(of: Self.engine.directions)
        let even = census.directionProbabilities(places: places)
        #expect(even.allSatisfy { abs($0 * Double(even.count) - 1) < 1e-9 })
        let memory = Nodes.memory(Self.engine)
        for _ in 0..<4 { census.replace(nil, by: census.share(of: memory)) }
        let full = census.directionProbabilities(places: places)
        #expect(abs(full.reduce(0, +) - 1) < 1e-9)
        // Two thirds of the mass lie about the first direction; its cell may hold some neighbours too.
        let cells = places.cellOfPair
        let first = cells.indices.filter { cells[$0] == cells[0] }.reduce(0.0) { $0 + full[$1] }
        #expect(abs(first - 2.0 / 3) < 1e-6)
        let prior = Self.engine.shifts.shares(around: .zero)
        let shifts = census.shiftProbabilities(Self.engine.shifts, centre: .zero, prior: prior)
        #expect(abs(shifts.reduce(0, +) - 1) < 1e-6)
        // An image that is visited again replaces what it said before.
        let other = PoseMemory(
            entries: [.init(direction: [0, 0, 1], origin: [8, 8], mass: 1)], directionReach: 0.4,
            shiftReach: 8)
        for _ in 0..<4 { census.replace(census.share(of: memory), by: census.share(of: other)) }
        let moved = census.directionProbabilities(places: places)
        let pole = moved.indices.max { moved[$0] < moved[$1] } ?? 0
        #expect(Self.engine.directions.rotations[pole].row2.z > 0.9)
    }
}
