import CryoCore
import Foundation

/// The two transforms that are to be laid upon each other, ready to be sampled.
package struct AlignmentPair: Sendable {
    /// The edge of the reference's box, in Å.
    package let boxLength: Double
    /// The largest shell of the reference's box that both densities have.
    package let shellLimit: Int
    /// The last shell that both densities have; beyond it a coarser map holds nothing but the mask's edge.
    package let lastShell: Int
    /// The mask of the reference, which is also that of the final curve.
    package let mask: SoftMask
    private let map: FourierBall
    private let reference: FourierBall
    /// The map's box by the reference's: converts frequencies in units of 1/box.
    private let ratio: Double

    package init(_ map: Volume, _ reference: Volume, diameter: Double?) {
        let length = Self.edge(of: reference)
        boxLength = length ?? Double(reference.boxSize)
        // Without believable pixel sizes, both boxes count as equally large.
        let measured = Self.ratio(of: map, to: reference) ?? 1
        ratio = Self.believableRatios.contains(measured) ? measured : 1
        mask = SoftMask(radius: diameter.map { $0 / 2 } ?? 0.42 * boxLength, softness: 0.07 * boxLength)
        let nyquist = (reference.boxSize - 1) / 2
        self.reference = FourierBall(mask.applied(to: reference), radius: Double(nyquist))
        let mapNyquist = Double((map.boxSize - 1) / 2)
        shellLimit = min(nyquist, Int(min(1e6, mapNyquist / ratio - 0.5)))
        lastShell = min(nyquist, Int(min(1e6, mapNyquist / ratio + 1e-9)))
        var moving = map
        if ratio > 1.01 {
            // Sampling in steps of the smaller box would fold what lies outside it back into it.
            moving = SoftMask(radius: 0.5 * boxLength, softness: 0.05 * boxLength).applied(to: map)
        }
        let density = Float(pow(ratio * Double(reference.boxSize) / Double(map.boxSize), 3))
        self.map = FourierBall(moving, radius: mapNyquist, scale: density)
    }

    /// How much larger one box may be than the other.
    package static let believableRatios = 1.0 / 16...16

    /// A map's box by the reference's; nil without pixel sizes.
    package static func ratio(of map: Volume, to reference: Volume) -> Double? {
        guard let length = edge(of: map), let other = edge(of: reference) else { return nil }
        return length / other
    }

    private static func edge(of volume: Volume) -> Double? {
        let length = Double(volume.boxSize) * volume.pixelSize
        return length > 0 && length.isFinite ? length : nil
    }

    /// The reference's transform.
    package func referenceValues(_ points: [SIMD3<Float>]) -> [Complex] {
        reference.values(.identity, at: points)
    }

    /// The transform of the map turned by `rotation`, perhaps inverted, not shifted.
    package func mapValues(_ rotation: Rotation, mirrored: Bool, _ points: [SIMD3<Float>]) -> [Complex] {
        let values =
            ratio == 1
            ? map.values(rotation, at: points) : map.values(rotation, at: points.map { $0 * Float(ratio) })
        return mirrored ? values.map(conjugate) : values
    }

    /// The map moved onto the reference's grid.
    package func moved(_ superposition: Superposition, like reference: Volume, _ parallel: Parallel) -> Volume
    {
        let n = reference.boxSize
        var transform = FourierVolume(boxSize: n, pixelSize: reference.pixelSize)
        let row = transform.rowLength
        let limit = shellLimit
        let planes = parallel.map(n) { z in
            var plane = [Complex](repeating: .zero, count: n * row)
            let kz = z <= (n - 1) / 2 ? z : z - n
            var (points, offsets) = ([SIMD3<Float>](), [Int]())
            for y in 0..<n {
                let ky = y <= (n - 1) / 2 ? y : y - n
                for kx in 0..<row where kx * kx + ky * ky + kz * kz <= limit * limit {
                    points.append([Float(kx), Float(ky), Float(kz)])
                    offsets.append(y * row + kx)
                }
            }
            let values = mapValues(superposition.rotation, mirrored: superposition.isMirrored, points)
            let step = superposition.shift / boxLength
            for (index, offset) in offsets.enumerated() {
                let turn = Phase.factor(cycles: -dot(SIMD3<Double>(points[index]), step))
                plane[offset] = multiply(values[index], turn)
            }
            return plane
        }
        transform.coefficients = planes.flatMap { $0 }
        return transform.volume()
    }
}
