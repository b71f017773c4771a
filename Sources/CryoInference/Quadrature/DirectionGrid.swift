import CryoCore
import CryoKernelInterface
import Foundation

/// Quadrature nodes on the sphere of viewing directions, as pairs (d, −d) in blocks of 16 neighbours.
///
/// The nodes are a Fibonacci spiral on the hemisphere z ≥ 0, cut to the symmetry's asymmetric unit; all weigh the
/// same. The last block is padded by repeating its last direction with weight 0.
public struct DirectionGrid: Sendable {
    /// The viewing direction d of each lane, padded; shape `[block][16]`.
    public let rotations: [Rotation]
    /// The viewing direction of each pair, in single precision, as proposals and the census compare them.
    let axes: [SIMD3<Float>]
    /// 1 for a node, 0 for padding; shape `[block][16]`.
    let laneWeights: AlignedBuffer<Float>
    /// The number of direction pairs.
    public let pairCount: Int
    /// About how far neighbours are apart, in radians.
    public let spacing: Double
    /// The operations of the symmetry to whose asymmetric unit the directions are cut.
    public let operations: [Rotation]
    /// The middle of each block.
    let blockCentres: [SIMD3<Float>]
    /// The mean over blocks of the median distance of a member from the middle, in radians.
    let blockRadius: Double
    /// The largest distance of any member from its block's middle, in radians.
    let largestBlockRadius: Double
    /// The number of blocks.
    public var blockCount: Int { rotations.count / PoseKernels.laneCount }
    /// The number of directions, both of each pair.
    public var directionCount: Int { 2 * pairCount }

    /// Makes a grid whose neighbours are about `spacing` radians apart.
    public init(spacing: Double, symmetry: PointGroup = .c1) {
        self.spacing = spacing
        operations = symmetry.operations
        var hemisphere = max(16, Int((2 * Double.pi / (spacing * spacing)).rounded(.up)))
        var directions = Self.spiral(hemisphere, symmetry)
        // The unit of a group of many turns may be narrower than the spacing.
        while directions.isEmpty {
            hemisphere *= 2
            directions = Self.spiral(hemisphere, symmetry)
        }
        let lanes = PoseKernels.laneCount
        pairCount = directions.count
        directions = Self.clustered(directions, size: lanes)
        laneWeights = AlignedBuffer(count: (pairCount + lanes - 1) / lanes * lanes, repeating: 0)
        for index in 0..<pairCount { laneWeights[index] = 1 }
        if let last = directions.last {
            directions += [SIMD3<Double>](repeating: last, count: laneWeights.count - pairCount)
        }
        rotations = directions.map { Rotation(direction: $0) }
        axes = rotations.prefix(pairCount).map { SIMD3<Float>($0.row2) }
        var (centres, radius, largest) = ([SIMD3<Float>](), 0.0, 0.0)
        for first in stride(from: 0, to: directions.count, by: lanes) {
            let members = directions[first..<(first + lanes)]
            let sum = members.reduce(SIMD3<Double>.zero, +)
            let centre = sum / max(1e-9, dot(sum, sum).squareRoot())
            centres.append(SIMD3<Float>(centre))
            // The median member, so that one straggling block does not blur all proposals.
            let angles = members.map { acos(min(1, abs(dot($0, centre)))) }.sorted()
            radius += angles[lanes / 2] * Double(lanes) / Double(directions.count)
            largest = max(largest, angles[lanes - 1])
        }
        blockCentres = centres
        blockRadius = max(radius, 1e-3)
        largestBlockRadius = largest
    }

    /// The nodes of a Fibonacci spiral on the hemisphere that lie in the asymmetric unit.
    private static func spiral(_ count: Int, _ symmetry: PointGroup) -> [SIMD3<Double>] {
        let golden = Double.pi * (3 - 5.0.squareRoot())
        return (0..<count).compactMap { index in
            let z = 1 - (Double(index) + 0.5) / Double(count)
            let planar = (1 - z * z).squareRoot()
            let azimuth = golden * Double(index)
            let direction = SIMD3<Double>(planar * cos(azimuth), planar * sin(azimuth), z)
            return symmetry.order == 1 || symmetry.containsInAsymmetricUnit(direction) ? direction : nil
        }
    }

    /// Orders points so that each run of `size` is compact: halves along the longest axis, recursively.
    private static func clustered(_ points: [SIMD3<Double>], size: Int) -> [SIMD3<Double>] {
        guard points.count > size else { return points }
        let axis = (0..<3).max { extent(points, $0) < extent(points, $1) } ?? 0
        let sorted = points.sorted { $0[axis] < $1[axis] }
        let blocks = (points.count + size - 1) / size
        let cut = (blocks + 1) / 2 * size
        return clustered(Array(sorted[..<cut]), size: size) + clustered(Array(sorted[cut...]), size: size)
    }

    private static func extent(_ points: [SIMD3<Double>], _ axis: Int) -> Double {
        let values = points.map { $0[axis] }
        return (values.max() ?? 0) - (values.min() ?? 0)
    }

    /// The rotation of a node; the opposite direction is the image mirrored about its x axis.
    public func rotation(_ index: Int, isOpposite: Bool) -> Rotation {
        let r = rotations[index]
        return isOpposite ? Rotation(rows: r.row0, -r.row1, -r.row2) : r
    }
}
