import CryoCore
import CryoFourier
import CryoKernelInterface
import Foundation

/// How an image becomes shifted rings, 16 shifts at a time, ready for the transform over their angle.
///
///     D_s(k, φ) = w_k · C · X · exp(−2πi k·(centre + s)/L) / N_ψ
struct ShiftedRings: Sendable {
    let layout: AngularLayout
    /// The number of shifts.
    let shiftCount: Int
    /// Groups of 16 shifts.
    var groupCount: Int { (shiftCount + PoseKernels.laneCount - 1) / PoseKernels.laneCount }
    private let phases: AlignedBuffer<Float>
    private let points: [SIMD2<Float>]
    private let boxLength: Double

    init(layout: AngularLayout, shifts: ShiftGrid, boxLength: Double) {
        self.layout = layout
        self.boxLength = boxLength
        shiftCount = shifts.offsets.count
        points = layout.grid.points
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
                let entry = (group * points.count + point) * 2 * lanes + lane
                (table[entry], table[entry + lanes]) = (factor.x, factor.y)
            }
        }
        return table
    }

    /// The image times w_k·C / N_ψ, moved to its centre; shape `[ring][angle]`.
    func centred(_ image: PolarImage, ringWeights: [Double]) -> [Complex] {
        let grid = layout.grid
        return (0..<grid.pointCount).map { point -> Complex in
            let k = points[point]
            let gain =
                Float(ringWeights[point / grid.halfCount] / Double(grid.angleCount)) * image.ctf[point]
            let cycles =
                -(Double(k.x) * image.centre.x + Double(k.y) * image.centre.y) / boxLength
            return multiply(image.values[point], Phase.factor(cycles: cycles)) * gain
        }
    }

    /// Lays one ring of 16 shifts out for the transform; Friedel's law gives the second half.
    func load(_ centred: [Complex], group: Int, ring: Int, into work: AlignedBuffer<Float>) {
        let (lanes, grid) = (PoseKernels.laneCount, layout.grid)
        for angle in 0..<grid.halfCount {
            let point = ring * grid.halfCount + angle
            let value = centred[point]
            let phase = (group * grid.pointCount + point) * 2 * lanes
            let (c, s) = (phases[lanes: phase], phases[lanes: phase + lanes])
            let (real, imaginary) = (value.x * c - value.y * s, value.x * s + value.y * c)
            let here = angle * 2 * lanes
            let there = here + grid.halfCount * 2 * lanes
            (work[lanes: here], work[lanes: here + lanes]) = (real, imaginary)
            (work[lanes: there], work[lanes: there + lanes]) = (real, -imaginary)
        }
    }

    /// ‖X_k‖² over a whole ring.
    func power(of image: PolarImage, ring: Int) -> Float {
        image.power(ring: ring, of: layout.grid)
    }

    /// An even angular coefficient, of order 2 · `order`, of −½wC²/N_ψ on a ring.
    func ctfPower(of image: PolarImage, ring: Int, order: Int, weight: Double) -> Complex {
        let grid = layout.grid
        var sum = Complex.zero
        for angle in 0..<grid.halfCount {
            let value = image.ctf[ring * grid.halfCount + angle]
            let turn = layout.unitCircle[2 * order * angle % grid.angleCount]
            sum += conjugate(turn) * (2 * value * value)
        }
        return sum * Float(-0.5 * weight / Double(grid.angleCount))
    }
}
