/// The innermost loops of the posterior, as one table of functions for an instruction set.
///
/// A *block* holds 16 direction pairs (d, −d), one a vector lane. Its slices are given by their angular Fourier
/// coefficients, laid out `[order m, ring k][re 16 lanes, im 16 lanes]`; an image's shifted copies are *columns*,
/// taken two at a time, `[order m, ring k][column 2][re, im]`. Which rings an order has is given by ``OrderSpan``.
///
/// For column coefficients a + ib and slice coefficients p + iq the four sums Σap, Σbq, Σaq, Σbp give the
/// correlation with d and, because the slice of −d is (−1)^m conj, with −d too. Both are packed into one complex
/// transform over m, E_d(ψ) + i·E₋d(ψ), so every point of both circles comes out of one FFT.
@safe public struct PoseKernels: Sendable {
    /// Lanes of a block.
    public static let laneCount = 16

    /// The instruction set's name, for logs.
    public let name: String
    /// In-place FFT over 16 lanes.
    public let transform: @Sendable (LaneTransform, UnsafeMutablePointer<Float>) -> Void
    /// Adds a column pair's exponentiated log-likelihoods to a running sum.
    public let accumulateEvidence: @Sendable (ColumnPair, EvidenceTarget) -> Void
    /// Adds a column pair's responsibilities to the gradient of a block.
    public let accumulateGradient: @Sendable (ColumnPair, GradientTarget) -> Void
    /// Finds the best point of a column pair.
    public let findPeak: @Sendable (ColumnPair) -> PosePeak
    /// The loops over single nodes.
    public let nodes: NodeKernels

    /// Makes a table.
    public init(
        name: String,
        transform: @escaping @Sendable (LaneTransform, UnsafeMutablePointer<Float>) -> Void,
        accumulateEvidence: @escaping @Sendable (ColumnPair, EvidenceTarget) -> Void,
        accumulateGradient: @escaping @Sendable (ColumnPair, GradientTarget) -> Void,
        findPeak: @escaping @Sendable (ColumnPair) -> PosePeak, nodes: NodeKernels
    ) {
        self.name = name
        unsafe self.transform = transform
        self.accumulateEvidence = accumulateEvidence
        self.accumulateGradient = accumulateGradient
        self.findPeak = findPeak
        self.nodes = nodes
    }
}

/// Which rings carry an angular order, and where its coefficients lie.
public struct OrderSpan: Sendable, Equatable, BitwiseCopyable {
    /// The index of the order's first (order, ring) entry.
    public var offset: Int32
    /// The number of rings; they are the outermost ones.
    public var count: Int32

    /// Makes a span.
    public init(offset: Int32, count: Int32) {
        self.offset = offset
        self.count = count
    }
}

/// An FFT of 16 interleaved sequences, element i at float 32·i: 16 real parts, then 16 imaginary parts.
///
/// Safe to pass on: whoever makes one vouches that its memory is as long as said here and outlives the call.
@safe public struct LaneTransform: @unchecked Sendable {
    /// The length; a product of 2s and 3s.
    public var count: Int
    /// The radix of each pass.
    public var radices: UnsafePointer<Int32>
    /// The number of passes.
    public var passCount: Int
    /// Twiddle factors of all passes, (cos, −sin) interleaved.
    public var twiddles: UnsafePointer<Float>
    /// As large as the data.
    public var scratch: UnsafeMutablePointer<Float>
    /// Whether the exponent's sign is positive.
    public var isInverse: Bool

    /// Makes a description.
    public init(
        count: Int, radices: UnsafePointer<Int32>, passCount: Int, twiddles: UnsafePointer<Float>,
        scratch: UnsafeMutablePointer<Float>, isInverse: Bool
    ) {
        self.count = count
        unsafe self.radices = radices
        self.passCount = passCount
        unsafe self.twiddles = twiddles
        unsafe self.scratch = scratch
        self.isInverse = isInverse
    }
}

/// Two columns (shifts) of one image against one block of directions.
///
/// Safe to pass on: whoever makes one vouches that its memory is as long as said here and outlives the call.
@safe public struct ColumnPair: @unchecked Sendable {
    /// The block's slice coefficients; shape `[entry][2][16]`.
    public var slices: UnsafePointer<Float>
    /// The columns' coefficients; shape `[entry][2][2]`.
    public var columns: UnsafePointer<Float>
    /// The rings of each order m = 0 … orderCount − 1.
    public var orders: UnsafePointer<OrderSpan>
    /// The number of orders.
    public var orderCount: Int
    /// The norm term's coefficients of d and −d at orders 0, 2, 4, …; shape `[order][Σpc, Σqs, Σps, Σqc][16]`.
    public var norms: UnsafePointer<Float>
    /// The number of even orders in ``norms``.
    public var normOrderCount: Int
    /// How many of the two columns count (1 for a trailing column).
    public var width: Int
    /// The inverse temperature β of the likelihood.
    public var beta: Float
    /// Logarithm of the prior weight of each column.
    public var logPrior: (Float, Float)
    /// The transform over the in-plane angle.
    public var transform: LaneTransform
    /// Work space for two columns of `transform.count` elements.
    public var workspace: UnsafeMutablePointer<Float>

    /// Makes a description.
    public init(
        slices: UnsafePointer<Float>, columns: UnsafePointer<Float>, orders: UnsafePointer<OrderSpan>,
        orderCount: Int, norms: UnsafePointer<Float>, normOrderCount: Int, width: Int, beta: Float,
        logPrior: (Float, Float), transform: LaneTransform, workspace: UnsafeMutablePointer<Float>
    ) {
        unsafe self.slices = slices
        unsafe self.columns = columns
        unsafe self.orders = orders
        self.orderCount = orderCount
        unsafe self.norms = norms
        self.normOrderCount = normOrderCount
        self.width = width
        self.beta = beta
        self.logPrior = logPrior
        self.transform = transform
        unsafe self.workspace = workspace
    }
}

/// Where the evidence of the columns goes.
///
/// Safe to pass on: whoever makes one vouches that its memory is as long as said here and outlives the call.
@safe public struct EvidenceTarget: @unchecked Sendable {
    /// The image's sum over the block.
    public var running: UnsafeMutablePointer<RunningEvidence>
    /// Receives the log of each column's summed weight; two values.
    public var columnLogMass: UnsafeMutablePointer<Float>
    /// Which lanes are real directions (1) and which are padding (0).
    public var laneWeights: UnsafePointer<Float>

    /// Makes a target.
    public init(
        running: UnsafeMutablePointer<RunningEvidence>, columnLogMass: UnsafeMutablePointer<Float>,
        laneWeights: UnsafePointer<Float>
    ) {
        unsafe self.running = running
        unsafe self.columnLogMass = columnLogMass
        unsafe self.laneWeights = laneWeights
    }
}

/// A sum of exponentials relative to its largest exponent.
public struct RunningEvidence: Sendable, BitwiseCopyable {
    /// The reference: the largest tempered log-weight so far.
    public var peak: Float
    /// Σ exp(x − peak).
    public var sum: Float
    /// Σ exp(2(x − peak)).
    public var squareSum: Float

    /// Makes an empty sum.
    public init() {
        peak = -.greatestFiniteMagnitude
        sum = 0
        squareSum = 0
    }
}

/// Where the gradient of a column pair goes.
///
/// Safe to pass on: whoever makes one vouches that its memory is as long as said here and outlives the call.
@safe public struct GradientTarget: @unchecked Sendable {
    /// Logarithm of the image's evidence.
    public var logEvidence: Float
    /// Which lanes are real directions (1) and which are padding (0).
    public var laneWeights: UnsafePointer<Float>
    /// The block's gradient; shape `[entry][2][16]`.
    public var gradient: UnsafeMutablePointer<Float>
    /// The responsibilities' even angular coefficients; shape `[order][P re, P im, P′ re, P′ im][16]`.
    public var masses: UnsafeMutablePointer<Float>

    /// Makes a target.
    public init(
        logEvidence: Float, laneWeights: UnsafePointer<Float>, gradient: UnsafeMutablePointer<Float>,
        masses: UnsafeMutablePointer<Float>
    ) {
        self.logEvidence = logEvidence
        unsafe self.laneWeights = laneWeights
        unsafe self.gradient = gradient
        unsafe self.masses = masses
    }
}

/// The best point of a column pair.
public struct PosePeak: Sendable {
    /// Its tempered log-weight.
    public var value: Float
    /// The lane of the direction pair.
    public var lane: Int32
    /// Whether −d rather than d.
    public var isOpposite: Bool
    /// The column of the pair, 0 or 1.
    public var column: Int32
    /// The index of the in-plane angle.
    public var angle: Int32

    /// Makes a peak.
    public init(value: Float, lane: Int32, isOpposite: Bool, column: Int32, angle: Int32) {
        self.value = value
        self.lane = lane
        self.isOpposite = isOpposite
        self.column = column
        self.angle = angle
    }
}
