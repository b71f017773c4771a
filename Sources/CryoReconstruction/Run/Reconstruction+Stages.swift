import CryoCore
import CryoFourier
import CryoInference

/// The engines of an iteration, for the whole set or for each half-set, and the density on their grid.
extension Reconstruction {
    /// One iteration of the whole set, or of each half-set.
    func iterate(
        _ iteration: Int, _ plan: IterationPlan, _ states: inout [RunState]
    ) throws -> IterationStatistics {
        prepareStages(plan, &states)
        let part = plan.shared(by: states.count)
        guard states.count > 1, !sharesEngine else {
            return IterationStatistics(
                joining: try states.indices.map { try iterateOne(iteration, part, &states[$0]) })
        }
        // Given away, so that a state has one owner and is changed in place.
        let apart = states.map { ApartState($0) }
        states = []
        let entries = parallel.map(apart.count) { half in
            apart[half].state.withLock { state in
                Swift.Result { try self.iterateOne(iteration, part, &state) }
            }
        }
        states = apart.map { $0.state.withLock { $0 } }
        return IterationStatistics(joining: try entries.map { try $0.get() })
    }

    private func iterateOne(
        _ iteration: Int, _ plan: IterationPlan, _ state: inout RunState
    ) throws -> IterationStatistics {
        plan.phase == .introduction
            ? try introduce(iteration, plan, &state) : try iterate(iteration, plan, &state)
    }

    /// Makes the engines of an iteration.
    ///
    /// Half-sets have one each, with their part of the threads, so that all of an iteration is done by both at once; with
    /// one thread, or where memory is short, they take turns with one.
    func prepareStages(_ plan: IterationPlan, _ states: inout [RunState]) {
        guard states.contains(where: { !isPrepared($0, for: plan) }) else { return }
        // Not both the old engines and the new ones in memory.
        for index in states.indices { states[index].stage = nil }
        let isApart = states.count > 1 && !sharesEngine
        for index in states.indices {
            let threads = isApart ? max(1, (parallel.threads + index) / states.count) : parallel.threads
            prepareStage(
                plan, &states[index], threads: threads, sharing: isApart || index == 0 ? nil : states[0].stage
            )
        }
    }

    private func isPrepared(_ state: RunState, for plan: IterationPlan) -> Bool {
        state.stage.map {
            $0.frame.ringCount == plan.ringCount && $0.isCoarse == plan.isCoarse
                && $0.isLocal == plan.isLocal(parameters)
        } ?? false
    }

    /// Makes the engine of a new frequency limit and carries the density over to its grid.
    private func prepareStage(
        _ plan: IterationPlan, _ state: inout RunState, threads: Int, sharing shared: Stage?
    ) {
        let stage =
            shared
            ?? Stage(
                plan: plan, source: source, parameters: parameters, shiftSearch: shiftSearch,
                radius: diameter / 2, symmetry: symmetry,
                census: state.census, parallel: Parallel(threads: threads))
        if let density = state.density {
            // What is introduced must not cost the density its detail.
            if plan.phase != .introduction { state.density = density.resampled(to: stage.frame.gridSize) }
        } else {
            let start = startDensity(plan, stage, state)
            state.densityScale = start.voxels.reduce(0.0) { $0 + Double($1) } / Double(start.voxels.count)
            (state.density, state.origin) = (start, nil)
        }
        state.stage = stage
    }

    /// A random density, or what is told instead, with the amplitude that the images' power asks for.
    private func startDensity(_ plan: IterationPlan, _ stage: Stage, _ state: RunState) -> Volume {
        let start =
            (state.origin ?? initialDensity).map {
                constraints(isPositive: plan.isPositive).apply(to: known($0, to: stage.frame))
            }
            ?? RandomDensity.blobs(frame: stage.frame, radius: diameter / 2, seed: state.seed)
        var density = start.symmetrized(by: symmetry)
        let sample = images.polarImages(
            source.sample(atMost: 200), preparation: stage.preparation, parallel: parallel)
        let amplitude = SignalPower.amplitude(
            of: density, frame: stage.frame, images: sample.images, noise: state.noise.variance,
            preparation: stage.preparation, directions: stage.engine.directions)
        for index in density.voxels.indices { density.voxels[index] *= Float(amplitude) }
        return density
    }

    /// A density without what lies beyond a frequency limit: half-sets must find that themselves.
    private func known(_ density: Volume, to frame: DensityFrame) -> Volume {
        density.resampled(to: frame.gridSize).within(...frame.ringCount)
    }
}
