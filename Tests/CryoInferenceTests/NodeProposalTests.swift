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

    @Test func everyDirectionWithinReachIsFound() {
        let memory = Nodes.memory(Self.engine)
        let found = Set(Nodes.proposal(Self.engine).directionKernels(memory)[0].map(\.pair))
        let concentration = log(4.0) / (1 - cos(memory.directionReach))
        for pair in 0..<Self.engine.directions.pairCount {
            let axis = SIMD3<Float>(Self.engine.directions.rotations[pair].row2)
            let cosine = Double(abs((axis * memory.entries[0].direction).sum()))
            if exp(concentration * (cosine - 1)) > 1.01e-3 { #expect(found.contains(pair)) }
        }
        #expect(found.contains(0))
    }

    @Test func oppositeDirectionsAreNotToldApart() {
        var flipped = Nodes.memory(Self.engine)
        for index in flipped.entries.indices { flipped.entries[index].direction *= -1 }
        let proposal = Nodes.proposal(Self.engine)
        let (a, b) = (
            proposal.jointMasses(Nodes.memory(Self.engine), .zero), proposal.jointMasses(flipped, .zero)
        )
        #expect(a.pairs == b.pairs && a.masses == b.masses)
    }

    /// A direction just across the asymmetric unit's edge has its neighbours on the other side.
    @Test func neighboursAreFoundAcrossTheEdgeOfTheAsymmetricUnit() throws {
        let group = try #require(PointGroup(name: "C4"))
        let engine = PosteriorEngine(
            ringCount: 5, boxLength: 200, radius: 80, normOrderCount: 1,
            directions: DirectionGrid(spacing: 0.15, symmetry: group),
            shifts: ShiftGrid(extent: 8, spacing: 8, priorSigma: 10), parallel: Parallel(threads: 1))
        let axis = SIMD3<Float>(engine.directions.rotations[5].row2)
        let turned = SIMD3<Float>(group.operations[1].apply(SIMD3<Double>(axis)))
        func kernels(_ direction: SIMD3<Float>) -> [Float] {
            let memory = PoseMemory(
                entries: [.init(direction: direction, origin: .zero, mass: 1)], directionReach: 0.15,
                shiftReach: 8)
            var dense = [Float](repeating: 0, count: engine.directions.pairCount)
            for (pair, kernel) in Nodes.proposal(engine).directionKernels(memory)[0] { dense[pair] += kernel }
            return dense
        }
        for (a, b) in zip(kernels(axis), kernels(turned)) { #expect(abs(a - b) < 1e-3) }
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
        for round in 0..<rounds {
            var stream = RandomStream(seed: 3, stream: 5, substream: UInt32(round))
            guard let draw = proposal.draw(memory: memory, centre: [1, -2], &stream) else {
                Issue.record("a narrow memory asks for all nodes")
                return
            }
            for node in draw.nodes {
                let key = SIMD2(node.direction, node.shift)
                counts[key, default: (0, 0)].drawn += 1
                counts[key]?.inclusion = Double(node.inclusion)
            }
        }
        #expect(counts.count > 20)
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
        for _ in 0..<4 { census.replace(nil, by: memory) }
        let full = census.directionProbabilities(places: places)
        #expect(abs(full.reduce(0, +) - 1) < 1e-9)
        // Two thirds of the mass lie about the first direction; its cell may hold some neighbours too.
        let cells = places.cellOfPair
        let first = cells.indices.filter { cells[$0] == cells[0] }.reduce(0.0) { $0 + full[$1] }
        #expect(abs(first - 2.0 / 3) < 1e-6)
        let prior = Self.engine.shifts.logWeights(around: .zero).map { exp(Double($0)) }
        let shifts = census.shiftProbabilities(Self.engine.shifts, centre: .zero, prior: prior)
        #expect(abs(shifts.reduce(0, +) - 1) < 1e-6)
        // An image that is visited again replaces what it said before.
        let other = PoseMemory(
            entries: [.init(direction: [0, 0, 1], origin: [8, 8], mass: 1)], directionReach: 0.4,
            shiftReach: 8)
        for _ in 0..<4 { census.replace(memory, by: other) }
        let moved = census.directionProbabilities(places: places)
        let pole = moved.indices.max { moved[$0] < moved[$1] } ?? 0
        #expect(Self.engine.directions.rotations[pole].row2.z > 0.9)
    }
}
