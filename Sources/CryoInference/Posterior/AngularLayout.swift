import CryoCore
import CryoFourier
import CryoKernelInterface
import Foundation

/// Which angular orders the rings of a slice carry, and how their coefficients lie in memory.
///
/// A density of radius a in a box of edge L has, on ring k, angular orders up to about z = 2πka/L; beyond, the
/// Bessel functions J_m(z) fall off within a few z^⅓. Orders outside that triangle are left out.
struct AngularLayout: Sendable {
    /// The polar grid.
    let grid: PolarGrid
    /// The number of orders m = 0 … orderCount − 1 on the outermost ring.
    let orderCount: Int
    /// The number of (order, ring) entries.
    let entryCount: Int
    /// The even orders (0, 2, …) that CTF² carries on account of astigmatism.
    let normOrderCount: Int
    /// The rings of each order; the `count` outermost ones.
    let spans: AlignedBuffer<OrderSpan>
    /// exp(2πi j / N_ψ); shape `[angle]`.
    let unitCircle: [Complex]
    /// The highest order of each ring.
    let highestOrders: [Int]
    /// Where each ring lies in a row; see ``NodeKernels``.
    let rowSpans: AlignedBuffer<RowSpan>
    /// Floats of a row.
    let rowStride: Int
    /// Floats of a circle's values: two for each in-plane angle, rounded up to whole vectors.
    var circleLength: Int {
        (2 * grid.angleCount + PoseKernels.laneCount - 1) / PoseKernels.laneCount * PoseKernels.laneCount
    }
    /// Groups of 16 orders on the outermost ring.
    var groupCount: Int { (orderCount - 1) / PoseKernels.laneCount + 1 }

    /// Works out the layout.
    ///
    /// - Parameters:
    ///   - ringCount: The frequency limit, in rings.
    ///   - radiusFraction: a/L, the density's radius as a fraction of the box edge.
    ///   - normOrderCount: See ``normOrderCount``.
    init(ringCount: Int, radiusFraction: Double, normOrderCount: Int) {
        let limits = (1...ringCount).map { Self.highestOrder(ring: $0, radiusFraction: radiusFraction) }
        let highest = limits.last ?? 0
        highestOrders = limits
        orderCount = highest + 1
        grid = PolarGrid(
            ringCount: ringCount, angleCount: LaneFFTPlan.length(atLeast: 2 * highest + 2))
        self.normOrderCount = min(normOrderCount, (grid.angleCount / 2 - 1) / 2 + 1)
        let angleCount = grid.angleCount
        unitCircle = (0..<angleCount).map { Phase.factor(cycles: Double($0) / Double(angleCount)) }
        spans = AlignedBuffer(count: orderCount, repeating: OrderSpan(offset: 0, count: 0))
        var offset = 0
        for order in 0..<orderCount {
            let first = limits.firstIndex { $0 >= order } ?? ringCount
            spans[order] = OrderSpan(offset: Int32(offset), count: Int32(ringCount - first))
            offset += ringCount - first
        }
        entryCount = offset
        rowSpans = AlignedBuffer(count: ringCount, repeating: RowSpan(offset: 0, groups: 0))
        var place = 0
        for ring in 0..<ringCount {
            let groups = limits[ring] / PoseKernels.laneCount + 1
            rowSpans[ring] = RowSpan(offset: Int32(place), groups: Int32(groups))
            place += groups * 2 * PoseKernels.laneCount
        }
        rowStride = place
    }

    /// Where an order of a ring lies in a row; its imaginary part lies 16 floats behind.
    func rowPlace(ring: Int, order: Int) -> Int {
        let lanes = PoseKernels.laneCount
        return Int(rowSpans[ring].offset) + order / lanes * 2 * lanes + order % lanes
    }

    /// The highest order that ring k carries to about 10⁻⁴ of its amplitude.
    static func highestOrder(ring: Int, radiusFraction: Double) -> Int {
        let argument = 2 * Double.pi * Double(ring) * radiusFraction
        return Int((argument + 3 + 2.2 * cbrt(argument)).rounded(.up))
    }

    /// The entries (offset, ring index from 0) of an order.
    func entries(ofOrder order: Int) -> (offset: Int, rings: Range<Int>) {
        let span = spans[order]
        return (Int(span.offset), (grid.ringCount - Int(span.count))..<grid.ringCount)
    }

    /// How many even orders the square of an astigmatic CTF needs up to a frequency (Å⁻¹).
    ///
    /// CTF² contains cos(2χ), whose azimuthal part is x·cos 2φ with x = πλs²|U − V|; order 2j has the size J_j(x).
    static func normOrderCount(for ctfs: some Sequence<ContrastTransferFunction>, frequency: Double) -> Int {
        var largest = 0.0
        for ctf in ctfs {
            let spread = abs(ctf.defocusU - ctf.defocusV)
            largest = max(largest, .pi * ctf.wavelength * frequency * frequency * spread)
        }
        var (order, size) = (0, 1.0)
        while size > 1e-5 && order < 64 {
            order += 1
            size *= largest / 2 / Double(order)
        }
        return order
    }
}
