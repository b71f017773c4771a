import CryoCore
import CryoFourier
import CryoTestSupport
import Foundation
import Testing

@Suite struct FourierBallTests {
    private let grid = PolarGrid(ringCount: 7, angleCount: 40)

    /// ⟨extract B, g⟩ = ⟨B, insert g⟩ for any samples and values.
    @Test(arguments: [1, 2, 3] as [UInt64])
    func extractAndInsertAreAdjoint(seed: UInt64) {
        var random = RandomStream(seed: seed)
        let rotation = Rotation.random(&random)
        var ball = FourierBall(radius: 7)
        ball.samples = randomComplex(ball.samples.count, seed: seed + 10)
        let values = randomComplex(grid.pointCount, seed: seed + 20)
        let read = extract(ball, rotation)
        var inserted = FourierBall(radius: 7)
        inserted.insert(rotation, at: grid.points, values)
        let (left, right) = (innerProduct(read, values), innerProduct(ball.samples, inserted.samples))
        let scale = (innerProduct(read, read) * innerProduct(values, values)).squareRoot()
        #expect(abs(left - right) < 1e-5 * scale)
    }

    /// 2 Re Σ_half T(ξ) G(ξ)* = Σ_x V(x) γ(x): both halves of the slices count.
    @Test(arguments: [15, 16, 24])
    func transformAndAdjointVolumeAreAdjoint(boxSize: Int) {
        var random = RandomStream(seed: 9)
        let volume = Volume.random(boxSize: boxSize, seed: 31)
        let ball = FourierBall(volume, radius: 7, scale: 0.5)
        var inserted = FourierBall(radius: 7)
        var left = 0.0
        for slice in 0..<5 {
            let rotation = Rotation.random(&random)
            let values = randomComplex(grid.pointCount, seed: UInt64(40 + slice))
            left += 2 * innerProduct(extract(ball, rotation), values)
            inserted.insert(rotation, at: grid.points, values)
        }
        let gradient = inserted.adjointVolume(boxSize: boxSize, pixelSize: 1, scale: 0.5)
        let right = innerProduct(volume.voxels, gradient.voxels)
        let scale =
            (innerProduct(volume.voxels, volume.voxels)
            * innerProduct(gradient.voxels, gradient.voxels)).squareRoot()
        #expect(abs(left - right) < 1e-4 * scale / Double(boxSize))
    }

    @Test func sliceIsTheTransformOfTheLineIntegrals() {
        let n = 32
        let blobs = [
            PointScatterer(position: [4, -6, 9], weight: 1, bFactor: 8 * .pi * .pi * 16),
            PointScatterer(position: [-10, 3, -5], weight: 2, bFactor: 8 * .pi * .pi * 25),
        ]
        let volume = Volume(scatterers: blobs, boxSize: n, pixelSize: 2)
        var image = Image(boxSize: n, pixelSize: 2)
        for z in 0..<n { for i in 0..<n * n { image.pixels[i] += volume.voxels[z * n * n + i] } }
        let transform = FourierImage(image)
        var points: [SIMD2<Float>] = []
        for ky in -10...10 {
            for kx in 1...10 where kx * kx + ky * ky <= 100 { points.append([Float(kx), Float(ky)]) }
        }
        let ball = FourierBall(volume, radius: 11, scale: 1 / Float(n))
        let read = ball.slice(.identity, at: points)
        let expected = points.map { transform[Int($0.x), Int($0.y)] }
        // Relative to the mean. On a sample the trilinear kernel averages nothing, so V / g is read, not V: at
        // the outer blob, 11 Å from the centre of a box of 64 Å, that is (1 / sinc(0.085))² ≈ 1.02 an axis.
        #expect(relativeDifference(read, expected) < 0.05)
    }

    @Test func friedelPartnersAreRead() {
        let ball = FourierBall(Volume.random(boxSize: 12, seed: 5), radius: 4)
        #expect(ball[-2, 3, -1] == conjugate(ball[2, -3, 1]))
        let flipped = Rotation(rows: [-1, 0, 0], [0, -1, 0], [0, 0, 1])
        let (a, b) = (extract(ball, .identity, radius: 3.9), extract(ball, flipped, radius: 3.9))
        #expect(relativeDifference(a, b.map(conjugate)) < 1e-5)
    }

    private func extract(_ ball: FourierBall, _ rotation: Rotation, radius: Float = 7) -> [Complex] {
        ball.slice(rotation, at: grid.points.map { $0 * (radius / 7) })
    }

    /// The number of samples is what is believed, not the radius that they are said to have.
    @Test func ballsOfOtherSizesThanTheirSamplesAreRefused() throws {
        struct Written: Encodable {
            var radius: Double
            var padding: Int
            var samples: Data
        }
        let ball = FourierBall(radius: 3, padding: 2)
        let encoder = PropertyListEncoder()
        encoder.outputFormat = .binary
        #expect(
            try PropertyListDecoder().decode(FourierBall.self, from: encoder.encode(ball)).samples.count
                == ball.samples.count)
        // At 10⁵ the memory of all samples would be 10¹⁶ bytes.
        for (radius, padding) in [(4.0, 2), (3, 8), (99_999, 8), (-1, 2), (.infinity, 2)] {
            let other = Written(
                radius: radius, padding: padding, samples: Data(count: ball.samples.count * 8))
            #expect(throws: DecodingError.self) {
                _ = try PropertyListDecoder().decode(FourierBall.self, from: encoder.encode(other))
            }
        }
    }
}
