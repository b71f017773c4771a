import CryoCore
import CryoFiles
import CryoReconstruction
import CryoReport
import Foundation

/// A run by what its folder holds: results, or the latest checkpoint of one that works or was interrupted.
final class FolderRun: RunSource {
    let name: String
    let folder: String
    let canStop = false
    private let version: String
    private let cache = Mutex<(key: String, sight: RunSight)?>(nil)

    /// Looks at a folder.
    ///
    /// - Throws: ``ViewError/notARun(_:)`` if it holds neither results nor a plan.
    init(_ path: String, version: String) throws(ViewError) {
        folder = path
        self.version = version
        name = URL(fileURLWithPath: path).standardizedFileURL.lastPathComponent
        guard let run = try? RunFolder(resuming: path), run.holdsRun else { throw .notARun(path) }
    }

    func stop() {}

    func look() -> RunSight {
        let stamp = stamp
        return cache.withLock { cached in
            if let cached, cached.key == stamp { return cached.sight }
            var sight = read()
            sight.version = (cached?.sight.version ?? 0) + 1
            sight.figuresVersion = sight.version
            cached = (stamp, sight)
            return sight
        }
    }

    private func path(_ name: String) -> String { (folder as NSString).appendingPathComponent(name) }

    private var isWorking: Bool { RunLock.isHeld(path(".lock")) }

    /// Changes when there is something new to read.
    private var stamp: String {
        let times = ["plan.json", "run.json", "checkpoint"].map { name -> String in
            let attributes = try? FileManager.default.attributesOfItem(atPath: path(name))
            return (attributes?[.modificationDate] as? Date).map { "\($0.timeIntervalSince1970)" } ?? "-"
        }
        return (times + [isWorking ? "working" : "still"]).joined(separator: " ")
    }

    private func read() -> RunSight {
        let hasCheckpoint = FileManager.default.fileExists(atPath: path("checkpoint"))
        let run = try? RunFolder(resuming: folder)
        if !isWorking, !hasCheckpoint, let record = try? run?.record() {
            return RunSight(
                state: .finished, subtitle: Self.subtitle(record.input, record.parameters),
                message: record.caution,
                iterations: record.iterations, version: 0, figuresVersion: 0, figures: nil)
        }
        guard let run, let plan = try? run.plan() else {
            return RunSight(
                state: .failed, subtitle: "", message: "The folder holds no run that this version can read.",
                iterations: [], version: 0, figuresVersion: 0, figures: nil)
        }
        let state: RunSight.State = isWorking ? .running : .interrupted
        guard let progress = try? run.checkpoint(version: version) else {
            return RunSight(
                state: state, subtitle: Self.subtitle(plan.input, plan.parameters),
                message: hasCheckpoint
                    ? "The checkpoint is of another version of the program."
                    : "There is no checkpoint yet to show.",
                iterations: [], version: 0, figuresVersion: 0, figures: nil)
        }
        return sight(plan, progress, state)
    }

    private func sight(_ plan: RunPlan, _ progress: RunProgress, _ state: RunSight.State) -> RunSight {
        let images = try? plan.particles()
        let snapshot = RunSnapshot(progress, of: images)
        let box = snapshot.densities.first.map { Double($0.boxSize) * $0.pixelSize } ?? 0
        let message =
            state == .running
            ? "As of its latest checkpoint." : "Go on with: daybreak reconstruct --resume \(folder)"
        return RunSight(
            state: state, subtitle: Self.subtitle(plan.input, plan.parameters), message: message,
            iterations: snapshot.iterations, version: 0, figuresVersion: 0
        ) {
            RunFigures(
                snapshot, boxLength: images?.boxLength ?? box, shiftExtent: plan.parameters.shiftExtent,
                images: images)
        }
    }

    private static func subtitle(_ input: String, _ parameters: ReconstructionParameters) -> String {
        "\(input) · symmetry \(parameters.symmetry) · seed \(parameters.seed)"
    }
}

/// Why runs cannot be looked at.
public enum ViewError: Error, Equatable, CustomStringConvertible {
    /// The folder holds no run.
    case notARun(String)
    /// The port is taken or may not be used.
    case port(UInt16, String)

    /// One line: what was found, what to do.
    public var description: String {
        switch self {
        case .notARun(let path):
            "\(path): holds neither run.json nor plan.json; expected the folder of a run"
        case .port(let port, let reason):
            "port \(port) of 127.0.0.1 cannot be used (\(reason)); choose another --port, or 0 for any"
        }
    }
}
