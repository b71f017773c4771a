import Foundation

/// Lines of the table.
struct Report {
    let rates: MachineRates
    let threads: Int

    /// A case, with the operations it does (`flops`) or the bytes that it must move at least.
    func line(
        _ name: String, _ time: Measurement, items: Int, of unit: String, flops: Double = 0, bytes: Double = 0
    ) {
        var (rate, share) = ("", "")
        if flops > 0 {
            let speed = 1e-9 * flops / time.median
            rate = "\(speed.formatted(1)) GF/s"
            share = "\((100 * speed / (rates.sgemm * Double(threads))).formatted(0)) % of sgemm"
        } else if bytes > 0 {
            let speed = 1e-9 * bytes / time.median
            rate = "\(speed.formatted(1)) GB/s"
            share = "\((100 * speed / rates.bandwidth).formatted(0)) % of bandwidth"
        }
        func each(_ seconds: Double) -> String {
            "\((1e3 * seconds / Double(items)).formatted(3)) ms/\(unit)"
        }
        print(
            "| \(name) | \(each(time.median)) | \(each(time.least)) | \((100 * time.spread).formatted(0)) % | \(rate) | \(share) |"
        )
    }
}

extension Double {
    /// Decimal digits behind the point.
    func formatted(_ digits: Int) -> String { String(format: "%.\(digits)f", self) }
}
