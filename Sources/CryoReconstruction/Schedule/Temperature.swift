import Foundation

/// The temperature of the likelihood as a controlled variable: the effective number of poses is held on a course.
///
/// An untempered likelihood of a wrong start is already sharp, and the map freezes in a wrong minimum. So the
/// median over a minibatch of 1/Σp² follows a target that falls geometrically, and β is what makes it do so.
public struct Temperature: Sendable, Equatable, Codable {
    /// The inverse temperature β ≤ 1.
    public private(set) var beta: Double
    private var start: Double
    private let end: Double
    private var ringCount: Int?

    /// Starts a course from `start` effective poses to `end`.
    public init(start: Double, end: Double) {
        self.start = max(start, end)
        self.end = end
        beta = 1e-3
    }

    /// Sees to it that the course began where it should for images up to a frequency limit: the finer it is, the more poses
    /// there are.
    public mutating func enter(ringCount: Int, start: Double) {
        guard ringCount != self.ringCount else { return }
        self.ringCount = ringCount
        self.start = max(start, end)
    }

    /// The wanted effective number of poses at a progress from 0 to 1.
    public func target(progress: Double) -> Double { start * pow(end / start, progress) }

    /// Moves β after a minibatch whose median was `median`.
    ///
    /// The number of poses falls with some power of β: with its square to its tenth at the start of an anneal, the higher the
    /// noisier images are. So the step is damped to a tenth. With 0.35, twice what a tenth power bears, the poses of a 70S at
    /// SNR 0.05 swung between 150 and 15,000 from one minibatch to the next, and its map went wrong.
    public mutating func follow(median: Double, progress: Double) {
        let step = Self.gain * log(median / target(progress: progress))
        beta = min(1, beta * exp(max(-0.5, min(0.5, step))))
    }

    private static let gain = 0.1

    /// Finds β for the first minibatch by bisection; `median` gives the effective number of poses at a β.
    public mutating func settle(progress: Double, median: (_ beta: Double) -> Double) {
        var (low, high) = (log(1e-6), 0.0)
        for _ in 0..<12 {
            let middle = (low + high) / 2
            if median(exp(middle)) > target(progress: progress) { low = middle } else { high = middle }
        }
        beta = exp((low + high) / 2)
    }
}
