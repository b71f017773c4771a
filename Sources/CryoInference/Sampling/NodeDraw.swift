import CryoKernelInterface

/// The nodes on which one image is evaluated at one visit.
public struct NodeDraw: Sendable, Equatable {
    /// A direction pair and a shift.
    struct Node: Sendable, Equatable, BitwiseCopyable {
        var direction: Int32
        var shift: Int32
        /// The probability π with which it was drawn; it weighs 1/π.
        var inclusion: Float
    }

    /// Sorted by direction, then shift; none twice.
    var nodes: [Node]
    /// π of each in-plane angle, 0 for those not drawn; nil if all are summed.
    var angleInclusions: [Float]?
    /// Which part of the quadrature this is.
    public var coverage: Coverage

    init(nodes: [Node], angleInclusions: [Float]?, directionCount: Int, angleCount: Int, shiftCount: Int) {
        self.nodes = nodes
        self.angleInclusions = angleInclusions
        var directions = 0
        var isShiftDrawn = [Bool](repeating: false, count: shiftCount)
        for (index, node) in nodes.enumerated() {
            if index == 0 || nodes[index - 1].direction != node.direction { directions += 1 }
            isShiftDrawn[Int(node.shift)] = true
        }
        let angles = angleInclusions.map { $0.count { $0 > 0 } } ?? angleCount
        coverage = Coverage(
            directions: Double(directions) / Double(directionCount),
            angles: Double(angles) / Double(angleCount),
            shifts: Double(isShiftDrawn.count { $0 }) / Double(shiftCount),
            points: Double(nodes.count * angles) / Double(directionCount * shiftCount * angleCount))
    }

    /// All shifts of one direction pair, each with the weight of one.
    public static func allShifts(ofDirection direction: Int, _ engine: PosteriorEngine) -> NodeDraw {
        allShifts(ofDirections: direction..<direction + 1, engine)
    }

    /// The whole quadrature, each node with the weight of one.
    static func all(of engine: PosteriorEngine) -> NodeDraw {
        allShifts(ofDirections: 0..<engine.directions.pairCount, engine)
    }

    private static func allShifts(ofDirections directions: Range<Int>, _ engine: PosteriorEngine) -> NodeDraw
    {
        let count = engine.shifts.offsets.count
        return NodeDraw(
            nodes: directions.flatMap { direction in
                (0..<count).map { Node(direction: Int32(direction), shift: Int32($0), inclusion: 1) }
            }, angleInclusions: nil, directionCount: engine.directions.pairCount,
            angleCount: engine.grid.angleCount, shiftCount: count)
    }

    /// Whether the nodes are those of an engine's quadrature.
    func fits(_ engine: PosteriorEngine) -> Bool {
        let (directions, shifts) = (Int32(engine.directions.pairCount), Int32(engine.shifts.offsets.count))
        return !nodes.isEmpty
            && nodes.allSatisfy { $0.direction < directions && $0.shift < shifts && $0.inclusion > 0 }
            && angleInclusions.map { $0.count == engine.grid.angleCount } ?? true
    }
}
