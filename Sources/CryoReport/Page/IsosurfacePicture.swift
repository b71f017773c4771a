import CryoCore
import Foundation

/// A shaded picture of a density's surface, for pages that cannot run scripts.
extension Picture {
    /// Looks at the surface of a threshold along −y, −x and −z: three pictures side by side.
    ///
    /// Rays march through the density in steps of half a voxel; where one crosses the threshold the gradient shades it.
    init(surfaceOf volume: Volume, threshold: Float, size: Int = 260) {
        self.init(width: 3 * size, height: size, channels: .rgb, fill: 255)
        let views = [(0, 2, 1), (1, 2, 0), (0, 1, 2)]
        let scale = Float(volume.boxSize) / Float(size)
        let rows = Parallel().map(size) { row in
            let v = (Float(size - row) - 0.5) * scale - 0.5
            return views.flatMap { axes in
                (0..<size).map { volume.shade(axes, (Float($0) + 0.5) * scale - 0.5, v, threshold) }
            }
        }
        for (row, shades) in rows.enumerated() {
            for (place, shade) in shades.enumerated() { if let shade { self[place, row] = shade } }
        }
    }
}

extension Volume {
    /// The colour of the surface that a ray meets first; nil if it meets none.
    fileprivate func shade(_ axes: (Int, Int, Int), _ u: Float, _ v: Float, _ threshold: Float) -> [UInt8]? {
        var place = SIMD3<Float>.zero
        (place[axes.0], place[axes.1]) = (u, v)
        var depth = Float(boxSize - 1)
        while depth > 0 {
            place[axes.2] = depth
            if interpolated(place) > threshold {
                var gradient = SIMD3<Float>.zero
                for axis in 0..<3 {
                    var (ahead, behind) = (place, place)
                    ahead[axis] += 1
                    behind[axis] -= 1
                    gradient[axis] = interpolated(behind) - interpolated(ahead)
                }
                let length = (gradient * gradient).sum().squareRoot()
                let normal = length > 0 ? gradient / length : .zero
                let light = max(0, 0.75 * normal[axes.2] + 0.45 * normal[axes.1] - 0.35 * normal[axes.0])
                let fog = 0.55 + 0.45 * depth / Float(boxSize)
                return [(120, 60), (170, 50), (205, 45)].map { base, gloss in
                    UInt8(
                        max(
                            0,
                            min(
                                255,
                                (Float(base) * (0.35 + 0.65 * light) + Float(gloss) * light * light) * fog)))
                }
            }
            depth -= 0.5
        }
        return nil
    }

    private func interpolated(_ place: SIMD3<Float>) -> Float {
        let limit = Float(boxSize - 1)
        guard place.min() >= 0, place.max() <= limit else { return 0 }
        let x0 = min(boxSize - 2, Int(place.x)), y0 = min(boxSize - 2, Int(place.y)),
            z0 = min(boxSize - 2, Int(place.z))
        let (fx, fy, fz) = (place.x - Float(x0), place.y - Float(y0), place.z - Float(z0))
        func row(_ y: Int, _ z: Int) -> Float { self[x0, y, z] + (self[x0 + 1, y, z] - self[x0, y, z]) * fx }
        let lower = row(y0, z0) + (row(y0 + 1, z0) - row(y0, z0)) * fy
        let upper = row(y0, z0 + 1) + (row(y0 + 1, z0 + 1) - row(y0, z0 + 1)) * fy
        return lower + (upper - lower) * fz
    }
}
