/// Seconds of several runs of the same work.
struct Measurement {
    /// Sorted.
    let seconds: [Double]

    /// Runs `body` once unmeasured, then `count` times.
    init(count: Int, _ body: () -> Void) {
        body()
        seconds = (0..<count).map { _ in
            let start = ContinuousClock.now
            body()
            return (ContinuousClock.now - start) / .seconds(1)
        }.sorted()
    }

    private init(seconds: [Double]) { self.seconds = seconds }

    /// What this takes beyond another: medians and ranks one by one.
    func beyond(_ other: Measurement) -> Measurement {
        Measurement(seconds: zip(seconds, other.seconds).map { $0 - $1 }.sorted())
    }

    var median: Double { seconds[seconds.count / 2] }
    var least: Double { seconds[0] }
    /// The range of all runs over their median.
    var spread: Double { (seconds[seconds.count - 1] - seconds[0]) / median }
}
