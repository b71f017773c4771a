/// One particle as its metadata describe it; its pixels stay on disk.
public struct Particle: Sendable, Equatable {
    /// The image as the file names it, such as `000001@stack.mrcs`.
    public var imageName: String
    /// The optics of this image.
    public var ctf: ContrastTransferFunction
    /// The optics group, 1-based as in the file.
    public var opticsGroup: Int32
    /// The half set (1 or 2) that the file gave, if any.
    public var halfSet: Int8?
    /// At most one, elsewhere in memory, since a pose is larger than all else and there may be millions of particles without.
    private var poses: [Pose]

    /// The pose that the file gave, if any.
    public var pose: Pose? {
        get { poses.first }
        set { poses = newValue.map { [$0] } ?? [] }
    }

    /// Makes a particle.
    public init(
        imageName: String, ctf: ContrastTransferFunction, opticsGroup: Int32 = 1, pose: Pose? = nil,
        halfSet: Int8? = nil
    ) {
        self.imageName = imageName
        self.ctf = ctf
        self.opticsGroup = opticsGroup
        poses = pose.map { [$0] } ?? []
        self.halfSet = halfSet
    }
}

extension [Particle] {
    /// The optics of one particle of each optics group, in no order.
    public var groupOptics: [ContrastTransferFunction] {
        Array<ContrastTransferFunction>(
            Dictionary(map { ($0.opticsGroup, $0.ctf) }) { first, _ in first }.values)
    }
}
