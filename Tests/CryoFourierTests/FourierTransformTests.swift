import CryoCore
import CryoFourier
import CryoTestSupport
import Foundation
import Testing

@Suite struct FourierTransformTests {
    @Test(arguments: [2, 7, 8, 15, 16, 30])
    func imageComesBack(boxSize: Int) {
        let image = Image.random(boxSize: boxSize, seed: 1)
        let back = FourierImage(image).image()
        for (a, b) in zip(image.pixels, back.pixels) { #expect(abs(a - b) < 1e-5) }
    }

    @Test(arguments: [3, 8, 9, 12])
    func volumeComesBack(boxSize: Int) {
        let volume = Volume.random(boxSize: boxSize, seed: 2)
        for padding in [1, 2] {
            let back = FourierVolume(volume, padding: padding).volume(boxSize: boxSize)
            for (a, b) in zip(volume.voxels, back.voxels) { #expect(abs(a - b) < 1e-5) }
        }
    }

    @Test(arguments: [7, 8, 15, 16])
    func imageTransformIsUnitary(boxSize n: Int) {
        let image = Image.random(boxSize: n, seed: 3)
        let transform = FourierImage(image)
        var power = 0.0
        for index in transform.coefficients.indices {
            let (kx, _) = transform.frequency(index)
            let value = transform.coefficients[index]
            // Columns other than 0 and Nyquist are present twice in the full plane.
            power += Double((value * value).sum()) * (kx == 0 || 2 * kx == n ? 1 : 2)
        }
        let expected = innerProduct(image.pixels, image.pixels)
        #expect(abs(power - expected) < 1e-5 * expected)
    }

    @Test(arguments: [7, 8])
    func volumeTransformObeysParseval(boxSize n: Int) {
        let volume = Volume.random(boxSize: n, seed: 4)
        let transform = FourierVolume(volume)
        var power = 0.0
        transform.forEachFrequency { offset, kx, _, _ in
            let value = transform.coefficients[offset]
            power += Double((value * value).sum()) * (kx == 0 || 2 * kx == n ? 1 : 2)
        }
        let expected = innerProduct(volume.voxels, volume.voxels) * Double(n * n * n)
        #expect(abs(power - expected) < 1e-5 * expected)
    }

    @Test(arguments: [5, 6])
    func imageCoefficientsAreTheSumsOfTheDefinition(boxSize n: Int) {
        let image = Image.random(boxSize: n, seed: 5)
        let transform = FourierImage(image)
        for ky in -(n - 1) / 2...(n - 1) / 2 {
            for kx in -(n - 1) / 2...(n - 1) / 2 {
                let direct = directTransform(image, Double(kx), Double(ky))
                let found = transform[kx, ky]
                #expect(abs(direct.re - Double(found.x)) < 1e-5 && abs(direct.im - Double(found.y)) < 1e-5)
            }
        }
    }

    @Test func croppingKeepsCoefficients() {
        let transform = FourierImage(Image.random(boxSize: 16, pixelSize: 2, seed: 6))
        let cropped = transform.cropped(to: 10)
        #expect(cropped.pixelSize == 3.2)
        #expect(cropped[3, -4] == transform[3, -4] && cropped[-2, 1] == transform[-2, 1])
        #expect(cropped.coefficients[5] == .zero)
    }

    @Test func resamplingKeepsABandLimitedDensity() {
        let blobs = [PointScatterer(position: [3, -5, 8], weight: 1, bFactor: 8 * .pi * .pi * 36)]
        let fine = Volume(scatterers: blobs, boxSize: 32, pixelSize: 2)
        let back = fine.resampled(to: 24).resampled(to: 32)
        #expect(correlation(fine.voxels, back.voxels) > 0.9999)
    }

    @Test func fscIsOneForTheSameDensityAndNearZeroForNoise() {
        let a = Volume.random(boxSize: 24, pixelSize: 2, seed: 7)
        let b = Volume.random(boxSize: 24, pixelSize: 2, seed: 8)
        #expect(FourierShellCorrelation(a, a).correlations.allSatisfy { abs($0 - 1) < 1e-6 })
        let noise = FourierShellCorrelation(a, b)
        #expect(noise.correlations[4...].allSatisfy { abs($0) < 0.3 })
        #expect(noise.boxLength == 48)
        let curve = FourierShellCorrelation(boxLength: 100, correlations: [1, 1, 0.8, 0.3, 0.1])
        #expect(abs(curve.resolution(at: 0.5) - 100 / 2.6) < 1e-9)
    }
}

/// One coefficient of the unitary transform about the origin pixel, by its definition.
func directTransform(_ image: Image, _ kx: Double, _ ky: Double) -> (re: Double, im: Double) {
    let n = image.boxSize
    var (re, im) = (0.0, 0.0)
    for y in 0..<n {
        for x in 0..<n {
            let phase = -2 * Double.pi * (kx * Double(x - n / 2) + ky * Double(y - n / 2)) / Double(n)
            re += Double(image[x, y]) * cos(phase)
            im += Double(image[x, y]) * sin(phase)
        }
    }
    return (re / Double(n), im / Double(n))
}
