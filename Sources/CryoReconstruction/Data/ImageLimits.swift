import CryoCore
import Foundation

/// What a normalised image may look like, learnt from the set itself.
///
/// A crop padded with a constant has almost no background deviation, and a hot pixel has too much of everything; after
/// normalisation either outweighs all other images together. Both stand out by orders of magnitude, so the limits are
/// wide: they are multiples of the set's medians.
struct ImageLimits: Sendable, Equatable {
    /// The mean square inside the particle's circle.
    var power: ClosedRange<Double>
    /// The largest absolute value of a pixel.
    var extreme: Double

    /// No limits.
    static let none = ImageLimits(power: 0...(.greatestFiniteMagnitude), extreme: .greatestFiniteMagnitude)

    /// Limits from the measures of a sample of images; none if there is no sample.
    init(sample: [Measures]) {
        guard let middle = sample.map(\.power).median, let usual = sample.map(\.extreme).median else {
            self = .none
            return
        }
        power = middle / 20...max(middle * 20, .leastNormalMagnitude)
        extreme = 10 * usual
    }

    private init(power: ClosedRange<Double>, extreme: Double) {
        self.power = power
        self.extreme = extreme
    }

    /// What is measured on an image.
    struct Measures: Sendable {
        var power: Double
        var extreme: Double

        /// Measures a normalised image inside a circle, in pixels.
        init(_ image: Image, radius: Double) {
            let (n, pixels) = (image.boxSize, image.pixels.span)
            extreme = Double(image.largestMagnitude)
            var (squares, count) = (0.0, 0)
            for y in 0..<n {
                let dy = Double(y - n / 2)
                guard abs(dy) <= radius else { continue }
                let reach = Int((radius * radius - dy * dy).squareRoot())
                let columns = max(0, n / 2 - reach)..<min(n, n / 2 + reach + 1)
                let row = pixels.extracting(y * n + columns.lowerBound..<y * n + columns.upperBound)
                for place in row.indices { squares += Double(row[place]) * Double(row[place]) }
                count += columns.count
            }
            power = squares / Double(max(1, count))
        }
    }

    /// Why an image is out of bounds, in the form of ``ParticleImages/setAside``; nil if it is not.
    func objection(to measures: Measures) -> String? {
        if measures.extreme > extreme {
            return String(
                format: "a pixel stands out: %.3g background deviations, ten times more than usual",
                measures.extreme)
        }
        guard power.contains(measures.power) else {
            return String(
                format: "the power inside the circle stands out: %.3g, outside %.3g to %.3g", measures.power,
                power.lowerBound, power.upperBound)
        }
        return nil
    }
}
