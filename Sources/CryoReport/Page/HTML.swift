import Foundation

/// Pieces of HTML.
package enum HTML {
    /// Text with what HTML would understand as its own written out.
    package static func escaped(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            default: result.append(character)
            }
        }
        return result
    }

    /// A coordinate.
    package static func number(_ value: Double) -> String { String(format: "%.1f", value) }

    /// A number in a sentence; a dash for what is not finite.
    package static func text(_ value: Double, _ digits: Int) -> String {
        value.isFinite ? String(format: "%.\(digits)f", value) : "–"
    }

    /// A number at an axis.
    package static func tick(_ value: Double) -> String {
        if value == 0 { return "0" }
        let size = abs(value)
        if size >= 1e5 || size < 1e-3 { return String(format: "%.3g", value) }
        return String(format: "%g", (value * 1e6).rounded() / 1e6)
    }

    /// A picture inside the page.
    package static func image(_ picture: Picture, alt: String, class name: String = "picture")
        throws(PNGError)
        -> String
    {
        let data = try picture.png().base64EncodedString()
        return
            "<img class=\"\(name)\" width=\"\(picture.width)\" height=\"\(picture.height)\" alt=\"\(escaped(alt))\" "
            + "src=\"data:image/png;base64,\(data)\">"
    }

    /// A link that saves numbers.
    package static func download(_ csv: String, name: String) -> String {
        "<a class=\"csv\" download=\"\(name).csv\" href=\"data:text/csv;base64,\(Data(csv.utf8).base64EncodedString())\">"
            + "numbers (CSV)</a>"
    }

    /// A figure with its heading, what it means, and its numbers.
    package static func figure(
        _ id: String, _ heading: String, _ body: String, reading: String, csv: String? = nil
    )
        -> String
    {
        """
        <figure id="\(id)">
        <h2>\(escaped(heading))</h2>
        \(body)
        <figcaption>\(reading)\(csv.map { " " + download($0, name: id) } ?? "")</figcaption>
        </figure>
        """
    }

    /// A table of names and values.
    package static func table(_ rows: [(String, String)]) -> String {
        "<table>" + rows.map { "<tr><th>\(escaped($0.0))</th><td>\(escaped($0.1))</td></tr>" }.joined()
            + "</table>"
    }
}
