/// The range, mean and standard deviation of many values, gathered block by block.
public struct SampleStatistics: Sendable, Equatable {
    /// The number of finite values.
    public private(set) var count = 0
    /// The number of values that are not finite; they are left out of everything else.
    public private(set) var nonFiniteCount = 0
    /// The smallest value; 0 if there is none.
    public var minimum: Float { count > 0 ? lowest : 0 }
    /// The largest value; 0 if there is none.
    public var maximum: Float { count > 0 ? highest : 0 }
    /// The mean; 0 if there is no value.
    public private(set) var mean = 0.0
    /// The standard deviation, with the number of values as divisor.
    public var deviation: Double { count > 0 ? (squares / Double(count)).squareRoot() : 0 }

    private var lowest = Float.infinity
    private var highest = -Float.infinity
    /// Σ (value − mean)².
    private var squares = 0.0

    /// Makes the statistics of nothing.
    public init() {}

    /// Adds a block of values.
    ///
    /// Each block is reduced about its own mean and then merged (Chan, Golub and LeVeque 1979), so a large
    /// mean costs no precision.
    public mutating func add(_ values: [Float]) {
        var (sum, finite) = (0.0, 0)
        var (low, high) = (lowest, highest)
        for value in values where value.isFinite {
            sum += Double(value)
            finite += 1
            low = min(low, value)
            high = max(high, value)
        }
        nonFiniteCount += values.count - finite
        guard finite > 0 else { return }
        (lowest, highest) = (low, high)
        let blockMean = sum / Double(finite)
        var blockSquares = 0.0
        for value in values where value.isFinite {
            let difference = Double(value) - blockMean
            blockSquares += difference * difference
        }
        let total = Double(count + finite)
        let gap = blockMean - mean
        squares += blockSquares + gap * gap * Double(count) * Double(finite) / total
        mean += gap * Double(finite) / total
        count += finite
    }
}
