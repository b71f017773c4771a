import ArgumentParser
import CryoCore
import CryoFiles
import CryoInference
import CryoReconstruction
import CryoReport
import Foundation
import Logging

/// The optimizers as the command line calls them.
enum OptimizerName: String, ExpressibleByArgument, CaseIterable {
    case preconditionedSGD = "preconditioned-sgd"
    case sagd, momentum, batch
    case projectionMatching = "projection-matching"

    /// Chooses the optimizer and what it cannot do without.
    func choose(in parameters: inout ReconstructionParameters) {
        switch self {
        case .preconditionedSGD: parameters.optimizer = .preconditionedSGD
        case .sagd: parameters.optimizer = .sagd
        case .momentum: parameters.optimizer = .momentum
        case .batch: parameters.optimizer = .batch
        case .projectionMatching:
            parameters.optimizer = .projectionMatching
            parameters.sampling = .none
        }
        if self != .preconditionedSGD { parameters.schedule = .frequencyMarching }
    }
}

/// `daybreak reconstruct`.
struct Reconstruct: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Finds the density of the particles in a STAR file, from a random start.",
        discussion: """
            Leaves report.html (open it in a browser), map.mrc, map.png, particles.star (poses), run.json and log.txt in the \
            output folder, and of the half-sets half1.mrc, half2.mrc, mask.mrc, map_unfiltered.mrc, fsc.star and fsc.xml.

            Example: daybreak reconstruct particles.star --output run1 --diameter 180 --seed 1
            """)

    @Argument(
        help: "Particles: a STAR file of RELION 3.0 or later.", completion: .file(extensions: ["star"]))
    var particles: String?

    @Option(name: .shortAndLong, help: "The run folder.", completion: .directory)
    var output: String?

    @Option(
        help: "Go on with the interrupted run in this folder, with its own settings.", completion: .directory)
    var resume: String?

    @Option(
        help: """
            Go on with the finished run in this folder to a finer --max-resolution, with its own settings; the result takes \
            the place of the earlier one, or goes to --output.
            """, completion: .directory)
    var extend: String?

    @Option(
        help: """
            Make the first iterations of the finished run in this folder again, and say whether they are the same to the \
            last bit (status 0) or where they differ (1).
            """, completion: .directory)
    var verify: String?

    @Option(help: "Iterations to verify. (default: those of the first tenth of the run's time)")
    var verifyIterations: Int?

    @Option(help: "Seconds between checkpoints; 0 for one after each iteration.")
    var checkpointEvery = 60.0

    @Flag(help: "Replace the results in an existing run folder.")
    var overwrite = false

    @Option(help: "The folder that image names start from.", completion: .directory)
    var root: String?

    @Option(help: "Settings to start from: default or paper.")
    var preset = "default"

    @Option(help: "The seed of everything random.")
    var seed: UInt64?

    @Option(help: "The particle's diameter, in Å. (default: as the images tell)")
    var diameter: Double?

    @Option(
        help: """
            The point group: C<n>, D<n>, T, O or I, axes as RELION's; or auto: C1 first, then with what is found. \
            (default: C1)
            """)
    var symmetry: String?

    @Option(help: "The finest resolution to reach, in Å. (default: 2.5 pixels, or where half-sets disagree)")
    var maxResolution: Double?

    @Option(
        help: "Start from this MRC map of the same box instead of a random density.",
        completion: .file(extensions: ["mrc"]))
    var initialMap: String?

    @Option(help: "Learn for at most this many iterations; a pass over all particles follows.")
    var maxIterations: Int?

    @Option(help: "white or black: how protein looks. (default: found from the images)")
    var contrast: String?

    @Option(help: "Threads; the result does not depend on them. (default: one a CPU)")
    var threads: Int?

    @Option(
        help: """
            How the density moves: preconditioned-sgd, sagd, momentum, batch or projection-matching. All but the first \
            raise the resolution by the paper's clock; the last sums no poses but takes the best. (default: the preset's)
            """)
    var optimizer: OptimizerName?

    @Option(
        help: "A JSON or YAML file of settings, e.g. a line 'annealBatch: 100'; --set and flags come after.",
        completion: .file(extensions: ["json", "yaml", "yml"]))
    var settingsFile: String?

    @Option(
        name: .customLong("set"),
        help: "Change a setting, e.g. --set annealBatch=100; see daybreak presets.")
    var settings: [String] = []

    @Option(
        help: "Random starts; the one that explains images best goes on. (default: 1, with a symmetry 3)")
    var starts: Int?

    @Flag(
        inversion: .prefixedNo,
        help: """
            After the anneal two half-sets learn independently: their agreement is the resolution, and the run ends \
            where it is lost. (default: --halves)
            """)
    var halves: Bool?

    @Option(help: "The B factor of map.mrc, in Å²; a negative one sharpens. (default: 0)")
    var bFactor: Double?

    @Flag(help: "Print nothing but errors.")
    var quiet = false

    func validate() throws {
        try validateTask()
        guard checkpointEvery >= 0 else {
            throw ValidationError("--checkpoint-every is in seconds, 0 or more")
        }
        if let threads, !(1...256).contains(threads) { throw ValidationError("--threads must be 1 to 256") }
        if let maxResolution, !(maxResolution > 0) {
            throw ValidationError("--max-resolution is in Å, above 0")
        }
        if let maxIterations, maxIterations < 1 {
            throw ValidationError("--max-iterations must be at least 1")
        }
        if let starts, !(1...1000).contains(starts) { throw ValidationError("--starts must be 1 to 1000") }
        if let contrast, !["white", "black"].contains(contrast) {
            throw ValidationError("--contrast is white or black")
        }
        // A file of settings is input: what is wrong with it is for run() to say.
        do { _ = try parameters() } catch is SettingsFileError {}
    }

    /// A new run, or one of three things to do with an earlier one.
    private func validateTask() throws {
        guard (resume == nil && verify == nil) || (particles == nil && output == nil) else {
            throw ValidationError(
                "--\(resume == nil ? "verify" : "resume") DIR goes on with what was asked for then; leave particles and "
                    + "--output out")
        }
        guard [resume, extend, verify, particles].compactMap(\.self).count < 2 else {
            throw ValidationError("give particles, or one of --resume, --extend and --verify")
        }
        guard resume != nil || extend != nil || verify != nil || particles != nil else {
            throw ValidationError("a STAR file of particles is missing")
        }
        guard let folder = resume ?? extend ?? verify ?? output, !folder.isEmpty, output != "" else {
            throw ValidationError("--output wants the name of a folder")
        }
        guard extend == nil || maxResolution != nil else {
            throw ValidationError("--extend DIR wants the finer limit, --max-resolution in Å")
        }
        guard verifyIterations == nil || (verify != nil && verifyIterations ?? 0 > 0) else {
            throw ValidationError("--verify-iterations is a number from 1, and belongs to --verify DIR")
        }
    }

    func parameters() throws -> ReconstructionParameters {
        guard var result = ReconstructionParameters.preset(named: preset) else {
            throw ValidationError("there is no preset '\(preset)'; the presets are default and paper")
        }
        if let settingsFile { result = try result.settings(fromFile: settingsFile) }
        optimizer?.choose(in: &result)
        for setting in settings {
            let parts = setting.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { throw ValidationError("--set wants name=value, not '\(setting)'") }
            do { result = try result.setting(parts[0], to: parts[1]) } catch {
                throw ValidationError("\(error)")
            }
        }
        if let starts { result.starts = starts }
        if let halves { result.halves = halves }
        if let seed { result.seed = seed }
        if let diameter { result.diameter = diameter }
        if let symmetry { result.symmetry = symmetry }
        if let maxResolution { result.maxResolution = maxResolution }
        if let maxIterations { result.maxIterations = maxIterations }
        if let bFactor { result.bFactor = bFactor }
        if let contrast { result.contrast = contrast == "white" ? 1 : -1 }
        return result
    }

    func run() throws {
        Interruption.listen()
        if let verify { return try verifyRun(verify) }
        let job = try resume.map { try resumedJob($0) } ?? extend.map { try extendedJob($0) } ?? newJob()
        let transcript = Transcript(continuing: (resume ?? extend).map { "\($0)/log.txt" })
        let level: Logger.Level = quiet ? .error : .info
        let log = Logger(label: "daybreak") { _ in
            RunLogHandler(transcript: transcript, terminalLevel: level)
        }
        defer { try? job.folder.write(transcript.data, to: "log.txt") }
        describe(job, log)
        try finish(job, transcript, log)
    }

    /// Carries out a job, and with the symmetry that its map has another.
    private func finish(_ job: Job, _ transcript: Transcript, _ log: Logger) throws {
        let result = try carryOut(job, transcript, log)
        if job.plan.findsSymmetry, let symmetric = try symmetricJob(after: job, result, log) {
            return try finish(symmetric, transcript, log)
        }
        let folder = job.folder
        let record = RunRecord(
            version: Version.current, command: job.plan.command, input: job.plan.input, run: job.run,
            result: result, particles: job.particles.particles, instructionSet: KernelSet.best.name,
            threads: job.parallel.threads)
        try folder.write(result, particles: job.particles, record: record)
        try Picture(montageOf: [result.map])
            .writePNG(to: URL(fileURLWithPath: folder.file("map.png")))
        try folder.write(Data(ReportPage(folder: folder.path).html().utf8), to: "report.html")
        try folder.keepState()
        conclude(record, log)
        if let hint = namesHint(job.particles) { log.info("\(hint)") }
        log.info("wrote \(folder.path): report.html, map.mrc, particles.star and more")
    }

    private func carryOut(
        _ job: Job, _ transcript: Transcript, _ log: Logger
    ) throws -> Reconstruction.Result {
        var progress = ProgressLine()
        var keeper = CheckpointKeeper(
            folder: job.folder, particles: job.particles, transcript: transcript, interval: checkpointEvery)
        let result = try job.run.run(from: job.progress) { entry in
            if !quiet { progress.show(entry) }
            log.debug("\(entry.line)")
        } checkpoint: {
            try keeper.look(at: $0)
        }
        if !quiet { progress.finish() }
        return result
    }

    var isSymmetryAutomatic: Bool { symmetry?.lowercased() == "auto" }

    /// What came of the run, and what to beware of.
    private func conclude(_ record: RunRecord, _ log: Logger) {
        let particles = record.particles
        log.info("\(particles.used) particles have a pose")
        if particles.setAside > 0 {
            log.info("\(particles.setAside) particles were set aside; set-aside.star lists them and why")
        }
        if particles.junk > 0 {
            log.info(
                "\(particles.junk) particles are probably images of nothing (rlnParticleFigureOfMerit < 0.5)")
        }
        if let angle = particles.medianAngleError, let shift = particles.medianShiftError {
            log.info(
                "poses are known to \(String(format: "%.1f° and %.1f Å", angle, shift)) (median standard deviations)"
            )
        }
        for start in record.starts {
            let evidence = String(format: "%.1f", start.logEvidence)
            log.info("start \(start.seed): log-evidence \(evidence) an image\(start.isKept ? ", kept" : "")")
        }
        if let resolution = record.resolution {
            log.info(
                """
                half-sets agree to \(String(format: "%.1f", resolution.corrected0143)) Å (FSC 0.143 in the particle's \
                mask, corrected for it), \(String(format: "%.1f", resolution.fsc0143)) Å without it
                """)
        }
        if let check = record.nullCheck {
            let gain = String(format: "%.1f ± %.1f", check.gain, check.standardError)
            log.info("unseen images prefer the map to its radial average by \(gain) nats each")
        }
        if let hashes = record.hashes {
            log.info("SHA-256 of the map \(hashes.map), of the poses \(hashes.poses)")
        }
        for doubt in record.doubts { log.warning("\(doubt)") }
    }

    /// Says where the image names of the output start from, if that is not the working folder.
    private func namesHint(_ set: ParticleSet) -> String? {
        guard let name = set.particles.first.flatMap({ ImageName($0.imageName) })?.path,
            !name.hasPrefix("/"), !FileManager.default.fileExists(atPath: name),
            let stack = set.stackPaths.first(where: { $0.hasSuffix("/" + name) })
        else { return nil }
        return "image names in particles.star start from \(stack.dropLast(name.count + 1)): "
            + "run other programs there, or give it as --root"
    }

    private func source(of run: Reconstruction) -> String {
        guard let estimate = run.diameterEstimate else { return "" }
        return estimate.isFromImages
            ? " by the images (--diameter if you know it)" : " (0.8 of the box; give --diameter)"
    }

    private func describe(_ job: Job, _ log: Logger) {
        let (set, run, parallel) = (job.particles, job.run, job.parallel)
        if let progress = job.progress {
            let aim = extend == nil ? "" : String(format: ", to %.1f Å at most", run.plannedResolutions.last)
            return log.info("going on after iteration \(progress.iterationNumber)\(aim)")
        }
        for warning in set.warnings { log.warning("\(warning)") }
        log.info(
            """
            daybreak \(Version.current) · \(set.count) particles of \(set.boxSize) px, \(set.pixelSize) Å/px \
            · \(parallel.threads) threads, \(KernelSet.best.name)
            """)
        log.info(
            """
            diameter \(String(format: "%.0f", run.diameter)) Å\(source(of: run)) · symmetry \(run.parameters.symmetry) \
            · seed \(run.parameters.seed)
            """)
        let (first, last) = run.plannedResolutions
        log.info(
            """
            resolution goes from \(String(format: "%.1f", first)) to \(String(format: "%.1f", last)) Å at most
            """)
        let colour = run.contrast.sign > 0 ? "white" : "black"
        if run.parameters.contrast == nil {
            let significance = String(format: "%.1f", run.contrast.significance)
            log.info("protein is \(colour) in the images (\(significance) standard errors)")
            if run.contrast.significance < 3 {
                log.warning(
                    "the contrast is not certain; give --contrast white or black if the map looks hollow")
            }
        } else {
            log.info("protein is \(colour), as told")
        }
    }
}
