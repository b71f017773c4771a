import CryoCore
import Foundation

/// How view directions are spread over the sphere.
///
/// Cells of equal area: rot in 10° steps by cos tilt in steps of 1/9, Lambert's cylindrical projection.
struct ViewDirections {
    static let columns = 36
    static let rows = 18
    /// Particles in each cell; shape `[row][column]`, from cos tilt = 1 down.
    let counts: [Int]

    init(_ rotations: [Rotation]) {
        var counts = [Int](repeating: 0, count: Self.columns * Self.rows)
        for rotation in rotations {
            let direction = rotation.row2
            let rot = atan2(direction.y, direction.x) / (2 * .pi) + 0.5
            let column = min(Self.columns - 1, Int(rot * Double(Self.columns)))
            let row = min(Self.rows - 1, Int((1 - direction.z) / 2 * Double(Self.rows)))
            counts[row * Self.columns + column] += 1
        }
        self.counts = counts
    }

    /// The part of the sphere that would hold these directions if they were even on it; 1 is even.
    ///
    /// N²/(C (Σn² − N)) over C cells: chance alone makes Σn² larger by N.
    var coverage: Double {
        let total = counts.reduce(0, +)
        let squares = counts.reduce(0.0) { $0 + Double($1) * Double($1) } - Double(total)
        guard squares > 0 else { return 1 }
        return min(1, Double(total) * Double(total) / (Double(counts.count) * squares))
    }

    var svg: String {
        let (cell, left, top) = (16.0, 80.0, 14.0)
        let (width, height) = (left + cell * Double(Self.columns) + 26, top + cell * Double(Self.rows) + 48)
        let most = max(1, counts.max() ?? 1)
        var parts = [
            "<svg class=\"plot\" role=\"img\" aria-label=\"View directions\" viewBox=\"0 0 \(Int(width)) \(Int(height))\">"
        ]
        for (index, count) in counts.enumerated() {
            let (row, column) = index.quotientAndRemainder(dividingBy: Self.columns)
            parts.append(
                "<rect x=\"\(left + cell * Double(column))\" y=\"\(top + cell * Double(row))\" width=\"\(cell + 0.3)\" "
                    + "height=\"\(cell + 0.3)\" fill=\"\(Self.colour(Double(count) / Double(most)))\">"
                    + "<title>\(count)</title></rect>")
        }
        let bottom = top + cell * Double(Self.rows)
        for rot in stride(from: -180, through: 180, by: 60) {
            let x = left + Double(rot + 180) / 360 * cell * Double(Self.columns)
            parts.append("<text x=\"\(x)\" y=\"\(bottom + 18)\" text-anchor=\"middle\">\(rot)°</text>")
        }
        for tilt in [0, 41, 60, 90, 120, 139, 180] {
            let y = top + (1 - cos(Double(tilt) * .pi / 180)) / 2 * cell * Double(Self.rows)
            parts.append(
                "<text x=\"\(left - 6)\" y=\"\(HTML.number(y + 4))\" text-anchor=\"end\">\(tilt)°</text>")
        }
        parts.append("<text x=\"\(left + cell * 18)\" y=\"\(bottom + 38)\" text-anchor=\"middle\">rot</text>")
        let middle = top + cell * 9
        parts.append(
            "<text x=\"18\" y=\"\(middle)\" text-anchor=\"middle\" transform=\"rotate(-90 18 \(middle))\">tilt</text>"
        )
        parts.append("</svg>")
        let keys = [0.0, 0.25, 0.5, 0.75, 1].enumerated().map {
            "<rect x=\"\(26 * $0)\" width=\"26\" height=\"12\" fill=\"\(Self.colour($1))\"/>"
        }
        let scale = "<svg class=\"key\" viewBox=\"0 0 130 12\" aria-hidden=\"true\">\(keys.joined())</svg>"
        return parts.joined(separator: "\n") + "<p class=\"scale\">0 \(scale) \(most) particles a cell</p>"
    }

    var csv: String {
        let lines = counts.enumerated().map { index, count in
            let (row, column) = index.quotientAndRemainder(dividingBy: Self.columns)
            return "\(column * 10 - 175),\(HTML.tick(1 - (2 * Double(row) + 1) / Double(Self.rows))),\(count)"
        }
        return (["rot (degrees),cos tilt,particles"] + lines).joined(separator: "\n") + "\n"
    }

    /// From dark blue over green to yellow, even in lightness, readable to the colour-blind.
    static func colour(_ value: Double) -> String {
        let stops: [(Double, Double, Double)] = [
            (68, 1, 84), (59, 82, 139), (33, 145, 140), (94, 201, 98), (253, 231, 37),
        ]
        let place = max(0, min(1, value)) * Double(stops.count - 1)
        let index = min(stops.count - 2, Int(place))
        let fraction = place - Double(index)
        func mix(_ a: Double, _ b: Double) -> Int { Int((a + (b - a) * fraction).rounded()) }
        let (a, b) = (stops[index], stops[index + 1])
        return "rgb(\(mix(a.0, b.0)),\(mix(a.1, b.1)),\(mix(a.2, b.2)))"
    }
}
