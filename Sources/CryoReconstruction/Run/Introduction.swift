import CryoCore
import CryoInference

/// Particles that were never visited find their poses in a density that is known already.
///
/// In a large set the anneal and the march know the density after some thousand particles. The others are met once, before the
/// final pass, at rising limits (`IterationSchedule`): with all poses at the first, then on nodes drawn about what is known.
extension Reconstruction {
    /// Visits the particles that are being introduced, at the limit of a plan; the density stays as it is.
    func introduce(_ iteration: Int, _ plan: IterationPlan, _ state: inout RunState) -> IterationStatistics {
        guard let stage = state.stage, let density = state.density else {
            preconditionFailure("a stage is prepared before it is used")
        }
        if plan.isFirstLook { state.newcomers = state.particles.filter { state.visits[$0] == nil } }
        let variance = state.noise.variance(rings: plan.ringCount)
        stage.engine.setDensity(stage.frame.ball(of: density.resampled(to: stage.frame.gridSize)))
        let (visit, sampling) = visitAndRemember(state.newcomers, iteration, plan, stage, variance, &state)
        return statistics(iteration, plan, stage, visit, sampling)
    }
}
