import CryoCore
import CryoInference

/// The course of a run: from start to start of its anneal, then along its plan to the end.
extension Reconstruction {
    /// Runs to the end.
    ///
    /// - Parameters:
    ///   - saved: Where to go on; nil to begin.
    ///   - report: Called after each iteration.
    ///   - checkpoint: Called after each iteration with what is needed to go on from there; what it throws ends the run.
    /// - Throws: ``ReconstructionError/readFailureWithin(_:)``, ``ReconstructionError/diverged(iteration:)``,
    ///   ``ReconstructionError/vanished(iteration:)``, ``ReconstructionError/givenUp(iteration:)``, or what `checkpoint` throws.
    public func run(
        from saved: RunProgress? = nil, report: (IterationStatistics) -> Void = { _ in },
        checkpoint: (RunProgress) throws -> Void = { _ in }
    ) throws -> Result {
        var progress = saved ?? beginning()
        if saved != nil { restore(&progress) }
        while progress.start != nil {
            do {
                try carryOut(until: annealCount(progress.repetition), &progress, report, checkpoint)
            } catch let error as ReconstructionError {
                guard case .vanished = error else { throw error }
                if giveUpShortStart(&progress) { continue }
                guard giveUpStart(&progress) else { throw error }
            }
            endStart(&progress)
            if progress.start == nil { learnApart(&progress) }
        }
        try carryOut(until: plans[progress.repetition].count, &progress, report, checkpoint)
        return try result(progress.states, progress.course.statistics, progress.records)
    }

    /// Makes the iterations of a run again whose starts are known: of these the kept one alone, as alone it is recorded.
    func remake(
        _ starts: [StartRecord], report: (IterationStatistics) -> Void,
        checkpoint: (RunProgress) throws -> Void
    ) throws {
        var progress = beginning(starts.firstIndex(where: \.isKept) ?? 0, of: starts)
        restore(&progress)
        try carryOut(until: annealCount(progress.repetition), &progress, report, checkpoint)
        (progress.start, progress.records) = (nil, starts)
        learnApart(&progress)
        try carryOut(until: plans[progress.repetition].count, &progress, report, checkpoint)
    }

    /// Whether the iteration that was just carried out was the last of its phase: the next one may take long.
    public func endsPhase(at progress: RunProgress) -> Bool {
        let next = progress.watch.firstAdmitted(of: plans[progress.repetition][progress.iteration...])
        return next?.phase != progress.lastStatistics?.phase
    }

    /// Iterations of the anneal in one of the run's plans.
    func annealCount(_ repetition: Int) -> Int { plans[repetition].anneal.count }

    /// Where the march of one of the run's plans stops.
    private func stops(_ repetition: Int) -> AgreementWatch.Stops {
        AgreementWatch.Stops(
            sufficient: IterationSchedule.sufficientRing(
                parameters, boxLength: source.boxLength, boxSize: source.boxSize),
            last: plans[repetition].finestRing ?? 0, leap: parameters.marchLeap)
    }

    /// A run before its first iteration, at the first of its random starts or at a recorded one.
    func beginning(_ start: Int = 0, of records: [StartRecord] = []) -> RunProgress {
        let record = records.indices.contains(start) ? records[start] : nil
        let wanted = record?.repetition ?? 0
        // By the settings' seed, so that a run with another one is another run.
        let short = (0..<parameters.annealShortStarts).first {
            seed(ofStart: start, short: $0) == record?.seed
        }
        var progress = RunProgress(
            start: start, repetition: plans.indices.contains(wanted) ? wanted : 0,
            records: Array(records.prefix(start)),
            states: [startState(seed: seed(ofStart: start, short: short ?? 0))], course: RunCourse())
        progress.shortStarts = ShortStarts(isDecided: record != nil)
        return progress
    }

    /// Makes again what follows from a checkpoint and the plan: the images' centres and the engine of the last iteration.
    private func restore(_ progress: inout RunProgress) {
        images.restore(
            centres: progress.centres, scales: progress.scales, setAside: progress.setAside)
        images.sign = Float(contrast(at: progress))
        let done = plans[progress.repetition][..<progress.iteration]
        guard let plan = progress.watch.lastAdmitted(of: done) else { return }
        prepareStages(plan, &progress.states)
    }

    /// From the end of the anneal on there is a state for each half-set, and only particles that were met are learnt from.
    private func learnApart(_ progress: inout RunProgress) {
        if hasHalves {
            progress.states = halfStates(of: progress.states[0])
        } else if annealCount(progress.repetition) > 0 {
            progress.states[0].order = ParticleOrder(
                particles: progress.states[0].known(among: split.learning), seed: parameters.seed &+ 1,
                hasFixedBatches: false)
        }
    }

    /// Carries out the plan up to an iteration.
    private func carryOut(
        until end: Int, _ progress: inout RunProgress, _ report: (IterationStatistics) -> Void,
        _ checkpoint: (RunProgress) throws -> Void
    ) throws {
        let (plans, stops) = (plans[progress.repetition], stops(progress.repetition))
        let time = RemainingTime(
            plans: plans, parameters: parameters, starts: place(of: progress)?.count ?? 1,
            shortStarts: shortStartCount(progress.repetition), particleCount: split.learning.count,
            stops: stops)
        while progress.iteration < end {
            endShortStart(&progress)
            let iteration = progress.iteration
            progress.iteration += 1
            guard let plan = progress.watch.admitted(plans[iteration]) else { continue }
            if plans.beginsClimb(at: iteration) { climbAgain(&progress) }
            var entry = try iterate(iteration, plan, &progress.states)
            if plan.phase == .final || iteration % parameters.heldOutInterval == 0 {
                entry.heldOutLogEvidence = heldOutEvidence(iteration, plan, &progress.states[0])
            }
            if plans.endsLimit(at: iteration), let fsc = halfSetFSC(progress.states, plan) {
                entry.halfSetFSC = progress.watch.look(
                    at: fsc, plan, effectivePoses: entry.effectivePoses, stops)
            }
            entry.iteration += progress.numberOffset
            entry.densityHash = progress.densityHash
            if let failure = images.failure { throw ReconstructionError.readFailureWithin(failure) }
            let isEmpty = progress.states.contains {
                $0.density.map { $0.voxels.allSatisfy { $0 == 0 } } ?? false
            }
            let place = RemainingTime.Place(
                iteration: progress.iteration, numberOffset: progress.numberOffset,
                start: self.place(of: progress)?.index, shortStarts: shortStartsToCome(progress),
                watch: progress.watch)
            report(
                try progress.course.note(entry, isEmpty: isEmpty) { time.seconds(from: place, $0) })
            progress.iteration =
                RisingEnd.nextPart(of: plans, after: progress.course.statistics, parameters)
                ?? progress.iteration
            (progress.centres, progress.scales) = (images.centres, images.scales)
            (progress.sign, progress.setAside) = (Int(images.sign), images.setAside)
            try checkpoint(progress)
        }
    }

    /// The seed of a random start, or of one of the short ones of which it is the best; the first one has the run's own.
    func seed(ofStart start: Int, short: Int = 0) -> UInt64 {
        parameters.seed &+ 1000 * UInt64(start) &+ 100 * UInt64(short)
    }

    /// Nothing learnt yet.
    func startState(seed: UInt64) -> RunState {
        RunState(
            seed: seed, optimizer: makeOptimizer(), noise: backgroundNoise,
            particles: split.learning, hasFixedBatches: parameters.optimizer == .sagd,
            census: PoseCensus(
                imageCount: split.learning.count,
                extent: max(shiftSearch.extent, 2 * shiftSearch.sigma)))
    }

    private func makeOptimizer() -> any Optimizer {
        switch parameters.optimizer {
        case .preconditionedSGD, .projectionMatching:
            PreconditionedSGD(signalFloor: parameters.signalFloor)
        case .sagd: SAGD()
        case .momentum: GradientDescent(momentum: parameters.momentum, isStochastic: true)
        case .batch: GradientDescent(momentum: 0, isStochastic: false)
        }
    }
}
