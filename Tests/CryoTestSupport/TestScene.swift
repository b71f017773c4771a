import CryoCore
import CryoFourier
import Foundation

/// Small made-up things for tests.
public enum TestScene {
    /// A density of a few Gaussian blobs inside a sphere of 0.3 of the box, without any symmetry.
    public static func blobs(boxSize n: Int, pixelSize: Double, seed: UInt64 = 1) -> Volume {
        var stream = RandomStream(seed: seed)
        var volume = Volume(boxSize: n, pixelSize: pixelSize)
        let width = 0.045 * Double(n)
        for _ in 0..<6 {
            let centre = stream.direction() * (0.2 * Double(n) * stream.uniform())
            let height = 0.5 + stream.uniform()
            for z in 0..<n {
                for y in 0..<n {
                    for x in 0..<n {
                        let d =
                            SIMD3(Double(x - n / 2), Double(y - n / 2), Double(z - n / 2)) - centre
                        volume[x, y, z] += Float(height * exp(-(d * d).sum() / (2 * width * width)))
                    }
                }
            }
        }
        return volume
    }

    /// A plain 300 kV function with strong astigmatism.
    public static func ctf(defocus: Double = 15_000, astigmatism: Double = 0) -> ContrastTransferFunction {
        ContrastTransferFunction(
            voltage: 300_000, sphericalAberration: 2.7e7, amplitudeContrast: 0.1,
            defocusU: defocus + astigmatism / 2, defocusV: defocus - astigmatism / 2,
            defocusAngle: Angle(degrees: 30))
    }

    /// A random orientation.
    public static func rotation(_ stream: inout RandomStream) -> Rotation {
        Rotation(direction: stream.direction())
            .turnedInPlane(by: Angle(radians: 2 * .pi * stream.uniform()))
    }

    /// The image plus white noise of a standard deviation.
    public static func noisy(_ image: Image, sigma: Double, _ stream: inout RandomStream) -> Image {
        var result = image
        for index in result.pixels.indices { result.pixels[index] += Float(sigma * stream.normal()) }
        return result
    }
}
