import CryoCore

/// Where an image's posterior was at its last visit: the columns that held most of it.
///
/// Kept in the terms of space, not of a grid, so that it outlives a change of the quadrature.
public struct PoseMemory: Sendable, Equatable {
    /// A part of the posterior.
    public struct Entry: Sendable, Equatable {
        /// The middle of the block of directions; d and −d are not told apart.
        public var direction: SIMD3<Float>
        /// The origin (see ``Pose``), in Å.
        public var origin: SIMD2<Float>
        /// Its part of the posterior's mass.
        public var mass: Float
    }

    /// The parts, largest first.
    public var entries: [Entry]

    /// Parts that are remembered of an image.
    static let capacity = 24
    /// Parts below this fraction of the largest are forgotten.
    static let smallest: Float = 1e-4
}
