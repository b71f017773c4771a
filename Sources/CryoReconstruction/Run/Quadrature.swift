import CryoFourier
import CryoInference

/// The directions and shifts on which the images of a stage are evaluated.
///
/// While the likelihood is tempered its posterior is wide, and twice the distance of directions and one and a half times that of
/// shifts, a ninth of the points, serve as well: β-galactosidase comes to the same map in half the time.
struct Quadrature {
    let directions: DirectionGrid
    let shifts: ShiftGrid
    /// The number of nodes in relation to that of the quadrature which the settings ask for; 1 unless it is coarse.
    let share: Double

    init(
        _ plan: IterationPlan, _ frame: DensityFrame, _ parameters: ReconstructionParameters,
        _ search: ShiftSearch, radius: Double, symmetry: PointGroup
    ) {
        let extent = plan.shiftExtent(search, parameters, boxLength: frame.boxLength)
        func directions(_ coarseness: Double) -> DirectionGrid {
            DirectionGrid(
                spacing: coarseness * parameters.angularStep * frame.resolution / (2 * radius),
                symmetry: symmetry)
        }
        func shifts(_ spacing: Double) -> ShiftGrid {
            ShiftGrid(extent: extent, spacing: spacing, priorSigma: search.sigma)
        }
        let shiftSpacing = parameters.shiftStep * frame.resolution
        let (fineDirections, fineShifts) = (directions(1), shifts(shiftSpacing))
        guard plan.isCoarse else {
            (self.directions, self.shifts, share) = (fineDirections, fineShifts, 1)
            return
        }
        (self.directions, self.shifts) = (
            // A short search keeps its nodes.
            directions(2), shifts(min(1.5 * shiftSpacing, max(shiftSpacing, extent / 2)))
        )
        share =
            Double(self.directions.directionCount * self.shifts.offsets.count)
            / Double(fineDirections.directionCount * fineShifts.offsets.count)
    }
}
