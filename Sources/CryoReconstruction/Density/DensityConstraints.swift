import CryoCore
import CryoFourier

/// What every density must obey: zero outside the particle's sphere, and nowhere negative.
public struct DensityConstraints: Sendable {
    /// The particle's sphere.
    public var mask: SoftMask
    /// Whether negative values are set to zero.
    public var isPositive: Bool
    /// Whether the solvent's level, unknown to the images since they carry no mean, is taken off first.
    public var levelsSolvent: Bool

    /// Applies the constraints.
    public func apply(to density: Volume) -> Volume {
        var result = density
        if levelsSolvent {
            let level = solventLevel(of: density)
            for index in result.voxels.indices { result.voxels[index] -= level }
        }
        result = mask.applied(to: result)
        guard isPositive else { return result }
        for index in result.voxels.indices where result.voxels[index] < 0 { result.voxels[index] = 0 }
        return result
    }

    /// The mean density between the mask's edge and the box's inscribed sphere.
    private func solventLevel(of density: Volume) -> Float {
        let n = density.boxSize
        let outer = Double(n / 2) * density.pixelSize
        let inner = min(mask.radius + mask.softness, 0.9 * outer)
        var (sum, count) = (0.0, 0)
        for z in 0..<n {
            for y in 0..<n {
                for x in 0..<n {
                    let (dx, dy, dz) = (x - n / 2, y - n / 2, z - n / 2)
                    let distance = Double(dx * dx + dy * dy + dz * dz).squareRoot() * density.pixelSize
                    guard distance >= inner, distance <= outer else { continue }
                    sum += Double(density[x, y, z])
                    count += 1
                }
            }
        }
        return count > 0 ? Float(sum / Double(count)) : 0
    }
}
