import Foundation
import Testing

@testable import CryoReconstruction

/// The inverse temperature as a controlled variable.
struct TemperatureTests {
    @Test func targetFallsGeometrically() {
        let temperature = Temperature(start: 10_000, end: 10)
        #expect(abs(temperature.target(progress: 0) - 10_000) < 1e-6)
        #expect(abs(temperature.target(progress: 1) - 10) < 1e-9)
        let ratios = (0..<10).map { step in
            temperature.target(progress: Double(step + 1) / 10)
                / temperature.target(progress: Double(step) / 10)
        }
        for ratio in ratios { #expect(abs(ratio - pow(10, -0.3)) < 1e-9) }
        // A start below the end would heat up.
        #expect(Temperature(start: 2, end: 10).target(progress: 0.5) == 10)
        // At a finer limit there are more poses.
        var rising = temperature
        rising.enter(ringCount: 8, start: 20_000)
        #expect(rising.target(progress: 0) == 20_000)
        rising.enter(ringCount: 8, start: 50_000)
        #expect(rising.target(progress: 0) == 20_000)
        rising.enter(ringCount: 9, start: 2)
        #expect(rising.target(progress: 0) == 10)
    }

    @Test func betaNeverExceedsOne() {
        var temperature = Temperature(start: 1000, end: 10)
        for step in 0..<200 { temperature.follow(median: 1e9, progress: Double(step) / 200) }
        #expect(temperature.beta == 1)
        temperature.settle(progress: 0) { _ in 1e12 }
        #expect(temperature.beta <= 1 && temperature.beta > 0.99)
        temperature.follow(median: 1, progress: 0)
        #expect(temperature.beta < 1)
    }

    /// Effective poses of a likelihood of Gaussian width: a power of β, down to a single pose.
    @Test(arguments: [0.5, 1, 2.5], [0.0, 0.4, 1]) func settleFindsTheTarget(power: Double, progress: Double)
    {
        func poses(_ beta: Double) -> Double { 1 + 20 * pow(beta, -power) }
        var temperature = Temperature(start: 5_000, end: 40)
        temperature.settle(progress: progress, median: poses)
        // Twelve bisections of ln β over 13.8: β to 0.4 %, the poses to a few times that.
        #expect(abs(poses(temperature.beta) / temperature.target(progress: progress) - 1) < 0.02)
    }

    /// Whatever the power, in 160 steps and without swings: a power of nine was measured where images are noisy.
    @Test(arguments: [3.0, 6, 9]) func followKeepsTheCourse(power: Double) {
        func poses(_ beta: Double) -> Double { 1 + 5 * pow(beta, -power) }
        var temperature = Temperature(start: 5_000, end: 40)
        temperature.settle(progress: 0, median: poses)
        for step in 0...160 {
            let before = poses(temperature.beta)
            temperature.follow(median: before, progress: Double(step) / 160)
            // The target falls by 3 % a step.
            #expect((0.9...1.03).contains(poses(temperature.beta) / before), "step \(step)")
        }
        // The follower lags by some steps.
        #expect(abs(poses(temperature.beta) / 40 - 1) < 0.15)
    }
}
