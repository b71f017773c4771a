import Foundation

/// Phase factors.
public enum Phase {
    /// exp(2πi · cycles).
    public static func factor(cycles: Double) -> Complex {
        let angle = 2 * .pi * (cycles - cycles.rounded())
        return Complex(Float(cos(angle)), Float(sin(angle)))
    }
}
