import CryoCore
import CryoFourier
import CryoInference
import CryoTestSupport
import Foundation
import Testing

@testable import CryoReconstruction

/// One list of laws that every optimizer obeys, and what each promises beyond them.
struct OptimizerTests {
    /// The optimizers, by name.
    enum Kind: String, CaseIterable, Sendable {
        case preconditionedSGD, sagd, momentum, batch

        func make() -> any Optimizer {
            switch self {
            case .preconditionedSGD: PreconditionedSGD(signalFloor: 4)
            case .sagd: SAGD()
            case .momentum: GradientDescent(momentum: 0.9, isStochastic: true)
            case .batch: GradientDescent(momentum: 0, isStochastic: false)
            }
        }
    }

    /// Late enough that SAGD's step factor is the 1/16 that theory asks for.
    static let late = 900

    @Test(arguments: Kind.allCases, ["C1", "D2", "O"]) func stepsLowerTheObjective(kind: Kind, name: String)
        throws
    {
        let problem = SmallProblem(symmetry: try #require(PointGroup(name: name)))
        var optimizer = kind.make()
        var density = problem.start
        var values = [problem.objective(of: density)]
        for iteration in 0..<4 {
            density = optimizer.step(problem.situation(density, iteration: Self.late + iteration))
            values.append(problem.objective(of: density))
        }
        for (before, after) in zip(values, values.dropFirst()) { #expect(after < before) }
        // The steps are worth something: together at least a hundredth of a nat per image.
        #expect(values[4] < values[0] - 0.01)
    }

    @Test(arguments: Kind.allCases) func stepIsDeterministic(kind: Kind) {
        let problem = SmallProblem()
        let outcomes = (0..<2).map { _ -> Volume in
            var optimizer = kind.make()
            var density = problem.start
            for iteration in 0..<3 {
                density = optimizer.step(
                    problem.situation(density, iteration: iteration, batch: iteration % 2))
            }
            return density
        }
        #expect(outcomes[0] == outcomes[1])
    }

    @Test(arguments: Kind.allCases) func withoutAGradientOnlyThePriorMoves(kind: Kind) {
        let problem = SmallProblem()
        var situation = problem.situation(problem.start)
        for index in situation.gradient.gradient.samples.indices {
            situation.gradient.gradient.samples[index] = .zero
        }
        var optimizer = kind.make()
        let moved = optimizer.step(situation)
        let frame = problem.frame
        let before = CoefficientGradient.coefficients(of: problem.start, frame: frame)
        let after = CoefficientGradient.coefficients(of: moved, frame: frame)
        let largest = before.samples.map { ($0 * $0).sum() }.max().map { $0.squareRoot() } ?? 0
        for (a, b) in zip(after.samples, before.samples) {
            let (lengthA, lengthB) = ((a * a).sum().squareRoot(), (b * b).sum().squareRoot())
            // Towards zero and along itself; transforms round to 10⁻⁶ of the largest.
            #expect(lengthA <= lengthB + 1e-5 * largest)
            #expect(abs(a.x * b.y - a.y * b.x) <= 1e-5 * largest * max(lengthB, 1e-5 * largest) * 10)
        }
        // Only the default has a prior of its own.
        if kind != .preconditionedSGD { #expect(moved == problem.start) }
    }

    @Test(arguments: Kind.allCases) func frequenciesBeyondTheLimitStay(kind: Kind) {
        let problem = SmallProblem()
        var optimizer = kind.make()
        let start = problem.start
        let moved = optimizer.step(problem.situation(start))
        var change = moved
        for index in change.voxels.indices { change.voxels[index] -= start.voxels[index] }
        let transform = FourierVolume(change)
        let largest = transform.coefficients.map { ($0 * $0).sum() }.max() ?? 0
        let limit = problem.frame.ringCount * problem.frame.ringCount
        #expect(largest > 0)
        transform.forEachFrequency { offset, kx, ky, kz in
            guard kx * kx + ky * ky + kz * kz > limit else { return }
            let value = transform.coefficients[offset]
            // Rounding of the transform, squared.
            #expect((value * value).sum() < 1e-8 * largest)
        }
    }

    /// `[BPF15]` §3.2: ε = max(1/16, 2^(1 − ⌊τ/150⌋)).
    @Test func sagdStepFactorIsThePapers() {
        let expected: [(Int, Double)] = [
            (0, 2), (149, 2), (150, 1), (299, 1), (300, 0.5), (450, 0.25), (600, 0.125), (750, 0.0625),
            (900, 0.0625), (1_000_000, 0.0625),
        ]
        for (iteration, factor) in expected { #expect(SAGD.stepFactor(iteration: iteration) == factor) }
    }

    /// The exponential prior takes density away; from every voxel alike where nothing else speaks.
    @Test(arguments: Kind.allCases) func exponentialPriorTakesDensityAway(kind: Kind) {
        let problem = SmallProblem()
        let prior = ExponentialPrior(rate: 5, scale: 0.1, voxelRatio: 1)
        func moved(_ prior: any DensityPrior) -> Volume {
            var situation = problem.situation(problem.start, prior: prior)
            for index in situation.gradient.gradient.samples.indices {
                situation.gradient.gradient.samples[index] = .zero
            }
            var optimizer = kind.make()
            return optimizer.step(situation)
        }
        let (with, without) = (moved(prior), moved(UniformPrior()))
        let steps = zip(with.voxels, without.voxels).map { $0 - $1 }
        #expect(steps.allSatisfy { $0 < 0 })
        // Each is the difference of two voxels of size 0.1.
        #expect((steps.max() ?? 0) - (steps.min() ?? 0) < 1e-3 * abs(steps[0]) + 1e-6)
    }

    /// dV = the mean of what was last seen of each minibatch.
    @Test func sagdAveragesTheGradientsOfAllMinibatches() {
        let problem = SmallProblem()
        func silent(_ situation: OptimizerSituation) -> OptimizerSituation {
            var result = situation
            for index in result.gradient.gradient.samples.indices {
                result.gradient.gradient.samples[index] = .zero
            }
            return result
        }
        let situation = problem.situation(problem.start, iteration: 901, batch: 0)
        var optimizer = SAGD()
        let first = optimizer.step(situation)
        var second = silent(problem.situation(problem.start, iteration: 902, batch: 1))
        second.density = problem.start
        let mixed = optimizer.step(second)
        var again = silent(problem.situation(problem.start, iteration: 903, batch: 0))
        again.density = problem.start
        let none = optimizer.step(again)
        for index in stride(from: 0, to: first.voxels.count, by: 37) {
            let start = problem.start.voxels[index]
            // Half the gradient, the same L; differences of voxels round to 10⁻⁷ of their size.
            #expect(abs((mixed.voxels[index] - start) - 0.5 * (first.voxels[index] - start)) < 1e-6)
            // When batch 0 too has nothing to say any more, nothing is left of the sum.
            #expect(abs(none.voxels[index] - start) < 1e-6)
        }
    }

    @Test(arguments: Kind.allCases) func limitMayRiseBetweenSteps(kind: Kind) {
        let (coarse, fine) = (SmallProblem(ringCount: 5), SmallProblem(ringCount: 6))
        var optimizer = kind.make()
        let density = optimizer.step(coarse.situation(coarse.start, iteration: Self.late))
        let carried = density.resampled(to: fine.frame.gridSize)
        let before = fine.objective(of: carried)
        let after = optimizer.step(fine.situation(carried, iteration: Self.late + 1, batch: 0))
        #expect(fine.objective(of: after) < before)
    }

    /// The second step goes on by the momentum's part of the first one's change, as constraints left it, on another grid too;
    /// after a step without momentum there is nothing to go on with, nor where the step turns against that change.
    @Test func momentumRepeatsTheLastChange() throws {
        let problem = SmallProblem()
        // Constraints moved the density less far than the step wanted.
        let toTruth = Self.between(problem.start, problem.truth, 0.5)
        func step(
            first: Double, second momentum: Double, at second: Volume? = nil, in later: SmallProblem? = nil
        ) -> Volume {
            var optimizer = PreconditionedSGD(signalFloor: 4)
            var situation = problem.situation(problem.start)
            situation.momentum = first
            _ = optimizer.step(situation)
            situation = (later ?? problem).situation(second ?? toTruth)
            situation.momentum = momentum
            return optimizer.step(situation)
        }
        let (plain, moved) = (step(first: 0.5, second: 0), step(first: 0.5, second: 0.5))
        for index in plain.voxels.indices {
            let last = toTruth.voxels[index] - problem.start.voxels[index]
            #expect(abs(moved.voxels[index] - plain.voxels[index] - 0.5 * last) < 1e-5)
        }
        #expect(step(first: 0, second: 0.5) == plain)
        let away = Self.between(problem.start, problem.truth, -0.5)
        #expect(step(first: 0.5, second: 0.5, at: away) == step(first: 0.5, second: 0, at: away))

        let fine = SmallProblem(ringCount: 8)
        try #require(fine.frame.gridSize != problem.frame.gridSize)
        let carried = toTruth.resampled(to: fine.frame.gridSize)
        let still = step(first: 0, second: 0, at: carried, in: fine)
        let going = step(first: 0.5, second: 0.5, at: carried, in: fine)
        let start = problem.start.resampled(to: fine.frame.gridSize)
        for index in still.voxels.indices {
            let last = carried.voxels[index] - start.voxels[index]
            #expect(abs(going.voxels[index] - still.voxels[index] - 0.5 * last) < 1e-5)
        }
    }

    /// A density on the line from one to another, at 0 and 1 these themselves.
    private static func between(_ a: Volume, _ b: Volume, _ share: Float) -> Volume {
        Volume(
            boxSize: a.boxSize, pixelSize: a.pixelSize,
            voxels: zip(a.voxels, b.voxels).map { $0 + share * ($1 - $0) })
    }

    /// Coefficients with a gradient but hardly any curvature, as beside the plane of a view that holds all images.
    @Test func stepsAreBoundedWhereTheCurvatureVanishes() {
        let problem = SmallProblem()
        let whole = problem.situation(problem.start)
        func change(_ share: Float) -> Double {
            var situation = whole
            situation.gradient.curvature.mapFrequencies { _, _, kz in
                abs(kz) >= 2 ? [share, 0] : [1, 0]
            }
            var optimizer = PreconditionedSGD(signalFloor: 4)
            let moved = optimizer.step(situation)
            return zip(moved.voxels, problem.start.voxels).reduce(0) {
                $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1))
            }
        }
        // A hundred and a million times less curvature move the map alike, not a hundred and a million times more.
        let (little, none) = (change(1e-2), change(1e-6))
        #expect(abs(none / little - 1) < 0.1, "\(little) and \(none)")
    }
}
