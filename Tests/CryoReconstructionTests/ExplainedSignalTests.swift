import CryoCore
import CryoFourier
import CryoInference
import Testing

@testable import CryoReconstruction

/// The share of the images' signal that a density explains.
@Suite(.serialized) struct ExplainedSignalTests {
    /// Nats that an image of one power on all points holds, ring by ring.
    @Test func nothingIsHeldByAnImageAsStrongAsNoise() {
        let grid = PolarGrid(ringCount: 3, angleCount: 24)
        let preparation = ImagePreparation(
            boxSize: 32, pixelSize: 4, grid: grid, mask: SoftMask(radius: 40, softness: 6))
        let noise = [2.0, 1.0, 0.5]
        func nats(_ excess: [Double]) -> Double {
            let values = (0..<(3 * grid.halfCount)).map { point -> Complex in
                let ring = point / grid.halfCount
                return [Float((noise[ring] * (preparation.maskPower + excess[ring])).squareRoot()), 0]
            }
            let image = PolarImage(values: values, ctf: values.map { _ in 1 })
            return ExplainedSignal.nats(in: image, noise: noise, preparation: preparation)
        }
        // Single precision: 1e-7 of some ten nats.
        #expect(abs(nats([0, 0, 0])) < 1e-5)
        // Ring 2 stands for 4π points, each with half of its excess over noise.
        #expect(abs(nats([0, 1, 0]) - 2 * .pi) < 1e-5)
        #expect(nats([-0.1, 0, 0]) < 0)
    }

    /// The images' own density explains what they hold, a ball of the same size does not, and noise holds nothing to speak of.
    @Test func theRightDensityExplainsNearlyAll() throws {
        let phantom = EndToEndTests.phantom
        let source = try TestSource(phantom, count: 200, diameter: 140, signalToNoise: 0.5)
        func start(_ density: Volume, _ source: TestSource) throws -> StartRecord {
            var parameters = EndToEndTests.reduced
            (parameters.annealIterations, parameters.maxIterations, parameters.halves) = (1, 1, false)
            // A step that moves nothing to speak of.
            (parameters.annealStart, parameters.annealWeight) = (1e-4, 0.001)
            let run = try Reconstruction(source: source, parameters: parameters)
            run.initialDensity = density
            return try #require(try run.run().starts.first)
        }
        let right = try #require(try start(phantom, source).explainedShare)
        let round = try #require(try start(phantom.radialAverage, source).explainedShare)
        // Two hundred images' nats scatter by some per cent, and the mask's soft edge takes some of the signal.
        #expect((0.75...1.15).contains(right), "\(right)")
        #expect(round < ExplainedSignal.enough, "\(round)")
        let noise = TestSource.noise(count: 200, boxSize: 32, pixelSize: 6) { _ in 1 }
        let nothing = try start(phantom, noise)
        #expect(!nothing.explainsEnough || nothing.explainedShare.map { $0 > 2 } ?? true)
    }
}
