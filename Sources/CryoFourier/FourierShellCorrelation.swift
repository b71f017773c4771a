import CryoCore

/// The correlation of two densities, shell by shell.
///
///     FSC(k) = Re Σ F₁ F₂* / √(Σ|F₁|² Σ|F₂|²)        over the shell |k| ∈ [k − ½, k + ½)
public struct FourierShellCorrelation: Sendable, Codable {
    /// The edge of the box, in Å: shell k lies at the resolution `boxLength / k`.
    public let boxLength: Double
    /// The correlation of shell k; index 0 is the mean.
    public let correlations: [Double]

    /// Makes a curve from its values.
    public init(boxLength: Double, correlations: [Double]) {
        self.boxLength = boxLength
        self.correlations = correlations
    }

    /// The shell of a frequency: the nearest whole number to |k|.
    public static func shell(_ kx: Int, _ ky: Int, _ kz: Int) -> Int {
        Int(Double(kx * kx + ky * ky + kz * kz).squareRoot() + 0.5)
    }

    /// Correlates two densities of equal box.
    public init(_ first: Volume, _ second: Volume) {
        self.init(FourierVolume(first), FourierVolume(second))
    }

    /// Correlates two transforms of equal box, up to the shell below Nyquist.
    public init(_ first: FourierVolume, _ second: FourierVolume) {
        precondition(first.boxSize == second.boxSize, "densities of different boxes have no common shells")
        let n = first.boxSize
        let shellCount = n / 2
        var crossed = [Double](repeating: 0, count: shellCount)
        var power1 = crossed
        var power2 = crossed
        first.forEachFrequency { offset, kx, ky, kz in
            let shell = Self.shell(kx, ky, kz)
            guard shell < shellCount else { return }
            let (a, b) = (first.coefficients[offset], second.coefficients[offset])
            // Stored once, present twice in the full cube.
            let weight: Double = kx == 0 ? 1 : 2
            crossed[shell] += weight * Double((a * b).sum())
            power1[shell] += weight * Double((a * a).sum())
            power2[shell] += weight * Double((b * b).sum())
        }
        let correlations = (0..<shellCount).map { shell in
            let norm = (power1[shell] * power2[shell]).squareRoot()
            return norm > 0 ? crossed[shell] / norm : 0
        }
        self.init(boxLength: Double(n) * first.pixelSize, correlations: correlations)
    }

    /// The curve up to a shell.
    public func cut(after shell: Int) -> FourierShellCorrelation {
        FourierShellCorrelation(boxLength: boxLength, correlations: Array(correlations.prefix(shell + 1)))
    }

    /// Whether the curve falls below a threshold before it ends.
    public func falls(below threshold: Double) -> Bool {
        correlations.dropFirst().contains { $0 < threshold }
    }

    /// Where the curve first falls below `threshold`, in Å, by linear interpolation between shells.
    ///
    /// Infinity if it never reaches the threshold; the last shell's resolution if it never falls.
    public func resolution(at threshold: Double) -> Double {
        for shell in 1..<max(correlations.count, 1) where correlations[shell] < threshold {
            guard shell > 1 else { return .infinity }
            let (above, below) = (correlations[shell - 1], correlations[shell])
            let position = Double(shell - 1) + (above - threshold) / (above - below)
            return boxLength / position
        }
        return boxLength / Double(max(correlations.count - 1, 1))
    }
}
