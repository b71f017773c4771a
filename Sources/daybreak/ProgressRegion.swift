import CryoReport
import Foundation

/// What the terminal shows while a run goes on: a small picture of the density and a few numbers beside it, or the numbers alone.
enum ProgressRegion {
    /// The lines, none wider than the terminal.
    static func lines(_ facts: RunFacts, part: Int? = nil, picture: [String], width: Int) -> [String] {
        guard !picture.isEmpty else { return plain(facts, part, width: width) }
        let column = max(20, width - 32)
        var texts = facts.rows.map { cut(padded($0.value, 16) + $0.name, to: column) }
        texts.insert(cut(bar(facts, part, width: min(24, column - 26)), to: column), at: 0)
        texts.insert("", at: 1)
        let above = max(0, (picture.count - texts.count) / 2)
        return picture.enumerated().map { row, glyphs in
            let index = row - above
            return glyphs + (texts.indices.contains(index) ? "   " + texts[index] : "")
        }
    }

    private static func plain(_ facts: RunFacts, _ part: Int?, width: Int) -> [String] {
        let numbers = facts.rows.map { "\($0.name) \($0.value)" }
        var rows = [""]
        for number in numbers {
            let longer = rows[rows.count - 1].isEmpty ? number : rows[rows.count - 1] + " · " + number
            if longer.count < width { rows[rows.count - 1] = longer } else { rows.append(number) }
        }
        return [cut(bar(facts, part, width: max(8, min(24, width - 34))), to: width - 1)]
            + rows.map { cut($0, to: width - 1) }
    }

    /// How much of the run, or of a part of it, is done, and how long that will still take.
    static func share(_ facts: RunFacts, part: Int?) -> String {
        let whole = part.map { " of part \($0)" } ?? ""
        return "\(Int(facts.latest.progress * 100)) %\(whole) · about \(facts.remaining) left"
    }

    private static func bar(_ facts: RunFacts, _ part: Int?, width: Int) -> String {
        let percent = Int(facts.latest.progress * 100)
        let filled = min(width, percent * width / 100)
        return String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
            + " \(share(facts, part: part))"
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(1, width - text.count))
    }

    private static func cut(_ text: String, to width: Int) -> String {
        text.count <= width ? text : String(text.prefix(max(0, width - 1))) + "…"
    }
}
