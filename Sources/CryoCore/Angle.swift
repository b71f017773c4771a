/// A plane angle; stored in radians, read and written in either unit.
public struct Angle: Sendable, Equatable, Codable, BitwiseCopyable {
    /// The angle in radians.
    public var radians: Double

    /// Makes an angle from radians.
    public init(radians: Double) { self.radians = radians }

    /// Makes an angle from degrees.
    public init(degrees: Double) { self.radians = degrees * .pi / 180 }

    /// The angle in degrees.
    public var degrees: Double { radians * 180 / .pi }

    /// The zero angle.
    public static let zero = Angle(radians: 0)
}
