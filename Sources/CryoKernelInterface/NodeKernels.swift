/// The loops over one node, a direction pair (d, −d) against one shifted image, as a table of functions.
///
/// Slice and column are *rows*: angular coefficients, ring by ring, in groups of 16 orders `[group][re 16, im 16]`.
/// A ring has as many groups as its highest order needs; what lies beyond that order is zero. The algebra is that of
/// ``PoseKernels``.
@safe public struct NodeKernels: Sendable {
    /// Fills the work space with the transform of E_d(ψ) + i·E₋d(ψ).
    public let correlate: @Sendable (NodePair) -> Void
    /// Sums a circle's exponentials.
    public let sumCircle: @Sendable (Circle) -> CircleSum
    /// Turns a circle's values into responsibilities and adds them to its histogram.
    public let fillResponsibilities: @Sendable (Circle) -> Void
    /// Adds the transformed responsibilities in the work space, times the data, to a gradient.
    public let addGradient: @Sendable (NodePair, NodeTarget) -> Void

    /// Makes a table.
    public init(
        correlate: @escaping @Sendable (NodePair) -> Void,
        sumCircle: @escaping @Sendable (Circle) -> CircleSum,
        fillResponsibilities: @escaping @Sendable (Circle) -> Void,
        addGradient: @escaping @Sendable (NodePair, NodeTarget) -> Void
    ) {
        self.correlate = correlate
        self.sumCircle = sumCircle
        self.fillResponsibilities = fillResponsibilities
        self.addGradient = addGradient
    }
}

/// Where a ring lies in a row.
public struct RowSpan: Sendable, Equatable, BitwiseCopyable {
    /// The first float.
    public var offset: Int32
    /// Groups of 16 orders; does not fall from one ring to the next.
    public var groups: Int32

    /// Makes a span.
    public init(offset: Int32, groups: Int32) {
        self.offset = offset
        self.groups = groups
    }
}

/// One direction pair's slice against one shifted image.
///
/// Safe to pass on: whoever makes one vouches that its memory is as long as said here and outlives the call.
@safe public struct NodePair: @unchecked Sendable {
    /// The slice's row.
    public var slice: UnsafePointer<Float>
    /// The shifted image's row.
    public var column: UnsafePointer<Float>
    /// Where each ring lies.
    public var rings: UnsafePointer<RowSpan>
    /// The number of rings.
    public var ringCount: Int
    /// The groups of the outermost ring.
    public var groupCount: Int
    /// The number of orders m ≥ 0.
    public var orderCount: Int
    /// The norm term at orders 0, 2, 4, …; shape `[order][Σpc, Σqs, Σps, Σqc]`.
    public var norms: UnsafePointer<Float>
    /// The number of even orders in ``norms``.
    public var normOrderCount: Int
    /// In-plane angles.
    public var angleCount: Int
    /// `angleCount` interleaved complex numbers, rounded up to whole vectors.
    public var workspace: UnsafeMutablePointer<Float>

    /// Makes a description.
    public init(
        slice: UnsafePointer<Float>, column: UnsafePointer<Float>, rings: UnsafePointer<RowSpan>,
        ringCount: Int, groupCount: Int, orderCount: Int, norms: UnsafePointer<Float>,
        normOrderCount: Int, angleCount: Int, workspace: UnsafeMutablePointer<Float>
    ) {
        unsafe self.slice = slice
        unsafe self.column = column
        unsafe self.rings = rings
        self.ringCount = ringCount
        self.groupCount = groupCount
        self.orderCount = orderCount
        unsafe self.norms = norms
        self.normOrderCount = normOrderCount
        self.angleCount = angleCount
        unsafe self.workspace = workspace
    }
}

/// The log-likelihoods of all in-plane angles of a node, interleaved d and −d, and how they weigh.
///
/// All arrays are as long as the circle, rounded up to whole vectors; beyond its end log-weights are −10³⁰.
///
/// Safe to pass on: whoever makes one vouches that its memory is as long as said here and outlives the call.
@safe public struct Circle: @unchecked Sendable {
    /// E, then responsibilities.
    public var values: UnsafeMutablePointer<Float>
    /// In-plane angles.
    public var angleCount: Int
    /// The inverse temperature of the likelihood.
    public var beta: Float
    /// Added to every exponent.
    public var offset: Float
    /// Added to the exponent of each angle: −ln of its inclusion probability, −10³⁰ if it was not drawn.
    public var logWeights: UnsafePointer<Float>
    /// The inclusion probability of each angle.
    public var inclusions: UnsafePointer<Float>
    /// Σ of responsibilities over circles.
    public var histogram: UnsafeMutablePointer<Float>

    /// Makes a description.
    public init(
        values: UnsafeMutablePointer<Float>, angleCount: Int, beta: Float, offset: Float,
        logWeights: UnsafePointer<Float>, inclusions: UnsafePointer<Float>,
        histogram: UnsafeMutablePointer<Float>
    ) {
        unsafe self.values = values
        self.angleCount = angleCount
        self.beta = beta
        self.offset = offset
        unsafe self.logWeights = logWeights
        unsafe self.inclusions = inclusions
        unsafe self.histogram = histogram
    }
}

/// What a circle holds, relative to its largest exponent.
public struct CircleSum: Sendable, BitwiseCopyable {
    /// The largest exponent.
    public var peak: Float
    /// Σ exp(x − peak) over the angles of d.
    public var direct: Float
    /// The same of −d.
    public var opposite: Float
    /// Σ π exp(2(x − peak)) of both, π the angle's inclusion probability.
    public var squares: Float

    /// Makes a sum.
    public init(peak: Float, direct: Float, opposite: Float, squares: Float) {
        self.peak = peak
        self.direct = direct
        self.opposite = opposite
        self.squares = squares
    }
}

/// Where the gradient of a node goes.
///
/// Safe to pass on: whoever makes one vouches that its memory is as long as said here and outlives the call.
@safe public struct NodeTarget: @unchecked Sendable {
    /// The direction pair's gradient, a row.
    public var gradient: UnsafeMutablePointer<Float>
    /// The responsibilities' even angular coefficients; shape `[order][P re, P im, P′ re, P′ im]`.
    public var masses: UnsafeMutablePointer<Float>
    /// Work space; shape `[group][4][16]`, zero beyond the highest order.
    public var factors: UnsafeMutablePointer<Float>

    /// Makes a target.
    public init(
        gradient: UnsafeMutablePointer<Float>, masses: UnsafeMutablePointer<Float>,
        factors: UnsafeMutablePointer<Float>
    ) {
        unsafe self.gradient = gradient
        unsafe self.masses = masses
        unsafe self.factors = factors
    }
}
