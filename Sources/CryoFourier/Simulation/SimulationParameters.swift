import CryoCore

/// How the particles of a simulated data set lie.
public enum OrientationDistribution: Sendable, Equatable {
    /// Every orientation is equally probable.
    case uniform
    /// Viewing directions gather around axes, in equal parts: exp(κ cos α), α the angle to the axis.
    ///
    /// In-plane angles stay uniform. `uniformFraction` of the particles ignore the axes.
    case preferred(axes: [SIMD3<Double>], concentration: Double, uniformFraction: Double)
}

/// What a simulated data set is like.
public struct SimulationParameters: Sendable, Equatable {
    /// The number of particles.
    public var particleCount = 1000
    /// The diameter of the circle that holds the particle, in Å; signal is measured inside it.
    public var diameter = 250.0
    /// The acceleration voltage, in V.
    public var voltage = 300_000.0
    /// The spherical aberration, in Å.
    public var sphericalAberration = 2.7e7
    /// The fraction of amplitude contrast.
    public var amplitudeContrast = 0.1
    /// The mean defocus is drawn uniformly from this range, in Å.
    public var defocusRange = 10_000.0...25_000.0
    /// If not empty, mean defoci are drawn from this list instead, in Å.
    public var defoci: [Double] = []
    /// The largest difference of the two defoci, in Å; drawn uniformly from zero.
    public var astigmatism = 200.0
    /// The standard deviation of the origin along each axis, in Å.
    public var shiftSigma = 5.0
    /// The signal-to-noise ratio as ``ParticleSimulator`` defines it; infinity leaves the noise away.
    public var signalToNoise = 0.1
    /// The standard deviation of how strongly images show the particle; the mean is 1, the least 0.1.
    public var scaleSigma = 0.0
    /// The envelope exp(−B s²/4) of every image, in Å².
    public var bFactor = 0.0
    /// How the particles lie.
    public var orientations = OrientationDistribution.uniform
    /// The fraction of images that hold no usable particle: half pure noise, half far off the centre.
    public var junkFraction = 0.0
    /// Chooses the data set.
    public var seed: UInt64 = 1
    /// The name of the image stack that the particles' image names refer to.
    public var stackName = "particles.mrcs"

    /// Makes the default data set.
    public init() {}

    /// The optics of a defocus; angle in radians.
    func ctf(defocus: Double, difference: Double, angle: Double) -> ContrastTransferFunction {
        ContrastTransferFunction(
            voltage: voltage, sphericalAberration: sphericalAberration,
            amplitudeContrast: amplitudeContrast, defocusU: defocus + difference / 2,
            defocusV: defocus - difference / 2, defocusAngle: Angle(radians: angle), bFactor: bFactor)
    }

    /// Checks every parameter.
    func validate() throws(SimulationError) {
        let rules: [(String, Double, Bool, String)] = [
            ("particleCount", Double(particleCount), particleCount > 0, "at least 1"),
            ("diameter", diameter, diameter > 0 && diameter.isFinite, "above 0 Å"),
            ("voltage", voltage, voltage > 0 && voltage.isFinite, "above 0 V"),
            ("sphericalAberration", sphericalAberration, sphericalAberration.isFinite, "finite"),
            ("amplitudeContrast", amplitudeContrast, (0...1).contains(amplitudeContrast), "in 0 … 1"),
            ("astigmatism", astigmatism, astigmatism >= 0 && astigmatism.isFinite, "at least 0 Å"),
            ("shiftSigma", shiftSigma, shiftSigma >= 0 && shiftSigma.isFinite, "at least 0 Å"),
            ("signalToNoise", signalToNoise, signalToNoise > 0, "above 0"),
            ("scaleSigma", scaleSigma, (0...2).contains(scaleSigma), "in 0 … 2"),
            ("bFactor", bFactor, bFactor.isFinite, "finite"),
            ("junkFraction", junkFraction, (0...1).contains(junkFraction), "in 0 … 1"),
        ]
        for defocus in defoci + [defocusRange.lowerBound, defocusRange.upperBound] where !defocus.isFinite {
            throw .parameter(name: "defocus", found: defocus, expected: "finite")
        }
        for (name, value, holds, expected) in rules where !holds {
            throw .parameter(name: name, found: value, expected: expected)
        }
        guard case .preferred(let axes, let concentration, let fraction) = orientations else { return }
        guard !axes.isEmpty, axes.allSatisfy({ dot($0, $0) > 0 }) else { throw .noPreferredAxis }
        guard concentration > 0 else {
            throw .parameter(name: "concentration", found: concentration, expected: "above 0")
        }
        guard (0...1).contains(fraction) else {
            throw .parameter(name: "uniformFraction", found: fraction, expected: "in 0 … 1")
        }
    }
}

/// Why a data set cannot be simulated.
public enum SimulationError: Error, Equatable, CustomStringConvertible {
    /// A parameter has a value that makes no sense.
    case parameter(name: String, found: Double, expected: String)
    /// Preferred orientations were asked for without an axis of nonzero length.
    case noPreferredAxis
    /// The density makes images without any contrast inside the particle's circle.
    case noSignal

    /// One line for the user.
    public var description: String {
        switch self {
        case .parameter(let name, let found, let expected): "\(name) is \(found); it must be \(expected)"
        case .noPreferredAxis: "preferred orientations need at least one axis of nonzero length"
        case .noSignal: "the density has no contrast inside the particle's circle"
        }
    }
}
