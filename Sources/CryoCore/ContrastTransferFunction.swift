/// The parameters of the contrast transfer function of one particle.
///
/// `CryoFourier` evaluates it; `CryoFiles` fills it in.
public struct ContrastTransferFunction: Sendable, Equatable {
    /// The acceleration voltage, in V.
    public var voltage: Double
    /// The spherical aberration, in Å.
    public var sphericalAberration: Double
    /// The fraction of amplitude contrast, in [0, 1].
    public var amplitudeContrast: Double
    /// The larger defocus, in Å; positive is underfocus.
    public var defocusU: Double
    /// The smaller defocus, in Å; positive is underfocus.
    public var defocusV: Double
    /// From the image's x axis to the direction of ``defocusU``.
    public var defocusAngle: Angle
    /// The phase shift of a phase plate.
    public var phaseShift: Angle
    /// The envelope exp(−B s²/4), in Å².
    public var bFactor: Double
    /// A factor of the whole function.
    public var scale: Double

    /// Makes the parameters; Å, V, radians.
    public init(
        voltage: Double, sphericalAberration: Double, amplitudeContrast: Double,
        defocusU: Double, defocusV: Double, defocusAngle: Angle = .zero,
        phaseShift: Angle = .zero, bFactor: Double = 0, scale: Double = 1
    ) {
        self.voltage = voltage
        self.sphericalAberration = sphericalAberration
        self.amplitudeContrast = amplitudeContrast
        self.defocusU = defocusU
        self.defocusV = defocusV
        self.defocusAngle = defocusAngle
        self.phaseShift = phaseShift
        self.bFactor = bFactor
        self.scale = scale
    }

    /// The relativistic wavelength of the electrons, in Å.
    ///
    ///     λ = 12.2643247 / √(V (1 + 0.978466·10⁻⁶ V))
    public var wavelength: Double {
        12.264_324_7 / (voltage * (1 + 0.978466e-6 * voltage)).squareRoot()
    }
}
