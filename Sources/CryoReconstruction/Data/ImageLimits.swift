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
            let n = image.boxSize
            var (squares, count, largest) = (0.0, 0.0, Float(0))
            for y in 0..<n {
                for x in 0..<n {
                    let value = image.pixels[y * n + x]
                    largest = max(largest, abs(value))
                    let (dx, dy) = (Double(x - n / 2), Double(y - n / 2))
                    guard dx * dx + dy * dy <= radius * radius else { continue }
                    squares += Double(value) * Double(value)
                    count += 1
                }
            }
            power = squares / max(1, count)
            extreme = Double(largest)
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
