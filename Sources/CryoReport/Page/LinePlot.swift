import Foundation

/// A line plot as SVG that follows the page's colours, with the numbers behind it.
package struct LinePlot {
    /// One curve.
    package struct Series {
        var name: String
        var points: [(x: Double, y: Double)]
        /// Drawn in dashes.
        var isDashed: Bool

        /// Makes a curve.
        package init(name: String, points: [(x: Double, y: Double)], isDashed: Bool = false) {
            self.name = name
            self.points = points
            self.isDashed = isDashed
        }
    }

    /// How an axis counts.
    package enum Scale: Equatable {
        case linear, logarithmic
        /// At 1/Å spacing, with labels in Å.
        case resolution
    }

    /// What it shows.
    package var title: String
    var xLabel: String
    var yLabel: String
    var xScale: Scale
    var yScale: Scale
    var series: [Series]
    /// Horizontal lines with their names.
    var thresholds: [(value: Double, name: String)]
    /// The least range of y.
    var yRange: ClosedRange<Double>?

    /// Makes a plot.
    package init(
        title: String, xLabel: String, yLabel: String, xScale: Scale = .linear, yScale: Scale = .linear,
        series: [Series], thresholds: [(value: Double, name: String)] = [], yRange: ClosedRange<Double>? = nil
    ) {
        self.title = title
        self.xLabel = xLabel
        self.yLabel = yLabel
        self.xScale = xScale
        self.yScale = yScale
        self.series = series
        self.thresholds = thresholds
        self.yRange = yRange
    }

    private static let size = (width: 640.0, height: 340.0)
    private static let margin = (left: 86.0, right: 16.0, top: 14.0, bottom: 50.0)

    /// The figure.
    package var svg: String {
        let drawn = series.map { curve in
            var curve = curve
            curve.points = curve.points.filter { place($0) != nil }
            return curve
        }.filter { !$0.points.isEmpty }
        guard let frame = Frame(self, drawn) else { return "<p class=\"empty\">No data for this figure.</p>" }
        var parts = [
            "<svg class=\"plot\" role=\"img\" aria-label=\"\(HTML.escaped(title))\" viewBox=\"0 0 \(Int(Self.size.width)) "
                + "\(Int(Self.size.height))\">"
        ]
        parts += axes(frame)
        for (value, name) in thresholds where frame.y.contains(value) {
            let y = frame.screenY(value)
            parts.append(
                "<line class=\"threshold\" x1=\"\(Self.margin.left)\" x2=\"\(Self.size.width - Self.margin.right)\" "
                    + "y1=\"\(HTML.number(y))\" y2=\"\(HTML.number(y))\"/>"
                    + "<text class=\"note\" x=\"\(Self.size.width - Self.margin.right - 2)\" y=\"\(HTML.number(y - 4))\" "
                    + "text-anchor=\"end\">\(HTML.escaped(name))</text>")
        }
        for (index, curve) in drawn.enumerated() { parts.append(path(curve, index, frame)) }
        return (parts + ["</svg>", legend(drawn)]).joined(separator: "\n")
    }

    /// The numbers, a row each.
    package var csv: String {
        let lines = series.flatMap { curve in curve.points.map { "\(curve.name),\($0.x),\($0.y)" } }
        let x = xScale == .resolution ? "frequency (1/Å)" : xLabel
        return (["series,\(x),\(yLabel)"] + lines).joined(separator: "\n") + "\n"
    }

    /// Where a point lies before it is brought to the screen; nil if it cannot be drawn.
    private func place(_ point: (x: Double, y: Double)) -> (x: Double, y: Double)? {
        let y = yScale == .logarithmic ? (point.y > 0 ? log10(point.y) : .nan) : point.y
        let x = xScale == .logarithmic ? (point.x > 0 ? log10(point.x) : .nan) : point.x
        return x.isFinite && y.isFinite ? (x, y) : nil
    }

    /// The ranges, and how they come to the screen.
    private struct Frame {
        let x: ClosedRange<Double>
        let y: ClosedRange<Double>

        init?(_ plot: LinePlot, _ series: [Series]) {
            let places = series.flatMap { $0.points.compactMap(plot.place) }
            guard let left = places.map(\.x).min(), let right = places.map(\.x).max(),
                let low = places.map(\.y).min(), let high = places.map(\.y).max()
            else { return nil }
            x = left < right ? left...right : (left - 0.5)...(right + 0.5)
            let least = plot.yRange
            let (bottom, top) = (min(low, least?.lowerBound ?? low), max(high, least?.upperBound ?? high))
            // A value that does not change stands in the middle.
            let pad = plot.yScale == .logarithmic || bottom == 0 ? 0.5 : abs(bottom) / 2
            y = bottom < top ? bottom...top : (bottom - pad)...(top + pad)
        }

        func screenX(_ value: Double) -> Double {
            let width = size.width - margin.left - margin.right
            return margin.left + (value - x.lowerBound) / (x.upperBound - x.lowerBound) * width
        }

        func screenY(_ value: Double) -> Double {
            let height = size.height - margin.top - margin.bottom
            return size.height - margin.bottom - (value - y.lowerBound) / (y.upperBound - y.lowerBound)
                * height
        }
    }

    private func path(_ curve: Series, _ index: Int, _ frame: Frame) -> String {
        let points = curve.points.compactMap(place).map {
            "\(HTML.number(frame.screenX($0.x))),\(HTML.number(frame.screenY($0.y)))"
        }
        return "<polyline class=\"curve c\(index % 6)\(curve.isDashed ? " dashed" : "")\" "
            + "points=\"\(points.joined(separator: " "))\"/>"
    }

    private func legend(_ drawn: [Series]) -> String {
        guard drawn.count > 1 else { return "" }
        let items = drawn.enumerated().map { index, curve in
            "<li><span class=\"swatch c\(index % 6)\(curve.isDashed ? " dashed" : "")\"></span>\(HTML.escaped(curve.name))</li>"
        }
        return "<ul class=\"legend\">\(items.joined())</ul>"
    }

    private func axes(_ frame: Frame) -> [String] {
        let (left, right) = (Self.margin.left, Self.size.width - Self.margin.right)
        let (top, bottom) = (Self.margin.top, Self.size.height - Self.margin.bottom)
        var parts = [String]()
        for (value, text) in ticks(frame.x, xScale) {
            let x = HTML.number(frame.screenX(value))
            parts.append("<line class=\"grid\" x1=\"\(x)\" x2=\"\(x)\" y1=\"\(top)\" y2=\"\(bottom)\"/>")
            parts.append("<text x=\"\(x)\" y=\"\(bottom + 18)\" text-anchor=\"middle\">\(text)</text>")
        }
        for (value, text) in ticks(frame.y, yScale) {
            let y = frame.screenY(value)
            parts.append(
                "<line class=\"grid\" x1=\"\(left)\" x2=\"\(right)\" y1=\"\(HTML.number(y))\" y2=\"\(HTML.number(y))\"/>"
            )
            parts.append(
                "<text x=\"\(left - 8)\" y=\"\(HTML.number(y + 4))\" text-anchor=\"end\">\(text)</text>")
        }
        parts.append(
            "<rect class=\"frame\" x=\"\(left)\" y=\"\(top)\" width=\"\(right - left)\" height=\"\(bottom - top)\"/>"
        )
        parts.append(
            "<text x=\"\((left + right) / 2)\" y=\"\(Self.size.height - 10)\" text-anchor=\"middle\">\(HTML.escaped(xLabel))</text>"
        )
        let middle = (top + bottom) / 2
        parts.append(
            "<text x=\"18\" y=\"\(middle)\" text-anchor=\"middle\" transform=\"rotate(-90 18 \(middle))\">"
                + "\(HTML.escaped(yLabel))</text>")
        return parts
    }

    private func ticks(_ range: ClosedRange<Double>, _ scale: Scale) -> [(Double, String)] {
        switch scale {
        case .linear: return Self.steps(range).map { ($0, HTML.tick($0)) }
        case .logarithmic: return Self.decades(range).map { (log10($0), HTML.tick($0)) }
        case .resolution:
            let nice: [Double] = [
                100, 50, 40, 30, 25, 20, 16, 14, 12, 10, 9, 8, 7, 6, 5, 4.5, 4, 3.5, 3, 2.5, 2, 1.5,
            ]
            var last = -Double.infinity
            let width = range.upperBound - range.lowerBound
            return nice.filter { resolution in
                let frequency = 1 / resolution
                guard range.contains(frequency), frequency - last > width / 14 else { return false }
                last = frequency
                return true
            }.map { (1 / $0, HTML.tick($0)) }
        }
    }

    /// Powers of ten, with twice and five times them where there are few.
    private static func decades(_ range: ClosedRange<Double>) -> [Double] {
        let powers = Int(range.lowerBound.rounded(.down))...Int(range.upperBound.rounded(.up))
        let stride = max(1, (powers.count - 1) / 6)
        let multiples: [Double] = powers.count > 4 ? [1] : [1, 2, 5]
        return powers.filter { $0 % stride == 0 }
            .flatMap { power in multiples.map { $0 * pow(10, Double(power)) } }
            .filter { range.contains(log10($0)) }
    }

    private static func steps(_ range: ClosedRange<Double>) -> [Double] {
        let raw = (range.upperBound - range.lowerBound) / 5
        let power = pow(10, log10(raw).rounded(.down))
        let step = [1, 2, 2.5, 5, 10].map { $0 * power }.first { $0 >= raw * 0.999 } ?? raw
        let first = (range.lowerBound / step).rounded(.up)
        let last = (range.upperBound / step + 1e-9).rounded(.down)
        guard last >= first, last - first < 50 else { return [] }
        return (0...Int(last - first)).map { (first + Double($0)) * step }
    }
}
