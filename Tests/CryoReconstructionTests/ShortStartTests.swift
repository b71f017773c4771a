import CryoCore
import CryoTestSupport
import Testing

@testable import CryoReconstruction

/// Of several short starts the one that images prefer goes on.
struct ShortStartTests {
    /// A run whose limit rises, of three short starts.
    private static func run(_ change: (inout ReconstructionParameters) -> Void = { _ in }) throws
        -> Reconstruction
    {
        let source = try TestSource(EndToEndTests.phantom, count: 40, diameter: 140, signalToNoise: 1)
        var parameters = EndToEndTests.reduced
        (parameters.annealBeginning, parameters.annealRetries, parameters.annealShortStarts) = (80, 0, 3)
        change(&parameters)
        return try Reconstruction(source: source, parameters: parameters)
    }

    /// Comes to the end of a short start with what was seen in its last iteration.
    private static func end(
        _ run: Reconstruction, _ progress: inout RunProgress, logEvidence: Double, poses: Double = 1000,
        iteration: Int? = nil
    ) throws {
        progress.iteration = try #require(iteration ?? run.plans[0].shortCount)
        progress.course.statistics.append(
            IterationStatistics(
                iteration: progress.iteration - 1, phase: .anneal, resolution: 40, batchSize: 40, beta: 1,
                effectivePoses: poses, logEvidence: logEvidence, relativeChange: 0, poseCount: 1000,
                evaluatedFraction: 1, seconds: 0, progress: 0))
        progress.centres = [SIMD2(logEvidence, 0)]
        run.endShortStart(&progress)
    }

    @Test func theBestGoesOn() throws {
        let run = try Self.run()
        let count = try #require(run.plans[0].shortCount)
        var progress = run.beginning()
        #expect(run.shortStartsToCome(progress) == 2)
        // Nothing happens before it has ended.
        try Self.end(run, &progress, logEvidence: 9, iteration: count - 1)
        #expect(progress.shortStarts?.ended.isEmpty == true && progress.iteration == count - 1)
        try Self.end(run, &progress, logEvidence: 1)
        #expect(progress.iteration == 0 && progress.lastStatistics == nil && progress.states[0].seed == 101)
        #expect(progress.centres.allSatisfy { $0 == .zero } && progress.shortStartsText == nil)
        try Self.end(run, &progress, logEvidence: 3)
        #expect(run.shortStartsToCome(progress) == 0 && progress.states[0].seed == 201)
        try Self.end(run, &progress, logEvidence: 2)
        #expect(progress.iteration == count && progress.states[0].seed == 101)
        #expect(progress.lastStatistics?.logEvidence == 3 && progress.centres == [[3, 0]])
        #expect(progress.shortStarts?.best == nil && progress.shortStarts?.isDecided == true)
        #expect(
            progress.shortStartsText
                == "the best of 3 short ones, which had 1.000, 3.000, 2.000 nats")
        // Once and for all.
        try Self.end(run, &progress, logEvidence: 0)
        #expect(progress.shortStarts?.ended.count == 3 && progress.states[0].seed == 101)
    }

    /// One whose images begin to tell their poses, or do so before its end, goes on at once.
    @Test(arguments: [0, 1], [false, true]) func whatTellsPosesGoesOn(earlier: Int, isSooner: Bool) throws {
        let run = try Self.run()
        let count = try #require(run.plans[0].shortCount)
        var progress = run.beginning()
        for _ in 0..<earlier { try Self.end(run, &progress, logEvidence: 5) }
        let end = isSooner ? count + 3 : count
        try Self.end(run, &progress, logEvidence: 4, poses: isSooner ? 1000 : 80, iteration: end)
        #expect(progress.iteration == end && progress.states[0].seed == 1 + 100 * UInt64(earlier))
        #expect(progress.shortStarts?.best == nil && run.shortStartsToCome(progress) == 0)
        #expect((progress.shortStartsText == nil) == (earlier == 0))
    }

    /// A density that vanishes ends its short start alone, unless none is left.
    @Test func aShortStartMayVanish() throws {
        let run = try Self.run()
        var progress = run.beginning()
        try Self.end(run, &progress, logEvidence: 1)
        #expect(run.giveUpShortStart(&progress) && progress.states[0].seed == 201)
        #expect(run.giveUpShortStart(&progress) && progress.states[0].seed == 1)
        #expect(progress.iteration == run.plans[0].shortCount && progress.lastStatistics?.logEvidence == 1)
        #expect(!run.giveUpShortStart(&progress))
        progress = run.beginning()
        #expect(run.giveUpShortStart(&progress) && run.giveUpShortStart(&progress))
        #expect(!run.giveUpShortStart(&progress))
    }

    /// Who asks for so many iterations gets no more, and a map that was given is the only start.
    @Test func someRunsHaveOneStart() throws {
        #expect(try Self.run().shortStartCount(0) == 3)
        #expect(try Self.run { $0.maxIterations = 50 }.shortStartCount(0) == 1)
        #expect(try Self.run { $0.annealBeginning = nil }.shortStartCount(0) == 1)
        // One that was recorded is made again alone.
        let run = try Self.run()
        var record = StartRecord(seed: 201, logEvidence: 1, isKept: true)
        record.repetition = 0
        let progress = run.beginning(0, of: [record])
        #expect(progress.states[0].seed == 201 && run.shortStartsToCome(progress) == 0)
    }
}
