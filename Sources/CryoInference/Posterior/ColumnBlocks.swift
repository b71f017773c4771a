import CryoCore
import CryoFourier
import CryoKernelInterface
import Foundation

/// The shifted copies of a batch of images, as angular coefficients: the columns of the posterior's products.
///
///     D_s(k, φ) = w_k · C · X · exp(−2πi k·(centre + s)/L),   w_k = (2πk/N_ψ) / σ_k²
///
/// stored divided by N_ψ, together with −½ w C² / N_ψ for the norm term.
struct ColumnBlocks: Sendable {
    /// Angular coefficients of D; shape `[image][pair][entry][column 2][re, im]`.
    let coefficients: AlignedBuffer<Float>
    /// Even angular coefficients of −½wC²; shape `[order][re, im][image][ring]`.
    let ctfPowers: AlignedBuffer<Float>
    /// ‖X_k‖² over each whole ring; shape `[image][ring]`.
    let imagePowers: AlignedBuffer<Float>
    private let layout: AngularLayout
    private let rings: ShiftedRings
    private let capacity: Int

    /// Column pairs of an image.
    var pairCount: Int { (rings.shiftCount + 1) / 2 }
    /// Floats of an image's coefficients.
    var imageStride: Int { pairCount * layout.entryCount * 4 }

    /// Allocates columns for `capacity` images.
    init(rings: ShiftedRings, capacity: Int) {
        let layout = rings.layout
        self.rings = rings
        self.layout = layout
        self.capacity = capacity
        let pairs = (rings.shiftCount + 1) / 2
        coefficients = AlignedBuffer(count: capacity * pairs * layout.entryCount * 4, repeating: 0)
        ctfPowers = AlignedBuffer(
            count: layout.normOrderCount * 2 * capacity * layout.grid.ringCount, repeating: 0)
        imagePowers = AlignedBuffer(count: capacity * layout.grid.ringCount, repeating: 0)
    }

    /// Fills the columns of image `slot`.
    ///
    /// - Parameters:
    ///   - slot: The place in the batch.
    ///   - image: The image.
    ///   - ringWeights: w_k; shape `[ring]`.
    ///   - scratch: The worker's memory.
    ///   - kernels: The instruction set.
    func fill(
        slot: Int, image: PolarImage, ringWeights: [Double], scratch: WorkerScratch, kernels: PoseKernels
    ) {
        let grid = layout.grid
        fillPowers(slot: slot, image: image, ringWeights: ringWeights)
        let centred = rings.centred(image, ringWeights: ringWeights)
        for group in 0..<rings.groupCount {
            for ring in 0..<grid.ringCount {
                rings.load(centred, group: group, ring: ring, into: scratch.workspace)
                scratch.transformWorkspace(isInverse: false, kernels)
                storeRing(slot: slot, group: group, ring: ring, scratch.workspace)
            }
        }
    }

    private func storeRing(slot: Int, group: Int, ring: Int, _ work: AlignedBuffer<Float>) {
        let lanes = PoseKernels.laneCount
        let first = group * lanes
        let pairs = min(lanes / 2, pairCount - first / 2)
        let pairStride = layout.entryCount * 4
        for order in 0..<layout.orderCount {
            let (offset, rings) = layout.entries(ofOrder: order)
            guard ring >= rings.lowerBound else { continue }
            let (real, imaginary) = (work[lanes: order * 2 * lanes], work[lanes: order * 2 * lanes + lanes])
            let target =
                slot * imageStride + (offset + ring - rings.lowerBound) * 4 + first / 2 * pairStride
            for pair in 0..<pairs {
                coefficients[quad: target + pair * pairStride] = [
                    real[2 * pair], imaginary[2 * pair], real[2 * pair + 1], imaginary[2 * pair + 1],
                ]
            }
        }
    }

    private func fillPowers(slot: Int, image: PolarImage, ringWeights: [Double]) {
        let grid = layout.grid
        for ring in 0..<grid.ringCount {
            imagePowers[slot * grid.ringCount + ring] = rings.power(of: image, ring: ring)
            for order in 0..<layout.normOrderCount {
                let value = rings.ctfPower(of: image, ring: ring, order: order, weight: ringWeights[ring])
                let place = ((2 * order) * capacity + slot) * grid.ringCount + ring
                ctfPowers[place] = value.x
                ctfPowers[place + capacity * grid.ringCount] = value.y
            }
        }
    }
}
