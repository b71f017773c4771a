import CryoCore
import CryoKernelInterface
import Foundation

// Safe, in this file: blocks, slots and pairs lie below the counts that slices, columns and evidence were made for, and a column pair
// describes rows of one layout.

/// ★ The two passes over a batch: one block of 16 direction pairs against all images, in order.
extension PosteriorEngine {
    /// One image's column pair against one block.
    private func columnPair(
        block: Int, slot: Int, pair: Int, logPriors: [Float], beta: Float, scratch: WorkerScratch
    ) -> ColumnPair {
        let width = min(2, logPriors.count - 2 * pair)
        let normStride = layout.normOrderCount * 4 * PoseKernels.laneCount
        return unsafe ColumnPair(
            slices: slices.coefficients.pointer + block * SliceBlocks.stride(layout),
            columns: columns.coefficients.pointer + slot * columns.imageStride
                + pair * layout.entryCount * 4,
            orders: layout.spans.pointer, orderCount: layout.orderCount,
            norms: scratch.norms.pointer + slot * normStride, normOrderCount: layout.normOrderCount,
            width: width, beta: beta,
            logPrior: (logPriors[2 * pair], width > 1 ? logPriors[2 * pair + 1] : 0),
            transform: scratch.transform(isInverse: true),
            workspace: scratch.workspace.pointer)
    }

    private func fillNorms(block: Int, images: Range<Int>, scratch: WorkerScratch) {
        NormTerms.fill(
            scratch.norms, slices: slices, block: block, columns: columns, layout: layout,
            images: images, capacity: Self.batchSize)
    }

    /// First pass: the evidence of some images over one block.
    func sumEvidence(
        block: Int, images: Range<Int>, evidence: BatchEvidence, logPriors: [[Float]], beta: Float,
        scratch: WorkerScratch
    ) {
        fillNorms(block: block, images: images, scratch: scratch)
        let laneWeights = unsafe directions.laneWeights.pointer + block * PoseKernels.laneCount
        for slot in images {
            let running = unsafe evidence.running.pointer + slot * evidence.blockCount + block
            let masses =
                unsafe evidence.columnLogMass.pointer
                + (slot * evidence.blockCount + block) * 2 * evidence.pairCount
            for pair in 0..<evidence.pairCount {
                unsafe kernels.accumulateEvidence(
                    columnPair(
                        block: block, slot: slot, pair: pair, logPriors: logPriors[slot], beta: beta,
                        scratch: scratch),
                    EvidenceSettings(columnLogMass: masses + 2 * pair, laneWeights: laneWeights), running)
            }
        }
    }

    /// Second pass: the gradient of one block, from what matters of every image's posterior.
    func addGradient(
        block: Int, evidence: BatchEvidence, totals: [BatchEvidence.Total], logPriors: [[Float]],
        beta: Float, thinning: GradientThinning?, gradient: SliceGradient, scratch: WorkerScratch
    ) {
        let lanes = PoseKernels.laneCount
        // What a column may hold and still be left out, so that all of them together stay negligible.
        let cut = Float(
            log(Self.neglectedMass / Double(2 * directions.blockCount * evidence.pairCount)))
        for slot in logPriors.indices {
            let masses =
                unsafe evidence.columnLogMass.pointer
                + (slot * evidence.blockCount + block) * 2 * evidence.pairCount
            let logSum = Float(totals[slot].logSum)
            var choice = thinning?.choice(image: slot, block: block)
            var isTouched = false
            for pair in 0..<evidence.pairCount {
                // The missing half of a trailing pair holds no mass.
                let mass = unsafe max(masses[2 * pair], masses[2 * pair + 1])
                guard mass - logSum > cut else { continue }
                var weight = 1.0
                if choice != nil {
                    let pairMass =
                        unsafe exp(masses[2 * pair] - logSum) + exp(masses[2 * pair + 1] - logSum)
                    guard let kept = choice?.weight(mass: Double(pairMass)) else { continue }
                    weight = kept
                }
                if !isTouched {
                    fillNorms(block: block, images: slot..<(slot + 1), scratch: scratch)
                    scratch.masses.fill(0)
                }
                isTouched = true
                unsafe kernels.accumulateGradient(
                    columnPair(
                        block: block, slot: slot, pair: pair, logPriors: logPriors[slot], beta: beta,
                        scratch: scratch),
                    GradientTarget(
                        logEvidence: logSum - Float(log(weight)),
                        laneWeights: directions.laneWeights.pointer + block * lanes,
                        gradient: gradient.data.pointer + block * SliceBlocks.stride(layout),
                        masses: scratch.masses.pointer))
            }
            if isTouched {
                gradient.addMasses(scratch.masses, block: block, slot: slot, columns: columns)
            }
        }
    }

    /// The most probable node of an image and its log-weight, found again in the column pairs that hold most.
    func peak(
        slot: Int, heaviest: [(block: Int, pair: Int)], logPriors: [Float], beta: Float,
        scratch: WorkerScratch
    ) -> (node: PoseNode, value: Float) {
        var best = (
            node: PoseNode(direction: 0, isOpposite: false, shift: 0, angle: 0),
            value: -Float.greatestFiniteMagnitude
        )
        for (block, pair) in heaviest {
            fillNorms(block: block, images: slot..<(slot + 1), scratch: scratch)
            let peak = kernels.findPeak(
                columnPair(
                    block: block, slot: slot, pair: pair, logPriors: logPriors, beta: beta,
                    scratch: scratch))
            guard peak.value > best.value else { continue }
            best.value = peak.value
            best.node = PoseNode(
                direction: block * PoseKernels.laneCount + Int(peak.lane), isOpposite: peak.isOpposite,
                shift: 2 * pair + Int(peak.column), angle: Int(peak.angle))
        }
        return best
    }

    /// The columns that hold most of an image's posterior, as the next visit will want to know them.
    func memory(
        slot: Int, evidence: BatchEvidence, logSum: Double, centre: SIMD2<Double>
    ) -> PoseMemory {
        var heavy = [(mass: Float, block: Int, shift: Int)]()
        for block in 0..<evidence.blockCount {
            let masses =
                unsafe evidence.columnLogMass.pointer
                + (slot * evidence.blockCount + block) * 2 * evidence.pairCount
            for shift in shifts.offsets.indices
            where unsafe masses[shift] - Float(logSum) > PoseMemory.leastLogMass {
                unsafe heavy.append((exp(masses[shift] - Float(logSum)), block, shift))
            }
        }
        heavy.sort { ($0.mass, $1.block, $1.shift) > ($1.mass, $0.block, $0.shift) }
        return PoseMemory(
            entries: heavy.prefix(PoseMemory.candidateCount).map { part in
                PoseMemory.Entry(
                    direction: directions.blockCentres[part.block],
                    origin: SIMD2<Float>(centre + shifts.offsets[part.shift]), mass: part.mass)
            },
            directionReach: directions.blockRadius, shiftReach: shifts.spacing)
    }
}
