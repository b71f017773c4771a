import CryoCore
import CryoFiles
import Foundation
import Testing

/// Input that cannot be used: one line, status 2, and nothing written.
struct BadInputTests {
    let folder: WorkingFolder

    init() throws {
        folder = try WorkingFolder()
        try folder.simulate(particles: 12)
    }

    private func refuses(
        _ arguments: [String], _ phrases: String..., location: SourceLocation = #_sourceLocation
    ) throws {
        let outcome = try folder.run(arguments)
        #expect(outcome.status == 2, "\(outcome.errors)", sourceLocation: location)
        #expect(outcome.output.isEmpty, sourceLocation: location)
        #expect(outcome.errorLines.count == 1, "\(outcome.errors)", sourceLocation: location)
        #expect(outcome.errors.hasPrefix("daybreak: "), sourceLocation: location)
        for phrase in phrases {
            #expect(
                outcome.errors.contains(phrase), "'\(outcome.errors)' lacks '\(phrase)'",
                sourceLocation: location)
        }
        #expect(!folder.has("run"), "a refused run left a folder", sourceLocation: location)
    }

    private func reconstruction(_ star: String = "data/particles.star", _ more: String...) -> [String] {
        ["reconstruct", star, "--output", "run", "--max-iterations", "1"] + more
    }

    @Test func missingFilesAreNamed() throws {
        try refuses(reconstruction("nothing.star"), "nothing.star")
        try refuses(["compare", "nothing.mrc", "data/truth.mrc"], "nothing.mrc")
        try refuses(["fsc", "data/truth.mrc", "nothing.mrc"], "nothing.mrc")
        try refuses(["inspect", "nothing.mrc"], "nothing.mrc")
        try FileManager.default.removeItem(atPath: folder.path + "/data/particles.mrcs")
        try refuses(reconstruction(), "data/particles.star", "missing file", "particles.mrcs")
    }

    @Test func wrongFilesOfSettingsAreRefused() throws {
        try refuses(reconstruction("data/particles.star", "--settings-file", "none.yaml"), "none.yaml")
        try folder.write(Data("annealBatch: many\n".utf8), "wrong.yaml")
        try refuses(
            reconstruction("data/particles.star", "--settings-file", "wrong.yaml"), "wrong.yaml",
            "annealBatch")
        try folder.write(Data("shiftStep: 0\n".utf8), "wrong.yaml")
        try refuses(
            reconstruction("data/particles.star", "--settings-file", "wrong.yaml"), "setting 'shiftStep'",
            "expected")
    }

    @Test func imagesAreNoList() throws {
        try refuses(reconstruction("data/particles.mrcs"), "particles.mrcs", "MRC images", "STAR file")
        try folder.write(Data([0x93] + Array("NUMPY\u{1}".utf8)), "particles.cs")
        try refuses(reconstruction("particles.cs"), "cryoSPARC", "csparc2star")
    }

    /// Neither a stack of images nor a finished run's map gives way to one that is moved.
    @Test func movedMapsReplaceNoStackAndNoRun() throws {
        try FileManager.default.copyItem(
            atPath: folder.path + "/data/particles.mrcs", toPath: folder.path + "/other.mrcs")
        try refuses(["symmetry", "data/truth.mrc", "--aligned", "other.mrcs"], "not an MRC map")
        try FileManager.default.createDirectory(
            atPath: folder.path + "/done", withIntermediateDirectories: false)
        for name in ["run.json", "half1.mrc"] {
            try folder.write(
                name == "run.json" ? Data("{}".utf8) : folder.data("data/truth.mrc"), "done/\(name)")
        }
        try refuses(
            ["symmetry", "data/truth.mrc", "--aligned", "done/half1.mrc"], "half1.mrc",
            "in the folder of a run")
    }

    /// Pictures and maps that a command leaves replace their like, but no input and nothing else.
    @Test func outputsReplaceNothingElse() throws {
        let stack = try folder.data("data/particles.mrcs")
        let truth = try folder.data("data/truth.mrc")
        try refuses(
            ["inspect", "data/particles.star", "--picture", "data/particles.mrcs"], "not a PNG picture")
        try refuses(
            ["compare", "data/truth.mrc", "data/truth.mrc", "--aligned", "./data/truth.mrc"], "is read by")
        try refuses(
            ["compare", "data/truth.mrc", "data/truth.mrc", "--picture", "data/particles.star"], "PNG")
        try refuses(["symmetry", "data/truth.mrc", "--aligned", "data/truth.mrc"], "is read by")
        try refuses(["symmetry", "data/truth.mrc", "--aligned", "data/truth.star"], "not an MRC map")
        #expect(try folder.data("data/particles.mrcs") == stack)
        #expect(try folder.data("data/truth.mrc") == truth)
        for _ in 0..<2 {
            #expect(try folder.run("inspect", "data/particles.star", "--picture", "some.png").status == 0)
        }
    }

    /// By whatever name a folder is reached, an input in it stays; so does one that the folder only has a link to.
    @Test func linksDoNotHideInputs() throws {
        let star = try folder.data("data/particles.star")
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/link", withDestinationPath: "data")
        for (star, output) in [("data", "link"), ("data", "link/"), ("link", "data"), ("link", "./link")] {
            try refuses(
                ["reconstruct", "\(star)/particles.star", "--overwrite", "--output", output],
                "holds the input particles.star")
        }
        try refuses(
            ["simulate", "--output", "link", "--overwrite", "--model", "data/truth.mrc"],
            "holds the input truth.mrc")
        try FileManager.default.createDirectory(
            atPath: folder.path + "/other", withIntermediateDirectories: false)
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/other/particles.star", withDestinationPath: "../data/particles.star")
        for output in ["data", "other"] {
            try refuses(
                ["reconstruct", "other/particles.star", "--overwrite", "--output", output], "holds the input")
        }
        try refuses(["symmetry", "data/truth.mrc", "--aligned", "link/truth.mrc"], "is read by")
        try refuses(["flip", "data/truth.mrc", "--overwrite", "--output", "link/truth.mrc"], "is read by")
        try refuses(
            ["flip", "data/truth.mrc", "--overwrite", "--output", "data/particles.star"], "not an MRC map")
        try refuses(
            ["flip", "data/truth.star", "--overwrite", "--output", "data/truth.mrc"], "not a STAR file")
        #expect(try folder.data("data/particles.star") == star)
    }

    /// Nothing waits for the other end of a pipe, and none goes.
    @Test func outputsAreFiles() throws {
        #expect(mkfifo(folder.path + "/pipe", 0o600) == 0)
        let map = "data/truth.mrc"
        for arguments in [
            ["compare", map, map, "--aligned"], ["compare", map, map, "--picture"],
            ["symmetry", map, "--aligned"], ["report", "data", "--output"],
            ["inspect", "data/particles.star", "--picture"], ["flip", map, "--overwrite", "--output"],
        ] {
            for output in ["pipe", "data"] { try refuses(arguments + [output], output, "not a regular file") }
        }
        #expect("\(folder.path)/pipe".isOtherThanFile)
    }

    @Test func twoOutputsHaveTwoPlaces() throws {
        for picture in ["both.mrc", "./both.mrc", "data/../both.mrc"] {
            try refuses(
                [
                    "compare", "data/truth.mrc", "data/truth.mrc", "--aligned", "both.mrc", "--picture",
                    picture,
                ],
                "--aligned and --picture")
        }
        // Names of one letter are names.
        try refuses(
            ["compare", "data/truth.mrc", "data/truth.mrc", "--aligned", "m", "--picture", "./m"],
            "--aligned and --picture")
        #expect(!folder.has("both.mrc"))
    }

    /// A molecule that the box would cut, images that no number could hold, pixels of no microscope.
    @Test func whatCannotBeIsNotMade() throws {
        let atom = "ATOM      1  C   ALA A   1    %8.3f   0.000   0.000  1.00 20.00           C\n"
        let model = [-90.0, 90].map { String(format: atom, $0) }.joined()
        try folder.write(Data(model.utf8), "long.pdb")
        let simulation = ["simulate", "--output", "run", "--particles", "3", "--box", "32"]
        try refuses(simulation + ["--model", "long.pdb", "--pixel-size", "2"], "180 Å", "64 Å", "--box")
        #expect(try folder.run(simulation + ["--snr", "1e-300"]).status == 64)
        try TinySet(pixelSize: "0.06").write(in: folder)
        try refuses(reconstruction(), "0.06 Å", "0.1 to 1000.0 Å")
    }

    /// Nothing that is there goes without `--overwrite`, and an input not even with it.
    @Test func whatIsThereStays() throws {
        try FileManager.default.createDirectory(
            atPath: folder.path + "/other", withIntermediateDirectories: false)
        try folder.write(Data("keep".utf8), "other/truth.mrc")
        try refuses(
            ["simulate", "--output", "other", "--particles", "1"], "other/truth.mrc", "exists already")
        #expect(try folder.data("other/truth.mrc") == Data("keep".utf8))
        try refuses(
            [
                "reconstruct", "data/particles.star", "--output", "other", "--overwrite", "--initial-map",
                "other/truth.mrc",
            ], "holds the input truth.mrc")
    }

    @Test func comparisonsThatMeanNothingAreRefused() throws {
        let map = "data/truth.mrc"
        try refuses(["compare", map, map, "--mask", "5"], "--mask", "8 voxels")
        try refuses(["fsc", map, map, "--mask", "5"], "--mask", "8 voxels")
        // The density itself is no mask.
        try refuses(["fsc", map, map, "--mask", map], map, "found values from", "0 to 1")
        var absurd = try MRCFile.readVolume("\(folder.path)/\(map)")
        absurd.voxels[5000] = 3e38
        try MRCFile.write(absurd, to: folder.path + "/absurd.mrc")
        for command in ["fsc", "compare"] {
            try refuses([command, "absurd.mrc", map], "absurd.mrc", "magnitude", "at most 1e9")
        }
        try refuses(["symmetry", map, "--resolution", "10000"], "--resolution", "a quarter of the box")
        try refuses(["symmetry", map, "--resolution", "1"], "--resolution", "two voxels")
        try refuses(["fsc", map, map, "--mask", "data/truth.star"], "data/truth.star")
        try refuses(
            ["compare", map, map, "--reference-pixel-size", "800"], "edge", "--reference-pixel-size")
    }

    @Test func simulationsThatDoNotFitAreRefused() throws {
        try refuses(["simulate", "--output", "run", "--particles", "10000000000"], "memory")
        try refuses(
            [
                "simulate", "--output", "run", "--model", "data/truth.mrc", "--model-pixel-size", "100",
                "--pixel-size", "1",
            ],
            "2048 voxels")
        try refuses(["simulate", "--output", "run", "--particles", "1", "--junk", "1"], "--junk")
    }

    @Test func truncatedStacksAreRefused() throws {
        let stack = try folder.data("data/particles.mrcs")
        try folder.write(stack.prefix(stack.count - 100), "data/particles.mrcs")
        try refuses(reconstruction(), "particles.mrcs", "the end of the file", "\(stack.count) bytes")
        try folder.write(stack.prefix(500), "data/particles.mrcs")
        try refuses(reconstruction(), "particles.mrcs")
        // Whoever inspects a file wants to hear of its problems, and scripts the status.
        let inspected = try folder.run("inspect", "data/particles.mrcs")
        #expect(inspected.status == 2 && inspected.output.contains("problem: data/particles.mrcs, byte 500"))
    }

    @Test func compressedFilesAreSaidToBe() throws {
        for name in ["data/particles.star.gz", "data/particles.mrcs.gz", "data/stack.mrcs"] {
            try folder.write(Data([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3]), name)
            try refuses(["inspect", name], name, "compressed with gzip", "gunzip")
        }
        try refuses(reconstruction("data/particles.star.gz"), "compressed with gzip")
    }

    @Test func emptyTablesAreRefused() throws {
        try folder.write(Data(), "empty.star")
        try refuses(reconstruction("empty.star"), "empty.star")
        let header = try folder.text("data/particles.star").split(
            separator: "\n", omittingEmptySubsequences: false
        )
        .filter { !$0.contains("@") }
        try folder.write(Data(header.joined(separator: "\n").utf8), "data/none.star")
        try refuses(reconstruction("data/none.star"), "none.star")
        try folder.write(Data("no star file at all\n".utf8), "text.star")
        try refuses(reconstruction("text.star"), "text.star")
    }

    @Test func missingOpticsAreNotGuessed() throws {
        for label in ["_rlnVoltage", "_rlnDefocusU", "_rlnSphericalAberration"] {
            let text = try folder.text("data/particles.star").replacingOccurrences(
                of: label + " ", with: "_rlnOther ")
            try folder.write(Data(text.utf8), "data/blind.star")
            try refuses(reconstruction("data/blind.star"), "blind.star", label)
        }
    }

    @Test func particlesOfNaNAreRefused() throws {
        var stack = try folder.data("data/particles.mrcs")
        let nan: [UInt8] = [0, 0, 0xC0, 0x7F]
        for offset in stride(from: 1024, to: stack.count, by: 4) {
            stack.replaceSubrange(offset..<(offset + 4), with: nan)
        }
        try folder.write(stack, "data/particles.mrcs")
        try refuses(reconstruction(), "none of the 12 images", "check the stack")
    }

    @Test(arguments: ["0", "-10", "10", "193", "nan", "inf"]) func diametersMustFitTheBox(diameter: String)
        throws
    {
        try refuses(reconstruction("data/particles.star", "--diameter=\(diameter)"), "diameter", "192.0 Å")
    }

    @Test func wrongKindsOfFileAreRefused() throws {
        try refuses(reconstruction("data/truth.mrc"), "data/truth.mrc")
        try refuses(["fsc", "data/particles.star", "data/truth.mrc"], "data/particles.star")
        try refuses(["compare", "data/particles.mrcs", "data/truth.mrc"], "particles.mrcs", "a cubic volume")
    }

    @Test func simulationsThatMakeNoSenseAreRefused() throws {
        try refuses(["simulate", "--output", "run", "--model", "nothing.pdb"])
        try MRCFile.write(Volume(boxSize: 32, pixelSize: 6), to: folder.path + "/empty.mrc")
        try refuses(["simulate", "--output", "run", "--box", "32", "--model", "empty.mrc"], "same value")
    }

    @Test func outputsThatCannotBeWrittenAreRefused() throws {
        try refuses(["simulate", "--output", "data/truth.mrc"], "is a file")
        try refuses(["simulate", "--output", "data/truth.mrc/run"], "cannot be written (not a directory)")
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/circle", withDestinationPath: "circle")
        for output in ["circle", "circle/below"] {
            try refuses(["simulate", "--output", output], "too many levels of symbolic links")
        }
        for option in ["--picture", "--aligned"] {
            try refuses(
                ["compare", "data/truth.mrc", "data/truth.mrc", option, "data/truth.mrc/x"], "not a directory"
            )
        }
        let arguments = ["reconstruct", "data/particles.star", "--max-iterations", "1", "--output"]
        try refuses(arguments + ["data/particles.star"], "is a file")
        try refuses(arguments + ["data"], "exists already", "--overwrite")
        try refuses(arguments + ["data/particles.star/run"], "cannot be written")
        #expect(!folder.has("data/map.mrc"))
    }
}
