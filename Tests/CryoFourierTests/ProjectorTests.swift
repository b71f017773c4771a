import CryoCore
import CryoFourier
import CryoTestSupport
import Foundation
import Testing

@Suite struct ProjectorTests {
    private static let sigma = 5.0
    private let blobs = [
        PointScatterer(position: [20, 4, -8], weight: 1, bFactor: 8 * .pi * .pi * sigma * sigma),
        PointScatterer(position: [-12, 18, 10], weight: 2, bFactor: 8 * .pi * .pi * sigma * sigma),
        PointScatterer(position: [3, -22, 15], weight: 1.5, bFactor: 8 * .pi * .pi * sigma * sigma),
    ]

    /// A scatterer at r is seen at (x, y) = (A r)₀₁ − origin.
    private func directProjection(_ pose: Pose, boxSize n: Int, pixelSize: Double) -> Image {
        var image = Image(boxSize: n, pixelSize: pixelSize)
        for blob in blobs {
            let place = pose.rotation.apply(blob.position)
            let (cx, cy) = (place.x - pose.originX, place.y - pose.originY)
            for y in 0..<n {
                for x in 0..<n {
                    let dx = Double(x - n / 2) * pixelSize - cx
                    let dy = Double(y - n / 2) * pixelSize - cy
                    let value = exp(-(dx * dx + dy * dy) / (2 * Self.sigma * Self.sigma))
                    let area = pixelSize * pixelSize / (2 * .pi * Self.sigma * Self.sigma)
                    image[x, y] += Float(blob.weight * value * area)
                }
            }
        }
        return image
    }

    @Test(arguments: [31, 32])
    func projectionsAreTheLineSumsOfTheConvention(boxSize: Int) {
        let projector = Projector(Volume(scatterers: blobs, boxSize: boxSize, pixelSize: 3))
        var random = RandomStream(seed: 12)
        for _ in 0..<8 {
            let pose = Pose(
                rotation: .random(&random), originX: 6 * random.normal(), originY: 6 * random.normal())
            let found = projector.project(pose).image()
            let expected = directProjection(pose, boxSize: boxSize, pixelSize: 3)
            #expect(correlation(found.pixels, expected.pixels) > 0.999)
            // The scale too, not only the shape; trilinear slices are right to some per cent.
            let ratio =
                innerProduct(found.pixels, expected.pixels)
                / innerProduct(expected.pixels, expected.pixels)
            #expect(abs(ratio - 1) < 0.04)
        }
    }

    /// With tilt 90° the image's x axis is −z of the density and rot turns the view about z.
    @Test func eulerAnglesMoveScatterersAsInRelion() {
        let rotation = Rotation(rot: .zero, tilt: Angle(degrees: 90), psi: .zero)
        let seen = rotation.apply([0, 0, 10])
        #expect(abs(seen.x + 10) < 1e-12 && abs(seen.y) < 1e-12)
        let viewed = Rotation(rot: Angle(degrees: 90), tilt: Angle(degrees: 90), psi: .zero)
        #expect(abs(viewed.row2.y - 1) < 1e-12)
    }

    @Test func opticsMultiplyTheTransform() {
        let projector = Projector(Volume(scatterers: blobs, boxSize: 24, pixelSize: 4))
        let ctf = ContrastTransferFunction(
            voltage: 300_000, sphericalAberration: 2.7e7, amplitudeContrast: 0.1, defocusU: 15_000,
            defocusV: 14_000, defocusAngle: Angle(degrees: 20))
        let pose = Pose(rotation: .identity)
        let (plain, filtered) = (projector.project(pose), projector.project(pose, ctf: ctf))
        let step = 1 / 96.0
        let value = ctf.evaluator(3 * step, -2 * step)
        #expect(relativeDifference([filtered[3, -2]], [plain[3, -2] * Float(value)]) < 1e-5)
    }
}
