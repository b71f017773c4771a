import CryoCore
import Foundation

/// A shaded picture of a density's surface, for pages that cannot run scripts.
extension Picture {
    /// Looks at the surface of a threshold along −y, −x and −z: three pictures side by side.
    ///
    /// Rays march through the density in steps of half a voxel, from where it may first cross the threshold; there the
    /// gradient shades it.
    init(surfaceOf volume: Volume, threshold: Float, size: Int = 260) {
        self.init(width: 3 * size, height: size, channels: .rgb, fill: 255)
        let views = [(0, 2, 1), (1, 2, 0), (0, 1, 2)]
        let scale = Float(volume.boxSize) / Float(size)
        for (view, axes) in views.enumerated() {
            let crests = volume.crests(axes, threshold)
            for row in 0..<size {
                let v = (Float(size - row) - 0.5) * scale - 0.5
                for column in 0..<size {
                    let u = (Float(column) + 0.5) * scale - 0.5
                    let start = volume.start(u, v, crests)
                    guard let shade = volume.shade(axes, u, v, from: start, threshold) else { continue }
                    self[view * size + column, row] = shade
                }
            }
        }
    }
}

extension Volume {
    /// The last voxel above a threshold along the third axis, by the places along the first two; −1 where there is none.
    fileprivate func crests(_ axes: (Int, Int, Int), _ threshold: Float) -> [Int] {
        var crests = [Int](repeating: -1, count: boxSize * boxSize)
        for z in 0..<boxSize {
            for y in 0..<boxSize {
                for x in 0..<boxSize where self[x, y, z] > threshold {
                    let place = SIMD3(x, y, z)
                    let column = place[axes.1] * boxSize + place[axes.0]
                    crests[column] = max(crests[column], place[axes.2])
                }
            }
        }
        return crests
    }

    /// Where a ray begins: a voxel before the first of the four columns about it, since between voxels below the threshold
    /// all is below.
    fileprivate func start(_ u: Float, _ v: Float, _ crests: [Int]) -> Float {
        let (x, y) = (max(0, min(boxSize - 2, Int(u))), max(0, min(boxSize - 2, Int(v))))
        let (here, above) = (y * boxSize + x, (y + 1) * boxSize + x)
        let crest = max(crests[here], crests[here + 1], crests[above], crests[above + 1])
        return crest < 0 ? 0 : Float(min(boxSize - 1, crest + 1))
    }

    /// The colour of the surface that a ray meets first; nil if it meets none.
    fileprivate func shade(
        _ axes: (Int, Int, Int), _ u: Float, _ v: Float, from start: Float, _ threshold: Float
    ) -> [UInt8]? {
        var place = SIMD3<Float>.zero
        (place[axes.0], place[axes.1]) = (u, v)
        var depth = start
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
