import CryoCore
import Foundation

/// Where the posteriors of the whole data set lie: the paper's global distribution Γ, over directions and shifts.
///
/// A histogram in the terms of space: cells of some 8° on the hemisphere, and squares of origins. Nothing has to be
/// converted when the quadrature changes, and the cells' width does the smoothing. Images that were never visited
/// count as spread evenly.
public struct PoseCensus: Sendable, Codable {
    private let cells: [SIMD3<Float>]
    private var directionMass: [Double]
    private let bin: Double
    private let reach: Int
    private var originMass: [Double]
    /// Images that were visited.
    public private(set) var visited = 0.0
    /// Images in the set, the unvisited ones included.
    public var imageCount: Double {
        didSet { imageCount = max(1, imageCount) }
    }

    /// An empty census.
    ///
    /// - Parameters:
    ///   - imageCount: Images in the set.
    ///   - extent: The largest origin that is told apart, in Å.
    public init(imageCount: Int, extent: Double) {
        cells = DirectionGrid(spacing: 0.14).axes
        directionMass = [Double](repeating: 0, count: cells.count)
        self.imageCount = Double(max(1, imageCount))
        reach = 8
        bin = max(1, extent) / 8
        originMass = [Double](repeating: 0, count: (2 * reach + 1) * (2 * reach + 1))
    }

    /// What one image contributes: masses by cell and square that sum to one.
    public struct Share: Sendable {
        fileprivate var parts: [(cell: Int, square: Int, mass: Double)] = []
    }

    /// The contribution of an image; nil for a memory without mass.
    ///
    /// Finding the cells is most of the census's work.
    public func share(of memory: PoseMemory) -> Share? {
        let entries = memory.entries
        let total = entries.reduce(0.0) { $0 + Double($1.mass) }
        guard total > 0 else { return nil }
        return Share(
            parts: entries.map {
                (cell(of: $0.direction), square(of: SIMD2<Double>($0.origin)), Double($0.mass) / total)
            })
    }

    /// Replaces what an image contributed by what it contributes now.
    public mutating func replace(_ old: Share?, by new: Share?) {
        if let old { add(old, sign: -1) }
        if let new { add(new, sign: 1) }
    }

    private mutating func add(_ share: Share, sign: Double) {
        visited += sign
        for part in share.parts {
            directionMass[part.cell] += sign * part.mass
            originMass[part.square] += sign * part.mass
        }
    }

    private func cell(of direction: SIMD3<Float>) -> Int {
        var (best, nearest) = (-Float.infinity, 0)
        for (index, middle) in cells.enumerated() {
            let cosine = abs((middle * direction).sum())
            if cosine > best { (best, nearest) = (cosine, index) }
        }
        return nearest
    }

    private func square(of origin: SIMD2<Double>) -> Int {
        func place(_ value: Double) -> Int {
            max(-reach, min(reach, Int((value / bin).rounded()))) + reach
        }
        return place(origin.y) * (2 * reach + 1) + place(origin.x)
    }

    /// How the census's cells and the directions of a grid correspond.
    public struct Places: Sendable {
        /// The cell of each direction pair.
        var cellOfPair: [Int]
        /// The direction pairs of each cell: those inside it or, where the grid is coarser, the nearest one.
        var pairsOfCell: [[Int]]

        /// No grid.
        public init() { (cellOfPair, pairsOfCell) = ([], []) }
    }

    /// The correspondence with a grid; to be kept as long as the grid.
    public func places(of grid: DirectionGrid) -> Places {
        let axes = grid.axes
        var places = Places()
        places.cellOfPair = axes.map { cell(of: $0) }
        places.pairsOfCell = [[Int]](repeating: [], count: cells.count)
        for (pair, cell) in places.cellOfPair.enumerated() { places.pairsOfCell[cell].append(pair) }
        for cell in cells.indices where places.pairsOfCell[cell].isEmpty {
            func cosine(_ pair: Int) -> Float { abs((axes[pair] * cells[cell]).sum()) }
            let nearest = axes.indices.max { cosine($0) < cosine($1) }
            places.pairsOfCell[cell] = nearest.map { [$0] } ?? []
        }
        return places
    }

    /// Γ on a grid's direction pairs; sums to one.
    func directionProbabilities(places: Places) -> [Double] {
        let count = places.cellOfPair.count
        var raw = [Double](repeating: max(0, imageCount - visited) / Double(max(1, count)), count: count)
        for (mass, pairs) in zip(directionMass, places.pairsOfCell) where mass > 0 {
            for pair in pairs { raw[pair] += mass / Double(pairs.count) }
        }
        let total = raw.reduce(0, +)
        return raw.map { total > 0 ? $0 / total : 1 / Double(count) }
    }

    /// Γ on the shifts of a grid about a centre, with its prior for images never visited; sums to one.
    func shiftProbabilities(_ shifts: ShiftGrid, centre: SIMD2<Double>, prior: [Double]) -> [Double] {
        let unseen = max(0, imageCount - visited) / imageCount
        let raw = shifts.offsets.map { max(0, originMass[square(of: centre + $0)]) }
        let total = raw.reduce(0, +)
        guard total > 1e-9 else { return prior }
        return zip(raw, prior).map { unseen * $1 + (1 - unseen) * $0 / total }
    }
}
