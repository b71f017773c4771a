import CryoCore
import CryoFiles
import CryoReport
import Foundation
import Testing

@testable import CryoReconstruction

/// A run that was interrupted goes on as if nothing had happened.
@Suite(.serialized) struct CheckpointTests {
    /// A run of every kind: half-sets, a limit that rises during the anneal, one that does so again, several starts under a symmetry, and the paper's
    /// optimizer with its sampler.
    static let kinds: [(name: String, parameters: ReconstructionParameters)] = {
        var halves = EndToEndTests.reduced
        (halves.annealIterations, halves.annealBatch, halves.maxResolution) = (6, 30, 26)
        var rising = halves
        (rising.annealBeginning, rising.annealRetries) = (80, 0)
        var climbing = rising
        // So that images never tell their poses.
        (climbing.annealEnd, climbing.annealRestarts, climbing.annealShortStarts) = (1, 0, 2)
        var starts = halves
        (starts.symmetry, starts.starts, starts.maxResolution) = ("C2", 2, 21)
        // So that the anneal is repeated, at a finer limit too.
        (starts.annealEnd, starts.annealRetries, starts.annealRestarts) = (1, 2, 0)
        var paper = ReconstructionParameters.paper
        (paper.diameter, paper.marchBatch, paper.maxIterations, paper.shiftExtent) = (150, 40, 8, 12)
        return [
            ("halves", halves), ("rising", rising), ("climbing", climbing), ("starts", starts),
            ("paper", paper),
        ]
    }()

    struct Stopped: Error {}

    /// The images of a run of a kind; one that climbs has noisier ones, which do not tell their poses.
    static func source(of kind: String = "halves") throws -> TestSource {
        try TestSource(
            EndToEndTests.phantom, count: 120, diameter: 140, signalToNoise: kind == "climbing" ? 0.05 : 1)
    }

    @Test(arguments: ["halves", "rising", "climbing", "starts", "paper"]) func theResultIsTheSame(
        kind: String
    ) throws {
        let parameters = try #require(Self.kinds.first { $0.name == kind }?.parameters)
        let source = try Self.source(of: kind)
        let run = try Reconstruction(source: source, parameters: parameters)
        // Of all starts; the statistics are those of the kept one alone.
        var count = 0
        let whole = try run.run { _ in count += 1 }
        let limits = whole.statistics.filter { $0.phase == .anneal }.map(\.resolution)
        #expect((Set(limits).count > 1) == ["rising", "climbing"].contains(kind))
        // The last iteration before it climbs again, and the first that does.
        let climb = limits.indices.dropFirst().first { limits[$0] > limits[$0 - 1] }
        #expect((climb != nil) == (kind == "climbing"))
        // The ends of two short starts, of which the statistics have one, and where it climbs.
        let short = whole.starts.first?.shortStarts.map { _ in run.plans[0].shortCount ?? 0 } ?? 0
        #expect((short > 0) == (kind == "climbing"))
        let turns = climb.map { [short, 2 * short, short + $0] } ?? []
        for stop in [1, count / 3, 2 * count / 3, count - 1, count] + turns + turns.map({ $0 + 1 }) {
            let folder = try Self.folder()
            var seen = 0
            #expect(throws: Stopped.self) {
                _ = try Reconstruction(source: source, parameters: parameters).run { _ in
                    seen += 1
                } checkpoint: { progress in
                    guard seen == stop else { return }
                    try folder.write(progress, version: "1")
                    throw Stopped()
                }
            }
            let saved = try #require(try folder.checkpoint(version: "1"))
            let rest = try Reconstruction(source: source, parameters: parameters).run(from: saved)
            #expect(rest.map == whole.map, "stopped after \(stop) of \(count)")
            #expect(rest.estimates == whole.estimates)
            #expect(rest.noiseVariance == whole.noiseVariance && rest.starts == whole.starts)
            #expect(rest.statistics.map(\.logEvidence) == whole.statistics.map(\.logEvidence))
        }
    }

    /// A checkpoint at each phase's end loses nothing of it, however long the next one's first iteration takes.
    @Test(arguments: ["halves", "starts", "paper"]) func phasesEndWhereAnotherBegins(kind: String) throws {
        let parameters = try #require(Self.kinds.first { $0.name == kind }?.parameters)
        let source = try Self.source()
        let run = try Reconstruction(source: source, parameters: parameters)
        var (seen, ends) = ([IterationStatistics](), [Bool]())
        _ = try run.run {
            seen.append($0)
        } checkpoint: {
            ends.append(run.endsPhase(at: $0))
        }
        // A start is followed by the anneal of the next one, numbered anew.
        let expected = seen.indices.map { place in
            guard place + 1 < seen.count else { return true }
            return seen[place + 1].phase != seen[place].phase
                || seen[place + 1].iteration <= seen[place].iteration
        }
        #expect(ends == expected && ends.dropLast().contains(true))
    }

    /// Asked to stop within an iteration over very many particles, a run gives it up, and loses nothing.
    @Test func longIterationsAreGivenUp() throws {
        let few = try Self.source()
        let places = (0..<4200).map { $0 % few.images.count }
        let source = TestSource(
            particles: places.enumerated().map { row, place in
                // Rows of one image would be set aside.
                var particle = few.particles[place]
                particle.imageName = "\(row + 1)@long.mrcs"
                return particle
            }, images: places.map { few.images[$0] },
            boxSize: few.boxSize, pixelSize: few.pixelSize)
        var parameters = EndToEndTests.reduced
        (parameters.annealIterations, parameters.annealBatch, parameters.maxResolution) = (4, 30, 30)
        (parameters.halves, parameters.maxIterations) = (false, 8)
        let whole = try Reconstruction(source: source, parameters: parameters).run()
        let long = whole.statistics.filter { $0.batchSize > 4096 }
        #expect(long.map(\.phase) == [.introduction, .final])
        for (asked, entry) in long.enumerated() {
            let stopped = try Reconstruction(source: source, parameters: parameters)
            let questions = Mutex(0)
            stopped.isToStop = {
                questions.withLock { count in
                    count += 1
                    return count > asked
                }
            }
            var saved: RunProgress?
            #expect(throws: ReconstructionError.givenUp(iteration: entry.iteration + 1)) {
                _ = try stopped.run(checkpoint: { saved = $0 })
            }
            #expect(saved?.iterationNumber == entry.iteration)
            let rest = try Reconstruction(source: source, parameters: parameters).run(from: saved)
            #expect(rest.map == whole.map && rest.estimates == whole.estimates)
        }
    }

    private static func folder() throws -> RunFolder {
        let folder = try RunFolder(
            path: NSTemporaryDirectory() + "daybreak-\(UUID().uuidString)", mayOverwrite: false)
        try folder.create()
        return folder
    }

    /// The last two are kept, and a damaged one is not believed.
    @Test func damagedCheckpointsAreNoticed() throws {
        let folder = try Self.folder()
        #expect(try folder.checkpoint(version: "1") == nil)
        let source = try Self.source()
        let run = try Reconstruction(source: source, parameters: Self.kinds[0].parameters)
        #expect(throws: Stopped.self) {
            _ = try run.run(checkpoint: { progress in
                try folder.write(progress, version: "1")
                if progress.iteration == 2 { throw Stopped() }
            })
        }
        #expect(try folder.checkpoint(version: "1")?.iteration == 2)
        let path = folder.file("checkpoint")
        let good = try Data(contentsOf: URL(fileURLWithPath: path))
        var stream = RandomStream(seed: 8)
        for trial in 0..<60 {
            var bad = good
            switch trial % 3 {
            case 0:
                bad[Int(stream.uniform() * Double(bad.count - 1))] ^= UInt8(1 + Int(stream.uniform() * 200))
            case 1: bad = bad.prefix(Int(stream.uniform() * Double(bad.count)))
            default: bad.append(0)
            }
            try bad.write(to: URL(fileURLWithPath: path))
            // The one before is whole.
            #expect(try folder.checkpoint(version: "1")?.iteration == 1)
        }
        // A crash between two renames leaves the newest under the next one's name; the end of a run keeps it.
        try good.write(to: URL(fileURLWithPath: folder.file("checkpoint.next")))
        try Data("{}".utf8).write(to: URL(fileURLWithPath: folder.file("run.json")))
        for isThere in [true, false] {
            if !isThere {
                try FileManager.default.removeItem(atPath: path)
                try good.write(to: URL(fileURLWithPath: folder.file("checkpoint.next")))
            }
            #expect(try folder.checkpoint(version: "1")?.iteration == 2)
            try folder.keepState(version: "1")
            #expect(try folder.state(version: "1").iteration == 2)
            try Data("damaged".utf8).write(to: URL(fileURLWithPath: path))
        }
        try Data("nothing".utf8).write(to: URL(fileURLWithPath: folder.file("checkpoint.previous")))
        #expect(throws: RunFolderError.noCheckpoint(folder.path)) { try folder.checkpoint(version: "1") }
        try good.write(to: URL(fileURLWithPath: path))
        #expect(throws: RunFolderError.noCheckpoint(folder.path)) { try folder.checkpoint(version: "2") }
    }

    /// A run that takes another's place has not ended because that one had.
    @Test func overwrittenRunsHaveNotEnded() throws {
        let folder = try Self.folder()
        for name in ["run.json", "state", "checkpoint", "on-axes.mrc", "map.mrc"] {
            try folder.write(Data("earlier".utf8), to: name)
        }
        folder.removeEarlierRun()
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["map.mrc"])
    }

    @Test func oneProcessAtATime() throws {
        let folder = try Self.folder()
        var lock: RunLock? = try folder.locked()
        #expect(throws: RunFolderError.busy(folder.path)) { _ = try folder.locked() }
        _ = lock
        lock = nil
        _ = try folder.locked()
    }

    /// What cannot be locked is not said to be busy.
    @Test func aFolderWithoutALockIsSaid() throws {
        let folder = try Self.folder()
        try FileManager.default.createDirectory(
            atPath: folder.file(".lock"), withIntermediateDirectories: false)
        #expect(throws: RunFolderError.unwritable(folder.path, "is a directory")) { _ = try folder.locked() }
    }
}
