import CryoCore
import Foundation

/// Where an image's posterior was at its last visit: the nodes that held most of it.
///
/// Kept in the terms of space, not of a grid, so that it outlives a change of the quadrature; the reaches say how
/// coarse the grid was that it was learnt on.
public struct PoseMemory: Sendable, Equatable {
    /// A part of the posterior.
    public struct Entry: Sendable, Equatable {
        /// The viewing direction; d and −d are not told apart.
        public var direction: SIMD3<Float>
        /// The origin (see ``CryoCore/Pose``), in Å.
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
    public struct AngleEntry: Sendable, Equatable, BitwiseCopyable {
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
    public var entries: [Entry] { stored.map(\.entry) }
    private(set) var stored: [StoredEntry]
    /// In-plane angles, largest first; empty unless they were drawn.
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
    static let smallest: Float = 1e-12

    /// Entries below this fraction of the largest are kept as modes only.
    static let light: Float = 0.01
    /// Parts that a posterior offers to its memory; many of them are neighbours of others.
    static let candidateCount = 16 * capacity
    /// The log-mass, relative to all, below which no part is offered.
    static let leastLogMass: Float = -20

    /// Makes a memory; entries must come largest first.
    ///
    /// Where the posterior is sharp the neighbours of its peak would fill the memory and crowd out lesser modes, so of the
    /// light entries only those are kept that no heavier one is near to; the proposal's kernel covers the others.
    public init(
        entries: [Entry], angles: [AngleEntry] = [], directionReach: Double, shiftReach: Double,
        angleReach: Double = 2 * .pi
    ) {
        stored = []
        self.angles = angles
        self.directionReach = directionReach
        self.shiftReach = shiftReach
        self.angleReach = angleReach
        let largest = entries.first?.mass ?? 0
        var kept = [Entry]()
        for entry in entries where entry.mass > Self.smallest * largest {
            if kept.count == Self.capacity { break }
            guard entry.mass > Self.light * largest || !isNear(entry, kept) else { continue }
            kept.append(entry)
        }
        stored = kept.map(StoredEntry.init)
    }

    /// The memory that was packed; see ``PackedMemories``.
    init(stored: [StoredEntry], angles: [AngleEntry], reaches: SIMD3<Double>) {
        self.stored = stored
        self.angles = angles
        (directionReach, shiftReach, angleReach) = (reaches.x, reaches.y, reaches.z)
    }

    /// Whether an entry lies within a step and a half of one that is kept.
    private func isNear(_ entry: Entry, _ others: [Entry]) -> Bool {
        let leastCosine = Float(cos(min(.pi / 2, 1.5 * directionReach)))
        let squaredReach = Float(2.25 * shiftReach * shiftReach)
        return others.contains { kept in
            let apart = kept.origin - entry.origin
            return abs((kept.direction * entry.direction).sum()) >= leastCosine
                && (apart * apart).sum() <= squaredReach
        }
    }

    /// This memory together with the modes that an earlier one knew and this one does not, at half their mass: a mode that
    /// happened not to be drawn is not forgotten at once.
    public func carrying(_ earlier: PoseMemory?) -> PoseMemory {
        guard let earlier else { return self }
        let present = entries
        var all = present
        let largest = present.first?.mass ?? 0
        for var entry in earlier.entries where !isNear(entry, all) {
            if all.count == Self.capacity { break }
            entry.mass = min(entry.mass / 2, largest / 2)
            guard entry.mass > Self.smallest * largest else { continue }
            all.append(entry)
        }
        guard all.count > present.count else { return self }
        var result = self
        result.stored = all.sorted { $0.mass > $1.mass }.map(StoredEntry.init)
        return result
    }
}

/// An entry in 12 bytes instead of 32: there are 64 of them for every particle of the set.
///
/// Directions to 10⁻⁴ rad on the hemisphere z ≥ 0, origins to a thirtieth of an Å: both far below any quadrature's step.
struct StoredEntry: Sendable, Equatable, BitwiseCopyable {
    private let tilt: UInt16
    private let rot: UInt16
    private let originX: Int16
    private let originY: Int16
    private let mass: Float

    private static let tiltUnit = Float.pi / 2 / 65535
    private static let rotUnit = 2 * Float.pi / 65536
    private static let originUnit: Float = 1 / 16

    init(_ entry: PoseMemory.Entry) {
        let direction = entry.direction.z < 0 ? -entry.direction : entry.direction
        tilt = UInt16(min(65535, (acos(min(1, direction.z)) / Self.tiltUnit).rounded()))
        let turn = (atan2(direction.y, direction.x) / Self.rotUnit).rounded()
        rot = UInt16(truncatingIfNeeded: Int(turn))
        func steps(_ origin: Float) -> Int16 {
            Int16(max(-32767, min(32767, (origin / Self.originUnit).rounded())))
        }
        (originX, originY) = (steps(entry.origin.x), steps(entry.origin.y))
        mass = entry.mass
    }

    var entry: PoseMemory.Entry {
        let (tilt, rot) = (Float(tilt) * Self.tiltUnit, Float(rot) * Self.rotUnit)
        return PoseMemory.Entry(
            direction: [sin(tilt) * cos(rot), sin(tilt) * sin(rot), cos(tilt)],
            origin: SIMD2<Float>(Float(originX), Float(originY)) * Self.originUnit, mass: mass)
    }
}
