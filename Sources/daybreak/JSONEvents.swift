import CryoCore
import CryoReconstruction
import Foundation

/// A run as one JSON object a line on the standard output; the last one is the result.
final class JSONEvents: Sendable {
    private let lock = Mutex(())

    /// A run begins, or goes on.
    func started(_ job: Reconstruct.Job) {
        struct Start: Encodable {
            var event = "start"
            var version = Version.current
            var input: String
            var output: String
            var particles: Int
            var boxSize: Int
            var pixelSize: Double
            var diameter: Double
            var symmetry: String
            var seed: UInt64
            var threads: Int
            var iterationsBefore: Int
        }
        write(
            Start(
                input: job.plan.input, output: job.folder.path, particles: job.particles.count,
                boxSize: job.particles.boxSize, pixelSize: job.particles.pixelSize,
                diameter: job.run.diameter,
                symmetry: (job.plan.symmetrySearch?.parameters ?? job.plan.parameters).symmetry,
                seed: job.plan.parameters.seed,
                threads: job.parallel.threads, iterationsBefore: job.progress?.iterationNumber ?? 0))
    }

    /// There is a page.
    func page(_ address: String) { write(["event": "page", "address": address]) }

    /// One of two parts of the run begins or goes on: the first looks for the axes of symmetry, the second goes on with them.
    func began(part: Int) {
        struct Part: Encodable {
            var event = "part"
            var part: Int
        }
        write(Part(part: part))
    }

    /// A phase of the run begins.
    func began(_ entry: IterationStatistics) { write(["event": "phase", "phase": entry.phase.rawValue]) }

    /// An iteration has ended.
    func iteration(_ entry: IterationStatistics) {
        struct Iteration: Encodable {
            var entry: IterationStatistics
            private enum Key: CodingKey { case event }

            func encode(to encoder: any Encoder) throws {
                var container = encoder.container(keyedBy: Key.self)
                try container.encode("iteration", forKey: .event)
                try entry.encode(to: encoder)
            }
        }
        write(Iteration(entry: entry))
    }

    /// Something to beware of.
    func warning(_ message: String) { write(["event": "warning", "message": message]) }

    /// The run has ended with a result.
    func finished(_ record: RunRecord, folder: String) {
        struct Finished: Encodable {
            var event = "result"
            var state = "finished"
            var output: String
            var seconds: Double
            var particles: ParticleAccount
            /// Å; missing without half-sets, and where unseen images do not support the map.
            var resolution: Double?
            var doubts: [String]
        }
        write(
            Finished(
                output: folder, seconds: record.seconds, particles: record.particles,
                resolution: record.resolution?.supported, doubts: record.doubts))
    }

    /// The first iterations of a run were made again: whether they are the same, and what was found.
    func verified(_ isSame: Bool, _ message: String) {
        write(["event": "result", "state": isSame ? "verified" : "differs", "message": message])
    }

    /// The run has ended without one: it was stopped and can go on, or cannot.
    func failed(_ error: any Error) {
        let interrupted = error as? Interrupted
        write([
            "event": "result", "state": interrupted == nil ? "failed" : "stopped",
            "message": interrupted?.message ?? "\(error)",
        ])
    }

    private func write(_ event: some Encodable) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        guard let data = try? encoder.encode(event) else { return }
        lock.withLock { _ in StandardStreams.show(data + Data("\n".utf8)) }
    }
}
