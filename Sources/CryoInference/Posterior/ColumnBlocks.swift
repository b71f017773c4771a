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
    private let phases: AlignedBuffer<Float>
    private let points: [SIMD2<Float>]
    private let shiftCount: Int
    private let capacity: Int
    private let boxLength: Double

    /// Column pairs of an image.
    var pairCount: Int { (shiftCount + 1) / 2 }
    /// Floats of an image's coefficients.
    var imageStride: Int { pairCount * layout.entryCount * 4 }

    /// Allocates columns for `capacity` images.
    init(layout: AngularLayout, shifts: ShiftGrid, boxLength: Double, capacity: Int) {
        self.layout = layout
        self.capacity = capacity
        self.boxLength = boxLength
        shiftCount = shifts.offsets.count
        points = layout.grid.points
        let pairs = (shiftCount + 1) / 2
        coefficients = AlignedBuffer(count: capacity * pairs * layout.entryCount * 4, repeating: 0)
        ctfPowers = AlignedBuffer(
            count: layout.normOrderCount * 2 * capacity * layout.grid.ringCount, repeating: 0)
        imagePowers = AlignedBuffer(count: capacity * layout.grid.ringCount, repeating: 0)
        phases = Self.phaseTable(points: points, shifts: shifts, boxLength: boxLength)
    }

    /// exp(−2πi k·s/L) of all points for 16 shifts at a time; shape `[shift / 16][point][re, im][16]`.
    private static func phaseTable(
        points: [SIMD2<Float>], shifts: ShiftGrid, boxLength: Double
    ) -> AlignedBuffer<Float> {
        let lanes = PoseKernels.laneCount
        let groups = (shifts.offsets.count + lanes - 1) / lanes
        let table = AlignedBuffer<Float>(count: groups * points.count * 2 * lanes, repeating: 0)
        for (index, shift) in shifts.offsets.enumerated() {
            let (group, lane) = index.quotientAndRemainder(dividingBy: lanes)
            for (point, k) in points.enumerated() {
                let cycles = -(Double(k.x) * shift.x + Double(k.y) * shift.y) / boxLength
                let factor = Phase.factor(cycles: cycles)
                let entry = table.pointer + (group * points.count + point) * 2 * lanes + lane
                (entry[0], entry[lanes]) = (factor.x, factor.y)
            }
        }
        return table
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
        let centred = (0..<grid.pointCount).map { point -> Complex in
            let k = points[point]
            let gain =
                Float(ringWeights[point / grid.halfCount] / Double(grid.angleCount)) * image.ctf[point]
            let cycles =
                -(Double(k.x) * image.centre.x + Double(k.y) * image.centre.y) / boxLength
            return multiply(image.values[point], Phase.factor(cycles: cycles)) * gain
        }
        let lanes = PoseKernels.laneCount
        let transform = scratch.transform(isInverse: false)
        let work = scratch.workspace.pointer
        for group in 0..<(shiftCount + lanes - 1) / lanes {
            for ring in 0..<grid.ringCount {
                loadRing(centred, group: group, ring: ring, work)
                kernels.transform(transform, work)
                storeRing(slot: slot, group: group, ring: ring, work)
            }
        }
    }

    private func loadRing(
        _ centred: [Complex], group: Int, ring: Int, _ work: UnsafeMutablePointer<Float>
    ) {
        let (lanes, grid) = (PoseKernels.laneCount, layout.grid)
        for angle in 0..<grid.halfCount {
            let point = ring * grid.halfCount + angle
            let value = centred[point]
            let phase = phases.pointer + (group * grid.pointCount + point) * 2 * lanes
            let here = work + angle * 2 * lanes
            let there = here + grid.halfCount * 2 * lanes
            for lane in 0..<lanes {
                let real = value.x * phase[lane] - value.y * phase[lane + lanes]
                let imaginary = value.x * phase[lane + lanes] + value.y * phase[lane]
                here[lane] = real
                here[lane + lanes] = imaginary
                there[lane] = real
                there[lane + lanes] = -imaginary
            }
        }
    }

    private func storeRing(slot: Int, group: Int, ring: Int, _ work: UnsafeMutablePointer<Float>) {
        let lanes = PoseKernels.laneCount
        let base = coefficients.pointer + slot * imageStride
        let first = group * lanes
        let count = min(lanes, pairCount * 2 - first)
        let pairStride = layout.entryCount * 4
        for order in 0..<layout.orderCount {
            let (offset, rings) = layout.entries(ofOrder: order)
            guard ring >= rings.lowerBound else { continue }
            let source = work + order * 2 * lanes
            let target = base + (offset + ring - rings.lowerBound) * 4 + first / 2 * pairStride
            for lane in 0..<count {
                let entry = target + (lane >> 1) * pairStride + (lane & 1) * 2
                (entry[0], entry[1]) = (source[lane], source[lane + lanes])
            }
        }
    }

    /// −½wC²/N_ψ as even angular coefficients, and the rings' powers.
    private func fillPowers(slot: Int, image: PolarImage, ringWeights: [Double]) {
        let grid = layout.grid
        for ring in 0..<grid.ringCount {
            let range = (ring * grid.halfCount)..<((ring + 1) * grid.halfCount)
            imagePowers[slot * grid.ringCount + ring] =
                2 * range.reduce(Float(0)) { $0 + (image.values[$1] * image.values[$1]).sum() }
            for index in 0..<layout.normOrderCount {
                var sum = Complex.zero
                for angle in 0..<grid.halfCount {
                    let value = image.ctf[ring * grid.halfCount + angle]
                    let turn = layout.unitCircle[2 * index * angle % grid.angleCount]
                    sum += conjugate(turn) * (2 * value * value)
                }
                let factor = Float(-0.5 * ringWeights[ring] / Double(grid.angleCount))
                let place = ((2 * index) * capacity + slot) * grid.ringCount + ring
                ctfPowers[place] = sum.x * factor
                ctfPowers[place + capacity * grid.ringCount] = sum.y * factor
            }
        }
    }
}
