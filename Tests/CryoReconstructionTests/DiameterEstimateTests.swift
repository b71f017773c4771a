import CryoCore
import CryoFourier
import Foundation
import Testing

@testable import CryoReconstruction

/// The diameter that the images tell.
struct DiameterEstimateTests {
    /// A plateau, a slope to the edge, background of 1 from there on.
    private static func profile(edge: Int, count: Int, height: Double) -> [Double] {
        (0..<count).map { 1 + height * min(1, max(0, Double(edge - $0) / 8)) }
    }

    @Test(arguments: [12, 20, 25]) func theEdgeOfTheExcessIsTheRadius(edge: Int) {
        let estimate = DiameterEstimate(
            profile: Self.profile(edge: edge, count: 32, height: 0.5), boxSize: 64, pixelSize: 4)
        #expect(estimate.isFromImages)
        #expect(abs(estimate.diameter - 2.2 * Double(edge) * 4) < 1e-6)
    }

    /// Background alone, or a particle that fills the box: nothing is claimed.
    @Test func withoutAnEdgeNothingIsClaimed() {
        let flat = (0..<32).map { 1 + 0.001 * Double($0 % 3) }
        for profile in [flat, [Double](repeating: 0, count: 32), []] {
            let estimate = DiameterEstimate(profile: profile, boxSize: 64, pixelSize: 4)
            #expect(!estimate.isFromImages && estimate.diameter == 0.8 * 256)
        }
    }

    /// The built-in phantom, off-centre and in noise; its box is no help, being twice as large.
    @Test(arguments: [1.0, 0.2]) func aPhantomsDiameterIsFound(snr: Double) throws {
        let phantom = Volume(scatterers: Phantom(diameter: 140).scatterers, boxSize: 48, pixelSize: 6)
        let source = try TestSource(phantom, count: 300, diameter: 140, signalToNoise: snr)
        let estimate = DiameterEstimate(source: source, parallel: Parallel(threads: 2))
        #expect(estimate.isFromImages)
        // Shifts of 5 Å, a defocus of 1 to 2 µm and the smoothing widen it by some 20 Å on each side.
        #expect((130...185).contains(estimate.diameter), "\(estimate.diameter) Å of 140")
    }
}
