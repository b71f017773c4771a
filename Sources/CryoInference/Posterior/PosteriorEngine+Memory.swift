import CryoCore
import CryoKernelInterface

extension PosteriorEngine {
    /// What decides how much memory an engine takes.
    public struct Extent: Sendable {
        /// The frequency limit, in rings.
        public var ringCount: Int
        /// The density's radius over the box edge.
        public var radiusFraction: Double
        /// Even orders that the squared CTFs need.
        public var normOrderCount: Int
        /// Pairs of directions.
        public var pairCount: Double
        /// Nodes of the shift.
        public var shiftCount: Double
        /// Whether images are evaluated on drawn nodes.
        public var canSample: Bool

        /// Makes an extent.
        public init(
            ringCount: Int, radiusFraction: Double, normOrderCount: Int, pairCount: Double,
            shiftCount: Double, canSample: Bool
        ) {
            self.ringCount = ringCount
            self.radiusFraction = radiusFraction
            self.normOrderCount = normOrderCount
            self.pairCount = pairCount
            self.shiftCount = shiftCount
            self.canSample = canSample
        }
    }

    /// About the bytes of an engine, of one slice gradient, and of what is held while images are summed exactly.
    ///
    /// The terms are those of `SliceBlocks`, `ColumnBlocks`, `ShiftedRings`, `SliceGradient`, `BatchEvidence` and of a
    /// group of 256 images; in floating point, since absurd settings would overflow.
    public static func byteCount(of extent: Extent) -> (engine: Double, gradient: Double, evidence: Double) {
        let layout = AngularLayout(
            ringCount: extent.ringCount, radiusFraction: extent.radiusFraction,
            normOrderCount: extent.normOrderCount)
        let lanes = Double(PoseKernels.laneCount)
        let blocks = (extent.pairCount / lanes).rounded(.up)
        let columnPairs = (extent.shiftCount / 2).rounded(.up)
        let (points, batch) = (Double(layout.grid.pointCount), Double(batchSize))
        let gradient = 4 * blocks * Double(SliceBlocks.stride(layout) + SliceBlocks.powerStride(layout))
        let rows = extent.canSample ? 4 * blocks * lanes * Double(layout.rowStride) : 0
        let halfSlices = 8 * blocks * lanes * points
        let columns = 4 * batch * columnPairs * Double(layout.entryCount) * 4
        let phases = 4 * (extent.shiftCount / lanes).rounded(.up) * points * 2 * lanes
        let running = Double(MemoryLayout<RunningEvidence>.stride)
        return (
            engine: gradient + rows + halfSlices + columns + phases, gradient: gradient,
            evidence: batch * blocks * (running + 8 * columnPairs) + 256 * points * 12
        )
    }
}
