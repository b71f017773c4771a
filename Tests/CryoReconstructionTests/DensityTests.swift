import CryoCore
import CryoFourier
import CryoInference
import CryoTestSupport
import Foundation
import Testing

@testable import CryoReconstruction

/// What a density means does not depend on the grid that holds it.
struct DensityTests {
    static let boxLength = 192.0

    @Test(arguments: [3, 5, 8, 11, 15]) func slicesAgreeAcrossGrids(ringCount: Int) {
        let whole = SmallProblem.density(.c1, boxSize: 48)
        let frame = DensityFrame(imageSize: 48, boxLength: Self.boxLength, ringCount: ringCount)
        #expect(frame.gridSize >= 2 * ringCount + 1 && frame.gridSize <= 48 && frame.gridSize % 2 == 0)
        #expect(abs(frame.resolution - Self.boxLength / Double(ringCount)) < 1e-9)
        let held = whole.resampled(to: frame.gridSize)
        #expect(abs(held.pixelSize - frame.pixelSize) < 1e-9)
        let ball = frame.ball(of: held)
        // The unitary transform of a projection of the image's own grid.
        let expected = FourierBall(whole, radius: Double(ringCount), scale: 1 / 48)
        let grid = PolarGrid(ringCount: min(3, ringCount), angleCount: 16)
        var stream = RandomStream(seed: 4)
        for _ in 0..<5 {
            let rotation = TestScene.rotation(&stream)
            let (a, b) = (ball.slice(rotation, at: grid.points), expected.slice(rotation, at: grid.points))
            // Trilinear interpolation at half-integer samples errs by up to 1 % of the largest, alike on all grids;
            // the small grid lacks what lies beyond its limit.
            #expect(relativeDifference(a, b) < (ringCount == 3 ? 0.05 : 0.01))
        }
    }

    @Test func sumOfADensityIsItsCentralCoefficient() {
        for ringCount in [4, 7, 12] {
            let frame = DensityFrame(imageSize: 40, boxLength: 160, ringCount: ringCount)
            var density = Volume(boxSize: frame.gridSize, pixelSize: frame.pixelSize)
            for index in density.voxels.indices { density.voxels[index] = 2 }
            let coefficients = CoefficientGradient.coefficients(of: density, frame: frame)
            // The value 2 on 40³ voxels of the images' grid, over √(40²).
            #expect(abs(coefficients[0, 0, 0].x - 2 * 40 * 40) < 0.01)
            #expect(abs(coefficients[1, 2, 1].x) < 0.01)
        }
    }

    @Test func coefficientsAndDensityAreInverse() {
        let frame = DensityFrame(imageSize: 32, boxLength: Self.boxLength, ringCount: 7)
        let density = SmallProblem.density(.c1, boxSize: 32).resampled(to: frame.gridSize)
        let coefficients = CoefficientGradient.coefficients(of: density, frame: frame)
        let limited = CoefficientGradient.density(of: coefficients, frame: frame)
        let again = CoefficientGradient.coefficients(of: limited, frame: frame)
        // Two transforms in single precision.
        #expect(relativeDifference(again.samples, coefficients.samples) < 1e-5)
    }

    @Test(arguments: [1, 2, 3] as [UInt64]) func randomDensityLiesInsideTheSphere(seed: UInt64) {
        let frame = DensityFrame(imageSize: 64, boxLength: 256, ringCount: 8)
        let radius = 90.0
        let density = RandomDensity.blobs(frame: frame, radius: radius, seed: seed)
        #expect(density == RandomDensity.blobs(frame: frame, radius: radius, seed: seed))
        #expect(density != RandomDensity.blobs(frame: frame, radius: radius, seed: seed + 10))
        #expect(density.voxels.allSatisfy { $0 >= 0 && $0.isFinite })
        let inside = SoftMask(radius: radius, softness: 1e-3).applied(to: density)
        let (all, kept) = (density.voxels.reduce(0, +), inside.voxels.reduce(0, +))
        // Centres lie within 0.75 of the radius and blobs are a sixth of it wide: at worst 7 % of one leaks out.
        #expect(kept > 0.97 * all && all > 0)
    }

    /// D2 and O move voxels onto voxels, so the mean over their operations is exact.
    @Test(arguments: ["C2", "D2", "O"]) func symmetrizedDensitiesAreSymmetric(name: String) throws {
        let group = try #require(PointGroup(name: name))
        let frame = DensityFrame(imageSize: 32, boxLength: Self.boxLength, ringCount: 6)
        let start = RandomDensity.blobs(frame: frame, radius: 75, seed: 1)
        let symmetric = start.symmetrized(by: group)
        let n = frame.gridSize
        let largest = symmetric.voxels.max() ?? 0
        var worst: Float = 0
        for operation in group.operations {
            for z in 1..<n {
                for y in 1..<n {
                    for x in 1..<n {
                        let place = operation.apply([Double(x - n / 2), Double(y - n / 2), Double(z - n / 2)])
                        let there = SIMD3<Int>(place, rounding: .toNearestOrEven) &+ n / 2
                        worst = max(worst, abs(symmetric[there.x, there.y, there.z] - symmetric[x, y, z]))
                    }
                }
            }
        }
        // Sums of |G| numbers in another order.
        #expect(worst < 1e-5 * largest && largest > 0)
        // Once symmetric, always symmetric; the plane x = −n/2 has no partner in the box, and fades at every turn.
        let twice = symmetric.symmetrized(by: group)
        for (a, b) in zip(twice.voxels, symmetric.voxels) { #expect(abs(a - b) < 1e-4 * largest) }
    }

    @Test func constraintsHold() {
        let density = Volume.random(boxSize: 20, pixelSize: 5, seed: 9)
        let mask = SoftMask(radius: 30, softness: 5)
        let free = DensityConstraints(mask: mask, isPositive: false).apply(to: density)
        let positive = DensityConstraints(mask: mask, isPositive: true).apply(to: density)
        #expect(free.voxels.contains { $0 < 0 } && positive.voxels.allSatisfy { $0 >= 0 })
        for z in 0..<20 {
            for y in 0..<20 {
                for x in 0..<20 {
                    let (dx, dy, dz) = (x - 10, y - 10, z - 10)
                    let distance = 5 * Double(dx * dx + dy * dy + dz * dz).squareRoot()
                    if distance >= 35 { #expect(free[x, y, z] == 0) }
                    if distance <= 30 { #expect(free[x, y, z] == density[x, y, z]) }
                    #expect(positive[x, y, z] == max(0, free[x, y, z]))
                }
            }
        }
    }
}
