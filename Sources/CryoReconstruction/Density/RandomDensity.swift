import CryoCore
import Foundation

/// The random start: positive Gaussian blobs scattered over the particle's sphere.
///
/// It knows nothing of the molecule but its diameter. Its amplitude is set later, from the data's power.
public enum RandomDensity {
    private static let blobCount = 40

    /// Makes a density of forty blobs inside a sphere of `radius` Å.
    public static func blobs(frame: DensityFrame, radius: Double, seed: UInt64) -> Volume {
        var stream = RandomStream(seed: seed, stream: 0xB10B)
        let n = frame.gridSize
        let width = max(radius / 6, 0.8 * frame.pixelSize)
        var volume = Volume(boxSize: n, pixelSize: frame.pixelSize)
        for _ in 0..<blobCount {
            let distance = 0.75 * radius * cbrt(stream.uniform())
            let centre = stream.direction() * distance
            let height = 0.5 + stream.uniform()
            let profiles = (0..<3).map { axis in
                (0..<n).map { index -> Double in
                    let d = Double(index - n / 2) * frame.pixelSize - centre[axis]
                    return exp(-d * d / (2 * width * width))
                }
            }
            for z in 0..<n {
                for y in 0..<n {
                    let factor = height * profiles[2][z] * profiles[1][y]
                    for x in 0..<n { volume[x, y, z] += Float(factor * profiles[0][x]) }
                }
            }
        }
        return volume
    }
}
