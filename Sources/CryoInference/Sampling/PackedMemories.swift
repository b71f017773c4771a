import CryoCore
import Foundation

/// Memories of many particles as four blocks of bytes, for checkpoints: as objects of a property list each would take kilobytes.
public struct PackedMemories: Codable, Sendable {
    /// The numbers of entries and of angles of each; `SIMD2<Int32>`.
    private var counts: Data
    /// The resolutions with which each was learnt: on directions, shifts and angles; `SIMD3<Double>`.
    private var reaches: Data
    private var entries: Data
    private var angles: Data

    /// Packs memories, in their order.
    public init(_ memories: [PoseMemory]) {
        counts = memories.map { SIMD2(Int32($0.stored.count), Int32($0.angles.count)) }.rawData
        reaches = memories.map { SIMD3($0.directionReach, $0.shiftReach, $0.angleReach) }.rawData
        entries = Array(memories.lazy.map(\.stored).joined()).rawData
        angles = Array(memories.lazy.map(\.angles).joined()).rawData
    }

    /// The memories, in their order.
    ///
    /// - Throws: `DecodingError` if the blocks do not belong together.
    public func unpacked() throws -> [PoseMemory] {
        let counts = try [SIMD2<Int32>](rawData: counts)
        let reaches = try [SIMD3<Double>](rawData: reaches)
        var entries = try [StoredEntry](rawData: entries)[...]
        var angles = try [PoseMemory.AngleEntry](rawData: angles)[...]
        func take<Element>(_ count: Int32, from all: inout ArraySlice<Element>) throws -> [Element] {
            guard count >= 0, Int(count) <= all.count else { throw Self.mismatch }
            defer { all = all.dropFirst(Int(count)) }
            return Array(all.prefix(Int(count)))
        }
        guard counts.count == reaches.count else { throw Self.mismatch }
        let memories = try zip(counts, reaches).map { count, reach in
            PoseMemory(
                stored: try take(count.x, from: &entries), angles: try take(count.y, from: &angles),
                reaches: reach)
        }
        guard entries.isEmpty, angles.isEmpty else { throw Self.mismatch }
        return memories
    }

    private static let mismatch = DecodingError.dataCorrupted(
        .init(codingPath: [], debugDescription: "memories of another number of entries"))
}
