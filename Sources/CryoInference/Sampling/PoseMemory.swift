import CryoCore

/// Where an image's posterior was at its last visit: the nodes that held most of it.
///
/// Kept in the terms of space, not of a grid, so that it outlives a change of the quadrature; the reaches say how
/// coarse the grid was that it was learnt on.
public struct PoseMemory: Sendable, Equatable {
    /// A part of the posterior.
    public struct Entry: Sendable, Equatable {
        /// The viewing direction; d and −d are not told apart.
        public var direction: SIMD3<Float>
        /// The origin (see ``Pose``), in Å.
        public var origin: SIMD2<Float>
        /// Its part of the posterior's mass.
        public var mass: Float

        /// Makes an entry.
        public init(direction: SIMD3<Float>, origin: SIMD2<Float>, mass: Float) {
            self.direction = direction
            self.origin = origin
            self.mass = mass
        }
    }

    /// A part of the marginal posterior of the in-plane angle.
    public struct AngleEntry: Sendable, Equatable {
        /// The angle, in radians.
        public var angle: Float
        /// Its part of the mass.
        public var mass: Float

        /// Makes an entry.
        public init(angle: Float, mass: Float) {
            self.angle = angle
            self.mass = mass
        }
    }

    /// The parts, largest first.
    public var entries: [Entry]
    /// In-plane angles, largest first; empty after an exact sum.
    public var angles: [AngleEntry]
    /// The resolution on directions with which this was learnt, in radians.
    public var directionReach: Double
    /// The same on shifts, in Å.
    public var shiftReach: Double
    /// The same on in-plane angles, in radians.
    public var angleReach: Double

    /// Parts that are remembered of an image.
    static let capacity = 64
    /// Parts below this fraction of the largest are forgotten.
    static let smallest: Float = 1e-8

    /// Makes a memory; entries must come largest first.
    public init(
        entries: [Entry], angles: [AngleEntry] = [], directionReach: Double, shiftReach: Double,
        angleReach: Double = 2 * .pi
    ) {
        let least = Self.smallest * (entries.first?.mass ?? 0)
        self.entries = entries.filter { $0.mass > least }
        self.angles = angles
        self.directionReach = directionReach
        self.shiftReach = shiftReach
        self.angleReach = angleReach
    }
}
