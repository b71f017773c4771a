import CryoCore
import CryoKernelInterface
import Foundation

/// ★ The two passes over a batch: one block of 16 direction pairs against all images, in order.
extension PosteriorEngine {
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
        for slot in images {
            for pair in 0..<evidence.pairCount {
                kernels.accumulateEvidence(
                    columnPair(
                        block: block, slot: slot, pair: pair, logPriors: logPriors[slot], beta: beta,
                        scratch: scratch),
                    evidenceTarget(evidence, block: block, slot: slot, pair: pair))
            }
        }
    }

    /// Second pass: the gradient of one block, from what matters of every image's posterior, each image by its share.
    func addGradient(
        block: Int, evidence: BatchEvidence, totals: [BatchEvidence.Total], shares: [Double],
        logPriors: [[Float]], beta: Float, thinning: GradientThinning?, gradient: SliceGradient,
        scratch: WorkerScratch
    ) {
        // What a column may hold and still be left out, so that all of them together stay negligible.
        let cut = Float(
            log(Self.neglectedMass / Double(2 * directions.blockCount * evidence.pairCount)))
        for slot in logPriors.indices where shares[slot] > Self.neglectedMass {
            let (masses, first) = (evidence.columnLogMass, evidence.firstColumn(image: slot, block: block))
            let logSum = Float(totals[slot].logSum)
            var choice = thinning?.choice(image: slot, block: block)
            var isTouched = false
            for pair in 0..<evidence.pairCount {
                // The missing half of a trailing pair holds no mass.
                let (one, other) = (masses[first + 2 * pair], masses[first + 2 * pair + 1])
                guard max(one, other) - logSum > cut else { continue }
                var weight = shares[slot]
                if choice != nil {
                    let pairMass = exp(one - logSum) + exp(other - logSum)
                    guard let kept = choice?.weight(mass: Double(pairMass)) else { continue }
                    weight *= kept
                }
                if !isTouched {
                    fillNorms(block: block, images: slot..<(slot + 1), scratch: scratch)
                    scratch.masses.fill(0)
                }
                isTouched = true
                kernels.accumulateGradient(
                    columnPair(
                        block: block, slot: slot, pair: pair, logPriors: logPriors[slot], beta: beta,
                        scratch: scratch),
                    gradientTarget(
                        gradient, block: block, logEvidence: logSum - Float(log(weight)), scratch: scratch))
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
            let first = evidence.firstColumn(image: slot, block: block)
            for shift in shifts.offsets.indices {
                let logMass = evidence.columnLogMass[first + shift] - Float(logSum)
                guard logMass > PoseMemory.leastLogMass else { continue }
                heavy.append((exp(logMass), block, shift))
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
