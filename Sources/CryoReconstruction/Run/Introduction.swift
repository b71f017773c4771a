import CryoCore
import CryoInference

/// Particles look for their poses anew, in all poses and shifts, in a density that is known by now.
///
/// Those that the anneal never met (in a large set it knows the density after some thousand), and the half of the others that the
/// density explains worst. At the anneal's limit many images do not tell their poses; they keep a wrong centre, and later
/// shifts are searched only near it. Of a 30S set with shifts of 12 Å, 52 % of the poses were right before and 73 % after.
/// The shifts of the first look lie about each image's present centre: about where the file has it the mask would cut what was found
/// (β-galactosidase with D2 had 31.8 nats in the end instead of 32.7), and no more were found.
/// The search begins a third beyond that limit (`IterationSchedule`), then follows what was found.
extension Reconstruction {
    /// Visits the particles that are being introduced, at the limit of a plan; the density stays as it is.
    func introduce(
        _ iteration: Int, _ plan: IterationPlan, _ state: inout RunState
    ) throws -> IterationStatistics {
        guard let stage = state.stage, let density = state.density else {
            preconditionFailure("a stage is prepared before it is used")
        }
        if plan.isFirstLook { state.newcomers = state.leastExplained }
        let variance = state.noise.variance(rings: plan.ringCount)
        let ball = stage.frame.ball(of: density.resampled(to: stage.frame.gridSize))
        stage.engine.setDensity(ball)
        let (visit, sampling) = try visitAndRemember(
            state.newcomers, iteration, plan, stage, variance, fits: fits(plan, ball, stage, variance), &state
        )
        return statistics(iteration, plan, stage, visit, sampling)
    }
}

extension RunState {
    /// The particles never visited, and of the others the half of least evidence.
    fileprivate var leastExplained: [Int] {
        let median = particles.compactMap { estimates[$0]?.logEvidence }.median ?? -.infinity
        return particles.filter { estimates[$0].map { $0.logEvidence < median } ?? true }
    }
}
