import CryoCore
import Foundation

extension Volume {
    /// The narrowest Gaussian that a scatterer becomes, in voxels (standard deviation).
    ///
    /// Narrower ones would alias: at 0.6 voxels the first alias of the mean is below 0.001.
    private static let smallestWidth = 0.6

    /// Draws scatterers as Gaussians.
    ///
    ///     V(x) = Σ_j w_j Π_i c exp(−(x_i − r_ji)² / 2σ_j²),   σ_j² = max(B_j / 8π², (0.6 voxel)²)
    ///
    /// Each Gaussian ends at 4σ, and c makes its sum over the voxels of an axis 1, so the voxels of a scatterer
    /// sum to its weight, as far as it lies inside the box.
    ///
    /// - Parameters:
    ///   - scatterers: The molecule; the origin becomes the voxel ⌊n/2⌋ of each axis.
    ///   - boxSize: Voxels along an edge.
    ///   - pixelSize: The distance of two voxels, in Å.
    ///   - parallel: The result does not depend on it.
    public init(
        scatterers: [PointScatterer], boxSize: Int, pixelSize: Double, parallel: Parallel = Parallel()
    ) {
        let splats = scatterers.map { Splat($0, boxSize: boxSize, pixelSize: pixelSize) }
        let thickness = 4
        let slabs = parallel.map((boxSize + thickness - 1) / thickness) { slab in
            let planes = slab * thickness..<min(boxSize, (slab + 1) * thickness)
            return Self.slab(planes, of: splats, boxSize: boxSize)
        }
        self.init(boxSize: boxSize, pixelSize: pixelSize, voxels: slabs.flatMap { $0 })
    }

    /// Some planes of the density; every voxel sums its scatterers in their order.
    private static func slab(_ planes: Range<Int>, of splats: [Splat], boxSize n: Int) -> [Float] {
        var voxels = [Float](repeating: 0, count: planes.count * n * n)
        var row = [Float](repeating: 0, count: n)
        for splat in splats where splat.z.overlaps(planes) && !splat.x.isEmpty && !splat.y.isEmpty {
            let xWeights = splat.weights(along: 0, splat.x)
            let yWeights = splat.weights(along: 1, splat.y)
            let zWeights = splat.weights(along: 2, splat.z)
            for (i, weight) in xWeights.enumerated() { row[i] = Float(weight * splat.weight) }
            for z in splat.z.clamped(to: planes) {
                let zWeight = zWeights[z - splat.z.lowerBound]
                for y in splat.y {
                    let factor = Float(zWeight * yWeights[y - splat.y.lowerBound])
                    let start = ((z - planes.lowerBound) * n + y) * n + splat.x.lowerBound
                    for i in 0..<xWeights.count { voxels[start + i] += row[i] * factor }
                }
            }
        }
        return voxels
    }

    /// A Gaussian in units of voxels, and the voxels that it reaches.
    private struct Splat {
        let centre: SIMD3<Double>
        let weight: Double
        let variance: Double
        let reach: Double
        let x, y, z: Range<Int>

        init(_ scatterer: PointScatterer, boxSize n: Int, pixelSize: Double) {
            centre = scatterer.position / pixelSize + Double(n / 2)
            weight = scatterer.weight
            let width = (scatterer.bFactor / (8 * .pi * .pi)).squareRoot() / pixelSize
            let sigma = max(width.isFinite ? width : 0, Volume.smallestWidth)
            variance = sigma * sigma
            let reach = 4 * sigma
            self.reach = reach
            func range(_ position: Double) -> Range<Int> {
                // Clamped before the conversion, which would trap on a far-away or undefined coordinate.
                guard position > -reach - 1, position < Double(n) + reach + 1 else { return 0..<0 }
                let first = max(0, Int((position - reach).rounded(.up)))
                let last = min(n - 1, Int((position + reach).rounded(.down)))
                return first <= last ? first..<last + 1 : 0..<0
            }
            (x, y, z) = (range(centre.x), range(centre.y), range(centre.z))
        }

        /// The weights of the voxels of `range`, which sum to 1 over all that lie within reach.
        func weights(along axis: Int, _ range: Range<Int>) -> [Double] {
            let position = centre[axis]
            func value(_ voxel: Int) -> Double {
                let distance = Double(voxel) - position
                return exp(-distance * distance / (2 * variance))
            }
            let first = Int((position - reach).rounded(.up))
            let last = Int((position + reach).rounded(.down))
            var sum = 0.0
            for voxel in first...max(first, last) { sum += value(voxel) }
            return range.map { value($0) / sum }
        }
    }
}
