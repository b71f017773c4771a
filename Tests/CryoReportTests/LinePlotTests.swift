import Testing

@testable import CryoReport

struct LinePlotTests {
    /// The texts at the left axis.
    private func ticks(_ values: [Double], _ scale: LinePlot.Scale) -> [String] {
        let points = values.enumerated().map { (x: Double($0.offset), y: $0.element) }
        let plot = LinePlot(
            title: "", xLabel: "", yLabel: "", yScale: scale, series: [.init(name: "", points: points)])
        return plot.svg.split(separator: "\n").filter { $0.contains("text-anchor=\"end\"") }.compactMap {
            $0.firstMatch(of: /end">([^<]*)</).map { String($0.1) }
        }
    }

    /// An axis with one tick cannot be read.
    @Test(arguments: [
        ([3_000.0, 28_000], ["5000", "10000", "20000"]),
        ([1, 30_000], ["1", "10", "100", "1000", "10000"]),
        ([1.2, 8], ["2", "5"]),
        ([1e-9, 1e9], ["1e-09", "1e-06", "0.001", "1", "1000", "1e+06", "1e+09"]),
    ])
    func logarithmicAxesHaveTicks(values: [Double], expected: [String]) {
        #expect(ticks(values, .logarithmic) == expected)
    }

    @Test func ticksOfLargeNumbersDiffer() {
        let texts = ticks([0, 700_000], .linear)
        #expect(Set(texts).count == texts.count && texts.count > 3, "\(texts)")
    }
}
