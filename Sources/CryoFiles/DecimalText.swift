/// Decimal text of numbers for tables.
enum DecimalText {
    /// The number with six decimals, as RELION writes them; a whole file has millions, hence no formatter.
    static func fixed(_ value: Double) -> String {
        let scaled = (value * 1e6).rounded()
        guard abs(scaled) < 9e15 else { return "\(value)" }
        let digits = UInt64(abs(scaled))
        let fraction = String(digits % 1_000_000)
        let zeros = String(repeating: "0", count: 6 - fraction.count)
        return "\(scaled < 0 ? "-" : "")\(digits / 1_000_000).\(zeros)\(fraction)"
    }
}
