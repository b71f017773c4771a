import ArgumentParser
import CryoReconstruction

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

/// Where a run works, and how it goes on.
struct RunFolderOptions: ParsableArguments {
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

    @Option(
        parsing: .unconditional,
        help: "Iterations to verify. (default: those of the first tenth of the run's time)")
    var verifyIterations: Int?

    @Option(parsing: .unconditional, help: "Seconds between checkpoints; 0 for one after each iteration.")
    var checkpointEvery = 60.0

    @Flag(help: "Replace the results in an existing run folder.")
    var overwrite = false

    /// What an earlier run that goes on takes, and what each task with one does.
    private static let ongoing = ["--checkpoint-every", "--web", "--port"]
    private static let useful = [
        "--resume": ongoing,
        "--extend": ongoing + ["--max-resolution", "--output", "--overwrite"],
        "--verify": ["--verify-iterations"],
    ]

    /// Refuses what would be ignored: an earlier run keeps its own settings.
    func refuseUnused(_ arguments: [String]) throws {
        guard
            let task = resume.map({ _ in "--resume" }) ?? extend.map({ _ in "--extend" })
                ?? verify.map({ _ in "--verify" })
        else { return }
        let useful = [task, "--threads", "--quiet", "--json"] + (Self.useful[task] ?? [])
        let names = arguments.filter { $0.hasPrefix("--") }.map { String($0.prefix { $0 != "=" }) }
        guard let unused = names.first(where: { !useful.contains($0) }) else { return }
        throw ValidationError(
            "\(unused) has no effect with \(task), which keeps to what the run was asked for; leave it out")
    }

    /// Checks that a new run, or one of three things to do with an earlier one, is asked for.
    func validateTask(particles: String?, maxResolution: Double?) throws {
        guard (resume == nil && verify == nil) || (particles == nil && output == nil) else {
            throw ValidationError(
                "--\(resume == nil ? "verify" : "resume") DIR goes on with what was asked for then; leave particles and "
                    + "--output out")
        }
        let tasks = [resume, extend, verify, particles].compactMap(\.self)
        guard tasks.count < 2 else {
            throw ValidationError("give particles, or one of --resume, --extend and --verify")
        }
        guard !tasks.isEmpty else { throw ValidationError("a STAR file of particles is missing") }
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
}

/// What is known of the molecule and its images.
struct MoleculeOptions: ParsableArguments {
    @Option(parsing: .unconditional, help: "The particle's diameter, in Å. (default: as the images tell)")
    var diameter: Double?

    @Option(
        help: """
            The point group: C<n>, D<n>, T, O or I, axes as RELION's; more axes than one are looked for in a first \
            anneal without them. Or auto: C1 first, then with what is found. (default: C1)
            """)
    var symmetry: String?

    @Option(help: "white or black: how protein looks. (default: found from the images)")
    var contrast: String?

    @Option(help: "The folder that image names start from.", completion: .directory)
    var root: String?

    @Option(
        help: "Start from this MRC map of the same box instead of a random density.",
        completion: .file(extensions: ["mrc"]))
    var initialMap: String?
}

/// How the density is learnt.
struct MethodOptions: ParsableArguments {
    @Option(parsing: .unconditional, help: "The seed of everything random. (default: 1)")
    var seed: UInt64?

    @Option(
        parsing: .unconditional,
        help:
            "The finest resolution to learn, in Å. (default: where half-sets disagree, or agree well)")
    var maxResolution: Double?

    @Option(
        parsing: .unconditional,
        help: "Learn for at most this many iterations; a pass over all particles follows.")
    var maxIterations: Int?

    @Option(
        parsing: .unconditional,
        help: "Random starts; the one that explains images best goes on. (default: 1, under one axis 3)")
    var starts: Int?

    @Flag(
        inversion: .prefixedNo,
        help: """
            After the anneal two half-sets learn independently: their agreement is the resolution, and the run ends \
            where it is lost. (default: --halves)
            """)
    var halves: Bool?

    @Option(
        parsing: .unconditional, help: "The B factor of map.mrc, in Å²; a negative one sharpens. (default: 0)"
    )
    var bFactor: Double?

    @Option(
        parsing: .unconditional, help: "Threads; the result does not depend on them. (default: one a CPU)")
    var threads: Int?

    @Option(
        help: """
            How the density moves: preconditioned-sgd, sagd, momentum, batch or projection-matching. All but the first \
            raise the resolution by the paper's clock; the last sums no poses but takes the best. (default: the preset's)
            """)
    var optimizer: OptimizerName?

    @Option(help: "Settings to start from: default or paper.")
    var preset = "default"

    @Option(
        name: .customLong("set"),
        help: "Change a setting, e.g. --set annealBatch=100; see daybreak presets.")
    var settings: [String] = []

    @Option(
        help: "A JSON or YAML file of settings, e.g. a line 'annealBatch: 100'; --set and flags come after.",
        completion: .file(extensions: ["json", "yaml", "yml"]))
    var settingsFile: String?
}

/// What is shown while it is learnt.
struct DisplayOptions: ParsableArguments {
    @Flag(help: "Print nothing but errors, and with --web the page's address.")
    var quiet = false

    @Flag(
        help:
            "Print one JSON object a line on the standard output: start, phases, iterations, warnings, result."
    )
    var json = false

    @Flag(
        help: "Serve a page on 127.0.0.1 that follows the run; its address, with a secret in it, is printed.")
    var web = false

    @Option(
        parsing: .unconditional, help: "The port of that page; implies --web. (default: any that is free)")
    var port: UInt16?

    /// The page's port, 0 for any; nil for no page.
    var webPort: UInt16? { port ?? (web ? 0 : nil) }
}
