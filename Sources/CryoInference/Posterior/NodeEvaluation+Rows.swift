import CryoCore
import CryoKernelInterface
import Foundation

// Safe, in this file: rows have the length that `layout` says, circles are rounded up to whole vectors, and the scratch was made for both.

/// What the kernels are given: rows of shifted images, norm terms, descriptions of nodes.
extension NodeEvaluation {
    /// The rows of the drawn shifts, prepared 16 shifts at a time.
    func fillColumns() {
        let (lanes, work) = unsafe (PoseKernels.laneCount, laneScratch.workspace.pointer)
        let centred = engine.rings.centred(image, ringWeights: ringWeights)
        let forward = laneScratch.transform(isInverse: false)
        for group in 0..<engine.rings.groupCount {
            let shifts = (group * lanes..<min(rowOfShift.count, (group + 1) * lanes)).filter {
                rowOfShift[$0] >= 0
            }
            guard !shifts.isEmpty else { continue }
            for ring in 0..<layout.grid.ringCount {
                unsafe engine.rings.load(centred, group: group, ring: ring, work)
                unsafe engine.kernels.transform(forward, work)
                for shift in shifts {
                    let row = unsafe scratch.columns.pointer + rowOfShift[shift] * layout.rowStride
                    let source = unsafe work + shift % lanes
                    for order in 0...layout.highestOrders[ring] {
                        let place = layout.rowPlace(ring: ring, order: order)
                        unsafe row[place] = source[order * 2 * lanes]
                        unsafe row[place + lanes] = source[order * 2 * lanes + lanes]
                    }
                }
            }
        }
    }

    func ctfPowers() -> [Float] {
        let rings = layout.grid.ringCount
        var powers = [Float](repeating: 0, count: layout.normOrderCount * 2 * rings)
        for order in 0..<layout.normOrderCount {
            for ring in 0..<rings {
                let value = engine.rings.ctfPower(
                    of: image, ring: ring, order: order, weight: ringWeights[ring])
                powers[2 * order * rings + ring] = value.x
                powers[(2 * order + 1) * rings + ring] = value.y
            }
        }
        return powers
    }

    /// The norm term of one direction: Σpc, Σqs, Σps, Σqc of each even order.
    func fillNorms(_ direction: Int, _ ctfPowers: [Float]) {
        let (lanes, rings) = (PoseKernels.laneCount, layout.grid.ringCount)
        let (block, lane) = direction.quotientAndRemainder(dividingBy: lanes)
        let powers = unsafe engine.slices.powers.pointer + block * SliceBlocks.powerStride(layout) + lane
        for order in 0..<layout.normOrderCount {
            var (pc, qs, ps, qc): (Float, Float, Float, Float) = (0, 0, 0, 0)
            for ring in 0..<rings {
                let p = unsafe powers[(2 * order * rings + ring) * lanes]
                let q = unsafe powers[((2 * order + 1) * rings + ring) * lanes]
                let (c, s) = (
                    ctfPowers[2 * order * rings + ring], ctfPowers[(2 * order + 1) * rings + ring]
                )
                pc += p * c
                qs += q * s
                ps += p * s
                qc += q * c
            }
            let norms = unsafe scratch.norms.pointer + 4 * order
            unsafe (norms[0], norms[1], norms[2], norms[3]) = (pc, qs, ps, qc)
        }
    }

    func pair(_ node: NodeDraw.Node) -> NodePair {
        unsafe NodePair(
            slice: engine.slices.rows.pointer + Int(node.direction) * layout.rowStride,
            column: scratch.columns.pointer + rowOfShift[Int(node.shift)] * layout.rowStride,
            rings: layout.rowSpans.pointer, ringCount: layout.grid.ringCount,
            groupCount: layout.groupCount, orderCount: layout.orderCount, norms: scratch.norms.pointer,
            normOrderCount: layout.normOrderCount, angleCount: layout.grid.angleCount,
            workspace: scratch.circle.pointer)
    }

    func circle(_ node: NodeDraw.Node, minus logEvidence: Float = 0) -> Circle {
        unsafe Circle(
            values: scratch.circle.pointer, angleCount: layout.grid.angleCount, beta: beta,
            offset: logPriors[Int(node.shift)] - log(node.inclusion) - logEvidence,
            logWeights: scratch.angleLogWeights.pointer, inclusions: scratch.angleInclusions.pointer)
    }

    /// Leaves the log-likelihoods of all in-plane angles of a node in the work space.
    func evaluateCircle(_ node: NodeDraw.Node) {
        kernels.correlate(pair(node))
        unsafe transform.inverse(scratch.circle.pointer)
    }
}
