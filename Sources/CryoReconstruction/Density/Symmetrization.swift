import CryoCore
import CryoInference

extension Volume {
    /// The mean of the density over the operations of a group, by trilinear interpolation.
    ///
    ///     V′(x) = (1/|G|) Σ_g V(g x)
    func symmetrized(by group: PointGroup) -> Volume {
        guard group.order > 1 else { return self }
        var result = Volume(boxSize: boxSize, pixelSize: pixelSize)
        let middle = Double(boxSize / 2)
        let share = 1 / Float(group.order)
        for z in 0..<boxSize {
            for y in 0..<boxSize {
                for x in 0..<boxSize {
                    let place = SIMD3(Double(x), Double(y), Double(z)) - middle
                    var sum: Float = 0
                    for operation in group.operations { sum += value(at: operation.apply(place) + middle) }
                    result[x, y, z] = sum * share
                }
            }
        }
        return result
    }

    /// The density between voxels; zero outside the box.
    private func value(at place: SIMD3<Double>) -> Float {
        let floor = place.rounded(.down)
        let fraction = SIMD3<Float>(place - floor)
        let (x, y, z) = (Int(floor.x), Int(floor.y), Int(floor.z))
        var sum: Float = 0
        for corner in 0..<8 {
            let (dx, dy, dz) = (corner & 1, corner >> 1 & 1, corner >> 2)
            let (cx, cy, cz) = (x + dx, y + dy, z + dz)
            guard (0..<boxSize).contains(cx), (0..<boxSize).contains(cy), (0..<boxSize).contains(cz) else {
                continue
            }
            sum +=
                self[cx, cy, cz] * (dx == 0 ? 1 - fraction.x : fraction.x)
                * (dy == 0 ? 1 - fraction.y : fraction.y) * (dz == 0 ? 1 - fraction.z : fraction.z)
        }
        return sum
    }
}
