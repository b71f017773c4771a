import CryoCore
import CryoKernelInterface

/// What the kernels are given of an image: rows of its shifts, norm terms.
extension NodeEvaluation {
    /// The rows of the drawn shifts, prepared 16 shifts at a time.
    func fillColumns() {
        let (lanes, work) = (PoseKernels.laneCount, laneScratch.workspace)
        let centred = engine.rings.centred(image, ringWeights: ringWeights)
        for group in 0..<engine.rings.groupCount {
            let shifts = (group * lanes..<min(rowOfShift.count, (group + 1) * lanes)).filter {
                rowOfShift[$0] >= 0
            }
            guard !shifts.isEmpty else { continue }
            for ring in 0..<layout.grid.ringCount {
                engine.rings.load(centred, group: group, ring: ring, into: work)
                laneScratch.transformWorkspace(isInverse: false, engine.kernels)
                for shift in shifts {
                    let row = rowOfShift[shift] * layout.rowStride
                    for order in 0...layout.highestOrders[ring] {
                        let source = order * 2 * lanes + shift % lanes
                        let place = row + layout.rowPlace(ring: ring, order: order)
                        scratch.columns[place] = work[source]
                        scratch.columns[place + lanes] = work[source + lanes]
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
        let (powers, first) = (engine.slices.powers, block * SliceBlocks.powerStride(layout) + lane)
        for order in 0..<layout.normOrderCount {
            var (pc, qs, ps, qc): (Float, Float, Float, Float) = (0, 0, 0, 0)
            for ring in 0..<rings {
                let p = powers[first + (2 * order * rings + ring) * lanes]
                let q = powers[first + ((2 * order + 1) * rings + ring) * lanes]
                let (c, s) = (
                    ctfPowers[2 * order * rings + ring], ctfPowers[(2 * order + 1) * rings + ring]
                )
                pc += p * c
                qs += q * s
                ps += p * s
                qc += q * c
            }
            let norms = 4 * order
            (scratch.norms[norms], scratch.norms[norms + 1]) = (pc, qs)
            (scratch.norms[norms + 2], scratch.norms[norms + 3]) = (ps, qc)
        }
    }

    /// Leaves the log-likelihoods of all in-plane angles of a node in the work space.
    func evaluateCircle(_ node: NodeDraw.Node) {
        kernels.correlate(pair(node))
        transform.inverse(scratch.circle)
    }
}
