import CryoReconstruction
import Foundation
import Testing

/// Help, version and what the program says to a wrong command line.
struct UsageTests {
    let folder: WorkingFolder

    init() throws { folder = try WorkingFolder() }

    /// Subcommand, and phrases that its help must hold.
    static let help: [(String, [String])] = [
        (
            "reconstruct",
            [
                "from a random start",
                "USAGE: daybreak reconstruct [<options>] [<particles>]", "--resume <resume>",
                "--checkpoint-every",
                "report.html", "map.mrc, map.png, particles.star (poses), run.json and log.txt",
                "--diameter <diameter>",
                "--symmetry <symmetry>", "--max-resolution <max-resolution>", "--set <set>", "--seed <seed>",
                "--threads <threads>", "--overwrite", "--contrast <contrast>", "--preset <preset>", "--quiet",
                "--optimizer <optimizer>", "--settings-file <settings-file>", "projection-matching", "--web",
                "--port <port>",
                "--json", "RUN FOLDER:", "METHOD:",
            ]
        ),
        (
            "simulate",
            [
                "noisy particle images of a known molecule",
                "USAGE: daybreak simulate [<options>] --output <output>",
                "signal-to-noise ratio is the variance", "--model <model>", "--particles <particles>",
                "--snr <snr>", "--box <box>", "--defocus-range <defocus-range>", "--junk <junk>",
                "values: uniform, preferred",
            ]
        ),
        (
            "compare",
            [
                "USAGE: daybreak compare <map> <reference>", "all rotations, shifts and both hands",
                "--poses <poses>", "--true-poses <true-poses>", "--aligned <aligned>", "--json",
            ]
        ),
        (
            "view",
            [
                "USAGE: daybreak view <folders> ...", "127.0.0.1", "--port <port>",
                "Example: daybreak view run1 run2",
            ]
        ),
        ("fsc", ["USAGE: daybreak fsc <first> <second>", "shell by shell", "--mask <mask>"]),
        ("inspect", ["USAGE: daybreak inspect <files> ...", "kind, size, pixel size", "--root <root>"]),
        ("presets", ["USAGE: daybreak presets", "reconstruct --set name=value"]),
    ]

    @Test(arguments: help) func helpSaysWhatThereIs(name: String, phrases: [String]) throws {
        let outcome = try folder.run(name, "--help")
        #expect(outcome.status == 0 && outcome.errors.isEmpty)
        let text = outcome.output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        for phrase in phrases { #expect(text.contains(phrase), "help of \(name) lacks '\(phrase)'") }
    }

    @Test func mainHelpListsTheSubcommandsAndAnExample() throws {
        let outcome = try folder.run("--help")
        #expect(outcome.status == 0)
        for (name, _) in Self.help { #expect(outcome.output.contains("\n  \(name) "), "no \(name)") }
        #expect(outcome.output.contains("daybreak reconstruct sim/particles.star --output run"))
    }

    @Test func versionIsOneNumber() throws {
        let outcome = try folder.run("--version")
        #expect(outcome.status == 0)
        let parts = outcome.output.trimmingCharacters(in: .newlines).split(separator: ".")
        #expect(parts.count == 3 && parts.allSatisfy { Int($0) != nil })
    }

    /// Command lines that cannot be meant.
    static let misuse: [[String]] = [
        ["nonsense"], ["reconstruct"], ["reconstruct", "p.star"],
        ["reconstruct", "p.star", "-o", "r", "--what"],
        ["reconstruct", "p.star", "-o", "r", "--threads", "0"],
        ["reconstruct", "p.star", "-o", "r", "--threads", "two"],
        ["reconstruct", "p.star", "-o", "r", "--preset", "fast"],
        ["reconstruct", "p.star", "-o", "r", "--set", "annealBatch"],
        ["reconstruct", "p.star", "-o", "r", "--set", "nothing=1"],
        ["reconstruct", "p.star", "-o", "r", "--set", "annealBatch=many"],
        ["reconstruct", "p.star", "-o", "r", "--contrast", "grey"],
        ["reconstruct", "p.star", "-o", "r", "--max-resolution", "-3"],
        ["reconstruct", "p.star", "-o", "r", "--symmetry", "I9"],
        ["reconstruct", "p.star", "-o", "r", "--symmetry", ""],
        ["reconstruct", "p.star", "-o", "r", "--max-iterations", "0"],
        ["reconstruct", "p.star", "-o", "r", "--seed", "-1"], ["simulate"],
        ["simulate", "-o", "s", "--particles", "0"], ["simulate", "-o", "s", "--box", "33"],
        ["simulate", "-o", "s", "--box", "8"], ["simulate", "-o", "s", "--pixel-size", "0"],
        ["simulate", "-o", "s", "--defocus-range", "9"], ["simulate", "-o", "s", "--defocus-range", "9,1"],
        ["simulate", "-o", "s", "--model-pixel-size", "5"],
        ["simulate", "-o", "s", "--model", "m.mrc", "--model-pixel-size", "0"],
        ["simulate", "-o", "s", "--model", "m.mrc", "--model-pixel-size", "nan"],
        ["simulate", "-o", "s", "--model", "m.mrc", "--model-pixel-size", "1e9"],
        ["simulate", "-o", "s", "--model", "m.mrc", "--model-pixel-size", "inf"],
        ["simulate", "-o", "s", "--orientations", "upright"], ["simulate", "-o", "s", "--snr", "0"],
        ["simulate", "-o", "s", "--junk", "2"], ["simulate", "-o", "s", "--voltage", "0"],
        ["simulate", "-o", "s", "--cs", "inf"], ["simulate", "-o", "s", "--defocus-range=-inf,inf"],
        ["simulate", "-o", "s", "--defocus-range", "0,1e300"], ["presets", "fast"], ["compare", "a.mrc"],
        ["compare", "a.mrc", "b.mrc", "--symmetry", "Q"], ["compare", "a.mrc", "b.mrc", "--poses", "p.star"],
        ["fsc", "a.mrc"], ["inspect"], ["reconstruct", "p.star", "-o", "r", "--set", "preset=paper"],
        ["reconstruct", "--resume", "r", "--seed", "7"], ["reconstruct", "--verify", "r", "--symmetry=D7"],
        ["reconstruct", "--resume", "r", "--overwrite"], ["reconstruct", "--verify", "r", "--web"],
        ["reconstruct", "--resume", "r", "--max-resolution", "9"],
        ["reconstruct", "--extend", "r", "--max-resolution", "9", "--diameter", "120"],
    ]

    @Test(arguments: misuse) func misuseIsStatus64(arguments: [String]) throws {
        let outcome = try folder.run(arguments)
        #expect(outcome.status == 64, "\(outcome.errors)")
        #expect(
            outcome.output.isEmpty && outcome.errors.contains("Error: ") && outcome.errors.contains("Usage: ")
        )
        #expect(!folder.has("r") && !folder.has("s"))
    }

    /// What is refused has the name under which it was given.
    @Test func numbersThatMakeNoSenseAreNamed() throws {
        for (option, value) in [("--snr", "0"), ("--junk", "nan"), ("--cs", "1e9"), ("--voltage", "-3")] {
            let outcome = try folder.run("simulate", "-o", "s", option + "=" + value)
            #expect(outcome.status == 64 && outcome.errors.contains("\(option) is"), "\(outcome.errors)")
        }
    }

    @Test(arguments: ["Q", "C0", "I9", ""]) func unknownSymmetriesAreNamed(name: String) throws {
        let outcome = try folder.run("reconstruct", "p.star", "-o", "r", "--symmetry", name)
        #expect(
            outcome.status == 64 && outcome.errors.contains("symmetry '\(name)' is unknown"),
            "\(outcome.errors)")
    }

    /// A value of another kind is answered with the kind that is wanted.
    @Test(arguments: [
        ("contrast=white", "1 (white), -1 (black)"), ("annealBatch=many", "it takes a whole number"),
        ("diameter=wide", "it takes a number or null"), ("isPositive=3", "it takes true or false"),
        ("optimizer=adam", "preconditionedSGD, sagd, "), ("prior=flat", "uniform, "),
        ("seed=-1", "it takes a whole number from 0"), ("starts=two", "it takes a whole number or null"),
        ("shiftStep=0", "is 0.0; expected 0.01 to"), ("marchBatch=0", "is 0; expected 1 to"),
        ("annealIterations=-1", "expected 0 to"), ("symmetry=C0", "symmetry 'C0' is unknown; expected"),
        ("maxResolution=0", "setting 'maxResolution' is 0.0; expected"),
    ]) func settingsSayWhatTheyTake(setting: String, phrase: String) throws {
        let outcome = try folder.run("reconstruct", "p.star", "-o", "r", "--set", setting)
        #expect(outcome.status == 64 && outcome.errors.contains(phrase), "\(outcome.errors)")
    }

    /// What begins with a minus is a number too, and is refused as one.
    @Test func negativeNumbersAreNotMissing() throws {
        let runs: [([String], String)] = [
            (["simulate", "-o", "s", "--particles", "-5"], "--particles must be at least 1"),
            (["simulate", "-o", "s", "--snr", "-1"], "--snr is"),
            (["reconstruct", "p.star", "-o", "r", "--seed", "-1"], "'-1' is invalid for '--seed"),
            (["reconstruct", "p.star", "-o", "r", "--threads", "-1"], "--threads must be 1 to 256"),
            (["compare", "a.mrc", "b.mrc", "--mask", "-5"], "--mask is a diameter"),
            (["fsc", "a.mrc", "b.mrc", "--mask", "-5"], "--mask is a diameter"),
            (["symmetry", "a.mrc", "--resolution", "-5"], "--resolution is in Å"),
        ]
        for (arguments, phrase) in runs {
            let outcome = try folder.run(arguments)
            #expect(outcome.status == 64 && outcome.errors.contains(phrase), "\(outcome.errors)")
        }
        try folder.simulate(particles: 3)
        let small = try folder.run("reconstruct", "data/particles.star", "-o", "r", "--diameter", "-5")
        #expect(small.status == 2 && small.errors.contains("diameter"), "\(small.errors)")
    }

    /// A preset that is printed can be edited and given back.
    @Test func onePresetIsASettingsFile() throws {
        let paper = try folder.run("presets", "paper")
        #expect(paper.status == 0)
        try folder.write(Data(paper.output.utf8), "settings.json")
        try folder.simulate(particles: 20)
        let run = try folder.reconstruct(
            "--settings-file", "settings.json", "--max-iterations", "1", "--set", "prior=uniform", "--set",
            "priorStrength=0")
        #expect(run.status == 0, "\(run.errors)")
        #expect(try RunFolder(resuming: folder.path + "/run").record().parameters.optimizer == .sagd)
    }

    @Test func presetsAreValidJSON() throws {
        let outcome = try folder.run("presets")
        #expect(outcome.status == 0)
        let paper = try #require(outcome.output.range(of: "paper: "))
        let object = try JSONSerialization.jsonObject(with: Data(outcome.output[paper.upperBound...].utf8))
        let settings = try #require(object as? [String: Any])
        #expect(
            Set(settings.keys) == Set(ReconstructionParameters.names + ["preset"])
                && settings["maxResolution"] is NSNull)
        #expect(settings["optimizer"] as? String == "sagd" && settings["priorStrength"] as? Double == 0.9)
    }
}
