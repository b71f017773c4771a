import CryoCore
import CryoFiles
import CryoFourier
import CryoInference
import CryoReconstruction
import Foundation
import Testing

/// simulate → inspect → reconstruct → compare → fsc, as a user goes through them.
struct WorkflowTests {
    let folder: WorkingFolder

    init() throws { folder = try WorkingFolder() }

    @Test func everyStepLeavesWhatItPromises() throws {
        try folder.simulate(particles: 40, "--snr", "1")
        #expect(try !folder.text("data/particles.star").contains("_rlnAngleRot"))
        let truth = try ParticleSet(starFile: folder.path + "/data/truth.star")
        #expect(truth.count == 40 && truth.particles.allSatisfy { $0.pose != nil })

        let inspected = try folder.run(
            "inspect", "data/particles.star", "data/particles.mrcs", "data/truth.mrc")
        #expect(inspected.status == 0 && inspected.errors.isEmpty)
        #expect(inspected.output.contains("40") && inspected.output.contains("32"))

        let run = try folder.reconstruct("--seed", "7", "--diameter", "150")
        #expect(run.status == 0 && run.output.isEmpty, "\(run.errors)")
        for name in ["map.mrc", "map.png", "particles.star", "run.json", "log.txt"] {
            #expect(folder.has("run/\(name)"), "no \(name)")
        }
        #expect(try folder.data("run/map.png").prefix(4) == Data([0x89, 0x50, 0x4E, 0x47]))
        let map = try MRCFile.readVolume(folder.path + "/run/map.mrc")
        #expect(map.boxSize == 32 && abs(map.pixelSize - 6) < 1e-4)
        #expect(map.voxels.allSatisfy { $0.isFinite } && map.voxels.contains { $0 > 0 })
        try checkRecord()
        try checkParticles()
        let log = try folder.text("run/log.txt")
        for phrase in [
            "40 particles of 32 px", "seed 7", "diameter 150", "log-evidence", "40 particles have a pose",
        ] {
            #expect(log.contains(phrase), "log.txt lacks '\(phrase)'")
        }
        try checkComparisons()
    }

    /// A file of settings, an optimizer by name, and flags that come after both.
    @Test func settingsComeFromFilesNamesAndFlags() throws {
        try folder.simulate(particles: 40, "--snr", "1")
        try folder.write(Data("seed: 3\nmarchBatch: 11\nsamplingPeriod: 1\n".utf8), "mine.yaml")
        let run = try folder.run(
            "reconstruct", "data/particles.star", "--output", "run", "--preset", "paper", "--settings-file",
            "mine.yaml", "--optimizer", "momentum", "--seed", "5", "--max-iterations", "6", "--quiet",
            "--set", "samplingCheckInterval=2", "--set", "shiftExtent=12")
        #expect(run.status == 0, "\(run.errors)")
        let record = try JSONDecoder().decode(RunRecord.self, from: folder.data("run/run.json"))
        #expect(record.parameters.seed == 5 && record.parameters.marchBatch == 11)
        #expect(record.parameters.optimizer == .momentum && record.parameters.sampling == .factorised)
        // What the paper reports of its sampler, and the error that it does not.
        let statistics = record.iterations.compactMap(\.sampling)
        #expect(statistics.count == 7)
        #expect(statistics.allSatisfy { $0.pointFraction > 0 && $0.pointFraction <= $0.angleFraction })
        #expect(statistics.allSatisfy { $0.effectiveDirections >= 1 && $0.secondsPerImage > 0 })
        #expect(statistics[0].pointFraction == 1 && (statistics[0].evidenceError ?? 1) < 1e-2)
        #expect(statistics[2].evidenceError != nil && statistics[1].evidenceError == nil)
        #expect(record.iterations[0].heldOutLogEvidence != nil)
    }

    private func checkRecord() throws {
        let record = try JSONDecoder().decode(RunRecord.self, from: folder.data("run/run.json"))
        let version = try folder.run("--version").output.trimmingCharacters(in: .newlines)
        #expect(record.version == version && record.input == "data/particles.star")
        #expect(record.command.contains("--max-iterations") && record.parameters.seed == 7)
        #expect(record.parameters.annealBatch == 20 && record.parameters.maxIterations == 3)
        #expect(record.diameter == 150 && record.particleCount == 40 && record.setAside.isEmpty)
        #expect(record.contrast.sign == 1 && record.threads >= 1 && !record.instructionSet.isEmpty)
        #expect(record.iterations.count == 4 && record.iterations.last?.phase == .final)
        #expect(record.iterations.allSatisfy { $0.logEvidence.isFinite && $0.poseCount > 1000 })
        let written = try JSONSerialization.jsonObject(with: folder.data("run/run.json")) as? [String: Any]
        #expect(written?["doubts"] as? [String] == record.doubts)
        #expect(record.noiseVariance.count == 4 && record.noiseVariance.allSatisfy { $0 > 0 })
    }

    private func checkParticles() throws {
        let text = try folder.text("run/particles.star")
        for label in [
            "AngleRot", "AngleTilt", "AnglePsi", "OriginXAngst", "OriginYAngst", "LogLikeliContribution",
        ] {
            #expect(text.contains("_rln\(label) "), "particles.star lacks \(label)")
        }
        // Image names stay, so they resolve from where the input's did.
        let set = try ParticleSet(starFile: folder.path + "/run/particles.star", root: folder.path + "/data")
        #expect(set.count == 40 && set.particles.allSatisfy { $0.pose != nil })
        #expect(set.particles[6].imageName == "000007@particles.mrcs")
    }

    /// A curve that reaches no threshold has no resolution, and says why that may be.
    @Test func invertedContrastIsSaid() throws {
        try folder.simulate(particles: 2)
        var map = try MRCFile.readVolume(folder.path + "/data/truth.mrc")
        map.voxels = map.voxels.map { -$0 }
        try MRCFile.write(map, to: folder.path + "/inverted.mrc")
        for command in ["fsc", "compare"] {
            let outcome = try folder.run(command, "inverted.mrc", "data/truth.mrc")
            #expect(outcome.status == 0 && outcome.errors.contains("is the contrast of one map inverted?"))
            #expect(outcome.output.contains("FSC ") && !outcome.output.contains("inf"), "\(outcome.output)")
        }
        let turned = try folder.run("fsc", "inverted.mrc", "data/truth.mrc").output
        #expect(turned.contains("FSC never above 0.5 · never above 0.143"), "\(turned)")
        let json = try folder.run("compare", "inverted.mrc", "data/truth.mrc", "--json").output
        let report = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
        #expect(report?["resolution05"] is NSNull && report?["resolution0143"] is NSNull, "\(json)")
    }

    /// A warning has the name of the map that it is about.
    @Test func mapsWithoutPixelSizesAreNamed() throws {
        try folder.simulate(particles: 2)
        var map = try folder.data("data/truth.mrc")
        map.replaceSubrange(40..<52, with: [UInt8](repeating: 0, count: 12))
        try folder.write(map, "blank.mrc")
        let outcome = try folder.run("fsc", "blank.mrc", "blank.mrc")
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.errors.hasPrefix("warning: blank.mrc: the header has no pixel size"))
    }

    private func checkComparisons() throws {
        let same = try folder.run("compare", "data/truth.mrc", "data/truth.mrc", "--json")
        let report = try #require(
            try JSONSerialization.jsonObject(with: Data(same.output.utf8)) as? [String: Any])
        #expect(report["isMirrored"] as? Bool == false)
        // A map laid upon itself agrees almost to the last shell below Nyquist, 192 Å / 15; turning it costs a little.
        let resolution = report["resolution05"] as? Double ?? 0
        #expect(resolution >= 12.79 && resolution < 14)

        let compared = try folder.run(
            "compare", "run/map.mrc", "data/truth.mrc", "--aligned", "aligned.mrc", "--picture", "both.png",
            "--poses", "data/truth.star", "--true-poses", "data/truth.star")
        #expect(compared.status == 0, "\(compared.errors)")
        #expect(compared.output.hasPrefix("FSC ") && compared.output.contains("median pose error 0.0°"))
        // 0.84 of 192 Å.
        #expect(
            compared.output.contains("within a sphere of 161 Å")
                && report["maskDiameter"] as? Double == 161.28)
        #expect(folder.has("both.png"))
        #expect(try MRCFile.readVolume(folder.path + "/aligned.mrc").boxSize == 32)

        let curve = try folder.run("fsc", "data/truth.mrc", "data/truth.mrc", "--mask", "150")
        let lines = curve.output.split(separator: "\n")
        #expect(curve.status == 0 && lines.count == 17 && lines[0].hasPrefix("shell"))
        #expect(lines[1...15].allSatisfy { $0.hasSuffix(" 1.000") })
        #expect(lines[16] == "FSC not below 0.5 to 12.8 Å · not below 0.143 to 12.8 Å")
        let maps = try ["run/map.mrc", "data/truth.mrc"].map {
            try MRCFile.readVolume("\(folder.path)/\($0)")
        }
        var mask = maps[1]
        let largest = mask.voxels.max() ?? 1
        mask.voxels = mask.voxels.map { max(0, $0 / largest) }
        try MRCFile.write(mask, to: folder.path + "/mask.mrc")
        let weighted = try folder.run("fsc", "run/map.mrc", "data/truth.mrc", "--mask", "mask.mrc")
        let masked = FourierShellCorrelation(maps[0].masked(by: mask), maps[1].masked(by: mask))
        let shown = weighted.output.split(separator: "\n").dropFirst().prefix(15).map {
            $0.split(separator: " ").last.map(String.init)
        }
        #expect(shown == masked.correlations[1...15].map { String(format: "%.3f", $0) })
    }

    /// A particle that cannot be used is listed with the reason; hand and symmetry are for other commands.
    @Test func runsCanBeFlippedAndTheirSymmetryFound() throws {
        try folder.simulate(particles: 40, "--snr", "1")
        #expect(try folder.reconstruct("--seed", "7", "--diameter", "150").status == 0)
        let flipped = try folder.run("flip", "run", "--output", "other")
        #expect(flipped.status == 0, "\(flipped.errors)")
        let (map, other) = (
            try MRCFile.readVolume(folder.path + "/run/map.mrc"),
            try MRCFile.readVolume(folder.path + "/other/map.mrc")
        )
        #expect(map.mirrored.voxels == other.voxels)
        let sets = try ["run", "other"].map {
            try ParticleSet(starFile: "\(folder.path)/\($0)/particles.star", root: folder.path + "/data")
        }
        for (own, its) in zip(sets[0].particles, sets[1].particles) {
            let (a, b) = (try #require(own.pose), try #require(its.pose))
            #expect(a.mirrored.rotation.angle(to: b.rotation).degrees < 1e-4)
            #expect(a.originX == b.originX && a.originY == b.originY)
        }
        #expect(try folder.run("flip", "run", "--output", "other").status == 2)
        #expect(try folder.run("flip", "data/particles.star", "--output", "x.star").status == 2)
        // What another run lacks goes, and what cannot be flipped leaves nothing.
        #expect(folder.has("other/particles.star"))
        try FileManager.default.removeItem(atPath: folder.path + "/other/particles.star")
        #expect(try folder.run("flip", "other", "--output", "data2").status == 0)
        try Data("mask".utf8).write(to: URL(fileURLWithPath: folder.path + "/data2/mask.mrc"))
        #expect(try folder.run("flip", "run", "--output", "data2", "--overwrite").status == 0)
        #expect(!folder.has("data2/mask.mrc") && folder.has("data2/particles.star"))
        #expect(try folder.run("flip", "data", "--output", "none").status == 2)
        #expect(!folder.has("none"))

        let found = try folder.run("symmetry", "data/truth.mrc", "--json", "--aligned", "on-axes.mrc")
        #expect(found.status == 0 && found.output.contains("\"group\" : \"C1\""), "\(found.errors)")
        #expect(folder.has("on-axes.mrc"))
    }

    /// Axes are looked for in a density free of symmetry; where they do not show, the group is imposed from a random start.
    @Test(arguments: [true, false]) func groupsThatAreToldAreImposedOnTheirAxes(isThere: Bool) throws {
        let group = try #require(PointGroup(name: isThere ? "D2" : "C1"))
        var stream = RandomStream(seed: 5)
        let centres = (0..<(isThere ? 6 : 24)).map { _ in stream.direction() * (20 + 40 * stream.uniform()) }
        let scatterers = group.operations.flatMap { operation in
            centres.map { PointScatterer(position: operation.apply($0), weight: 500, bFactor: 3000) }
        }
        try MRCFile.write(
            Volume(scatterers: scatterers, boxSize: 32, pixelSize: 6), to: folder.path + "/model.mrc")
        try folder.simulate(particles: 150, "--snr", "2", "--model", "model.mrc")
        let run = try folder.run(
            "reconstruct", "data/particles.star", "--output", "run", "--symmetry", "D2", "--diameter", "150",
            "--max-resolution", "20", "--set", "annealResolution=25", "--set", "annealIterations=40", "--set",
            "annealRetries=0", "--set", "shiftExtent=12", "--json")
        #expect(run.status == 0, "\(run.errors)")
        #expect(["1", "2"].allSatisfy { run.output.contains("{\"event\":\"part\",\"part\":\($0)}") })
        let log = String(decoding: try folder.data("run/log.txt"), as: UTF8.self)
        #expect(log.contains("the axes of D2 are looked for first"))
        #expect(log.contains("symmetry D2 (score") == isThere)
        #expect(log.contains("do not show") != isThere && folder.has("run/on-axes.mrc") == isThere)
        let record = try RunFolder(resuming: folder.path + "/run").record()
        #expect(record.parameters.symmetry == "D2" && record.resolution != nil)
        // Both parts took their time.
        let (first, last) = (try #require(record.firstPart), try #require(record.iterations.last))
        #expect(first.seconds > 0 && record.seconds == first.seconds + last.seconds)
        // A folder that is moved takes the map along from which its second part began.
        try FileManager.default.moveItem(atPath: folder.path + "/run", toPath: folder.path + "/moved")
        let verified = try folder.run("reconstruct", "--verify", "moved", "--verify-iterations", "2")
        #expect(verified.status == 0, "\(verified.errors)")
    }

    @Test func existingRunsAreKeptUnlessToldOtherwise() throws {
        try folder.simulate()
        #expect(try folder.reconstruct().status == 0)
        let map = try folder.data("run/map.mrc")
        let refused = try folder.reconstruct("--seed", "2")
        #expect(
            refused.status == 2 && refused.errorLines.count == 1 && refused.errors.contains("--overwrite"))
        #expect(try folder.data("run/map.mrc") == map)
        #expect(try folder.reconstruct("--seed", "2", "--overwrite").status == 0)
        #expect(try folder.data("run/map.mrc") != map)
        let again = try folder.run("simulate", "--output", "data", "--particles", "3", "--box", "32")
        #expect(again.status != 0 && again.errors.contains("--overwrite"))
        #expect(try ParticleSet(starFile: folder.path + "/data/particles.star").count == 40)
        // Poses beside the record of a run would be taken for that run's.
        let beside = try folder.run(
            "simulate", "--output", "run", "--overwrite", "--particles", "3", "--box", "32")
        #expect(beside.status == 2 && beside.errors.contains("the folder of a run"), "\(beside.errors)")
    }

    @Test func theSameBytesComeOutForAnyThreads() throws {
        try folder.simulate(particles: 50)
        for threads in ["1", "2"] {
            let outcome = try folder.reconstruct("--threads", threads, "--quiet", output: "run\(threads)")
            #expect(outcome.status == 0 && outcome.output.isEmpty && outcome.errors.isEmpty)
        }
        for name in ["map.mrc", "map.png", "particles.star"] {
            #expect(try folder.data("run1/\(name)") == folder.data("run2/\(name)"), "\(name) differs")
        }
    }

    @Test func blackProteinAndDamagedParticlesAreReported() throws {
        try folder.simulate(particles: 60, "--snr", "1")
        var stack = try folder.data("data/particles.mrcs")
        // Inverts every pixel's sign bit, and spoils one pixel of particle 5.
        for offset in stride(from: 1024 + 3, to: stack.count, by: 4) { stack[offset] ^= 0x80 }
        let spoilt = 1024 + 4 * (4 * 32 * 32 + 500)
        stack.replaceSubrange(spoilt..<(spoilt + 4), with: [0, 0, 0xC0, 0x7F] as [UInt8])
        try folder.write(stack, "data/particles.mrcs")
        let outcome = try folder.reconstruct()
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(
            outcome.errors.contains("protein is black")
                && outcome.errors.contains("1 particles were set aside"))
        let record = try JSONDecoder().decode(RunRecord.self, from: folder.data("run/run.json"))
        #expect(record.contrast.sign == -1)
        #expect(record.setAside == ["pixels are constant or not finite": 1])
        #expect(try folder.text("run/set-aside.star").contains("000005@particles.mrcs"))
        let set = try ParticleSet(starFile: folder.path + "/run/particles.star", root: folder.path + "/data")
        #expect(set.count == 59 && !set.particles.contains { $0.imageName == "000005@particles.mrcs" })
    }
}
