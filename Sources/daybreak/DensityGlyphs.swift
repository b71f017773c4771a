import CryoCore
import CryoReport

/// A density as a terminal can paint it: two pixels a character, the upper half in the foreground's colour.
enum DensityGlyphs {
    /// The sums along z, in lines of `columns` characters, each half as high as it is wide.
    static func lines(_ volume: Volume, columns: Int, colours: TerminalScreen.Colours) -> [String] {
        let picture = Picture(volume.lineSum(.z), size: columns)
        return stride(from: 0, to: columns - 1, by: 2).map { row in
            let cells = (0..<columns).map { column in
                let (upper, lower) = (picture[column, row][0], picture[column, row + 1][0])
                return code(38, upper, colours) + code(48, lower, colours) + "▀"
            }
            return cells.joined() + "\u{1B}[0m"
        }
    }

    /// The escape sequence of a shade; `role` is 38 for the foreground, 48 for the background.
    private static func code(_ role: Int, _ shade: UInt8, _ colours: TerminalScreen.Colours) -> String {
        switch colours {
        case .none: return ""
        // The palette's grays, 232 to 255.
        case .palette: return "\u{1B}[\(role);5;\(232 + Int(shade) * 23 / 255)m"
        case .full:
            let (red, green, blue) = tint(Double(shade) / 255)
            return "\u{1B}[\(role);2;\(red);\(green);\(blue)m"
        }
    }

    /// From night over blue to white.
    private static func tint(_ value: Double) -> (Int, Int, Int) {
        let stops = [(12.0, 16.0, 24.0), (60.0, 125.0, 180.0), (235.0, 245.0, 255.0)]
        let index = value < 0.5 ? 0 : 1
        let part = value * 2 - Double(index)
        func mix(_ a: Double, _ b: Double) -> Int { Int((a + (b - a) * part).rounded()) }
        let (a, b) = (stops[index], stops[index + 1])
        return (mix(a.0, b.0), mix(a.1, b.1), mix(a.2, b.2))
    }
}
