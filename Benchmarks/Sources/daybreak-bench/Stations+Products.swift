import CryoCore
import CryoInference
import CryoKernelInterface
import Foundation

/// The products over rings by themselves, in the shape that the evidence has.
extension Stations {
    /// Column pairs that pass one block of slices, as those of a batch of images do.
    private static let pairCount = 256

    /// Products of one block with many column pairs.
    ///
    /// The time of the evidence's kernel beyond what it takes without them. Its transform has no passes here; what is left beside the
    /// products, exponentials and sums above all, is the same both times.
    func measureProducts() {
        let (grid, lanes) = (scene.engine.grid, PoseKernels.laneCount)
        let circles = scene.engine.directions.pairCount * scene.engine.shifts.offsets.count
        let spans = Self.spans(
            entryCount: Int(scene.engine.arithmetic.products) / 8 / circles, ringCount: grid.ringCount,
            most: grid.angleCount / 2)
        let entryCount = spans.reduce(0) { $0 + Int($1.count) }
        let orders = AlignedBuffer(count: spans.count, repeating: OrderSpan(offset: 0, count: 0))
        for (order, span) in spans.enumerated() { orders[order] = span }
        let slices = AlignedBuffer<Float>(count: entryCount * 2 * lanes, repeating: 0.5)
        let columns = AlignedBuffer<Float>(count: Self.pairCount * entryCount * 4, repeating: 0.5)
        let norms = AlignedBuffer<Float>(count: 4 * lanes, repeating: 0)
        let (radices, twiddles) = (
            AlignedBuffer<Int32>(count: 1, repeating: 1), AlignedBuffer<Float>(count: 1, repeating: 0)
        )
        let spaceSize = 2 * grid.angleCount * 2 * lanes
        let spaces = (0..<report.threads).map { _ in AlignedBuffer<Float>(count: 2 * spaceSize, repeating: 0)
        }
        let weights = AlignedBuffer<Float>(count: lanes, repeating: 1)
        func time(orderCount: Int) -> Measurement {
            Measurement(count: runs) {
                scene.parallel.forEachWorker(report.threads) { _, thread in
                    let space = spaces[thread].start
                    let masses = AlignedBuffer<Float>(count: 2, repeating: 0)
                    let running = AlignedBuffer(count: 1, repeating: RunningEvidence())
                    let transform = LaneTransform(
                        count: grid.angleCount, radices: radices.start, passCount: 0,
                        twiddles: twiddles.start, scratch: space + spaceSize, isInverse: true)
                    for pair in 0..<Self.pairCount {
                        KernelSet.best.accumulateEvidence(
                            ColumnPair(
                                slices: slices.start, columns: columns.start + pair * entryCount * 4,
                                orders: orders.start, orderCount: orderCount, norms: norms.start,
                                normOrderCount: 1, width: 2, beta: 1e-3, logPrior: (0, 0),
                                transform: transform, workspace: space),
                            EvidenceTarget(
                                running: running.start, columnLogMass: masses.start,
                                laneWeights: weights.start))
                    }
                }
            }
        }
        let pairs = report.threads * Self.pairCount
        report.line(
            "\(label): products alone", time(orderCount: spans.count).beyond(time(orderCount: 1)),
            items: pairs,
            of: "column pair", flops: Double(pairs * 2 * lanes * 8 * entryCount))
    }

    /// As many (order, ring) entries as the layout has, in its triangular shape: low orders on all rings, high ones on the outer.
    private static func spans(entryCount: Int, ringCount: Int, most: Int) -> [OrderSpan] {
        var (spans, offset) = ([OrderSpan](), 0)
        let orderCount = min(most, 2 * entryCount / ringCount)
        for order in 0..<orderCount {
            let rest = entryCount - offset
            let count = min(rest, max(1, ringCount - order * ringCount / orderCount))
            guard count > 0 else { break }
            spans.append(OrderSpan(offset: Int32(offset), count: Int32(count)))
            offset += count
        }
        return spans
    }
}
