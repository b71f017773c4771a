import CryoCore
import CryoFiles
import CryoReconstruction
import Foundation
import Testing

/// Numbers that no microscope gives: they work, or are refused with one line, or cost the particle alone its place.
struct HostileNumbersTests {
    let folder: WorkingFolder

    init() throws { folder = try WorkingFolder() }

    /// Runs a few iterations; a run that ends well leaves a finite map.
    private func reconstruct(_ more: String...) throws -> Program.Outcome {
        let outcome = try folder.run(
            [
                "reconstruct", "data/particles.star", "--output", "run", "--max-iterations", "3",
                "--max-resolution", "40", "--set", "annealResolution=45", "--set", "shiftExtent=12", "--set",
                "annealBatch=20",
            ] + more)
        if outcome.status == 0 {
            let map = try MRCFile.readVolume(folder.path + "/run/map.mrc")
            #expect(map.voxels.allSatisfy { $0.isFinite })
        }
        return outcome
    }

    private func refuses(_ outcome: Program.Outcome, _ phrases: String...) {
        #expect(outcome.status == 2 && outcome.errorLines.count == 1, "\(outcome.status) \(outcome.errors)")
        for phrase in phrases { #expect(outcome.errors.contains(phrase), "\(outcome.errors)") }
        #expect(!folder.has("run/map.mrc"))
    }

    @Test func damagedParticlesAreSetAside() throws {
        let blobs = TinySet().pixels
        let set = TinySet(
            optics: { index in
                switch index {
                case 11: ["1e9", "1e9", "30", "0", "1"]
                case 12: ["15000", "14500", "30", "0", "1e300"]
                case 13: ["15000", "14500", "30", "-1e300", "1"]
                default: ["15000", "14500", "30", "0", "1"]
                }
            },
            pixels: { index, noise in
                var pixels = blobs(index, noise)
                switch index {
                case 3: pixels = pixels.map { _ in .nan }
                case 5: pixels = pixels.map { _ in 7 }
                case 7: pixels[16 * 32 + 16] = .infinity
                case 9: pixels[0] = .nan
                case 10: pixels[16 * 32 + 16] = 3e38
                default: break
                }
                return pixels
            })
        try set.write(in: folder)
        // All that shows without a comparison with other images.
        let inspected = try folder.run("inspect", "data/particles.star").output
        #expect(inspected.contains("4 of 24 images looked at are constant or not finite"), "\(inspected)")
        let outcome = try reconstruct()
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.errors.contains("8 particles were set aside"), "\(outcome.errors)")
        let aside = try StarDocument(path: folder.path + "/run/set-aside.star")
        let table = try #require(aside.blocks.last?.table)
        let names = table.values(of: "rlnImageName") ?? []
        #expect(names == [4, 6, 8, 10, 11, 12, 13, 14].map { "\($0)@data/particles.mrcs" })
        let reasons = table.values(of: "daybreakSetAside") ?? []
        #expect(reasons.allSatisfy { !$0.isEmpty } && reasons[5].contains("defocus U"), "\(reasons)")
        #expect(reasons[6].contains("scale") && reasons[7].contains("B factor"))
        let record = try RunRecord.decoder.decode(RunRecord.self, from: folder.data("run/run.json"))
        #expect(record.setAside["defocus U in Å out of range"] == 1, "\(record.setAside)")
        #expect(record.setAside.values.reduce(0, +) == 8 && record.setAside.count < 8)
        #expect(try ParticleSet.listing(starFile: folder.path + "/run/particles.star").particles.count == 16)
    }

    /// Defocus 0 and overfocus are rare, not wrong.
    @Test(arguments: ["0", "-20000", "1e6", "1e-300"]) func oddDefociWork(defocus: String) throws {
        try TinySet(optics: { _ in [defocus, defocus, "1e9", "0", "1"] }).write(in: folder)
        let outcome = try reconstruct()
        #expect(outcome.status == 0, "\(outcome.errors)")
    }

    @Test(arguments: ["nan", "inf", "1e999", "much", "--"]) func wordsForNumbersAreRefused(text: String)
        throws
    {
        try TinySet(optics: { $0 == 6 ? [text, "1", "0", "0", "1"] : ["1e4", "1e4", "0", "0", "1"] }).write(
            in: folder)
        refuses(try reconstruct(), "particles.star, line", "_rlnDefocusU '\(text)'")
    }

    @Test func absurdOpticsOfAllAreRefused() throws {
        try TinySet(optics: { _ in ["1e9", "1e9", "0", "0", "1"] }).write(in: folder)
        refuses(try reconstruct(), "none of the 24 images", "defocus U in Å out of range: 1000000000.0")
        let inspected = try folder.run("inspect", "data/particles.star")
        #expect(inspected.status == 2 && inspected.output.contains("problem: 24 of 24 particles have optics"))
    }

    @Test(arguments: ["0", "-1", "nan", "1e300", "1e-300"]) func absurdPixelSizesAreRefused(size: String)
        throws
    {
        try TinySet(pixelSize: size).write(in: folder)
        refuses(try reconstruct(), "ixel")
    }

    @Test func constantImagesAreRefused() throws {
        try TinySet(pixels: { _, noise in noise.map { _ in 1 } }).write(in: folder)
        refuses(try reconstruct(), "none of the 24 images", "constant")
    }

    /// Whatever map comes of them, it is one of numbers.
    @Test func imagesMayBeAlike() throws {
        try TinySet(pixels: { _, noise in
            var stream = RandomStream(seed: 3)
            return noise.map { _ in Float(stream.normal()) }
        }).write(in: folder)
        let outcome = try reconstruct()
        #expect(outcome.status == 0, "\(outcome.errors)")
        let map = try MRCFile.readVolume(folder.path + "/run/map.mrc")
        #expect(map.voxels.allSatisfy(\.isFinite) && map.voxels.contains { $0 != 0 })
    }

    /// Copies would fall into both half-sets, which then agree on noise.
    @Test func copiesAreSetAside() throws {
        try TinySet(rows: Array(1...24) + [3, 5, 5]).write(in: folder)
        let outcome = try reconstruct()
        #expect(outcome.status == 0, "\(outcome.errors)")
        let record = try RunFolder(resuming: folder.path + "/run").record()
        #expect(record.setAside == ["another row has the same image": 3] && record.particles.used == 24)
        let inspected = try folder.run("inspect", "data/particles.star")
        #expect(inspected.output.contains("3 rows have the image of another row"), "\(inspected.output)")
    }

    /// A stack under two names: the images keep the names that the file has.
    @Test func runsOfStacksWithTwoNamesAreVerified() throws {
        try TinySet().write(in: folder)
        let star = try folder.text("data/particles.star").replacingOccurrences(
            of: "\n2@data/", with: "\n2@\(folder.path)/data/")
        try folder.write(Data(star.utf8), "data/particles.star")
        #expect(try reconstruct().status == 0)
        let verified = try folder.run("reconstruct", "--verify", "run", "--quiet")
        #expect(verified.status == 0, "\(verified.errors)")
    }

    @Test(arguments: [1, 2, 3]) func fewParticlesWork(count: Int) throws {
        try TinySet(count: count).write(in: folder)
        let outcome = try reconstruct()
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(folder.has("run/report.html"))
    }

    @Test func aBoxOfEightWorks() throws {
        try TinySet(boxSize: 8).write(in: folder)
        let outcome = try reconstruct()
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(try MRCFile.readVolume(folder.path + "/run/map.mrc").voxels.allSatisfy(\.isFinite))
        for box in [1, 2, 3] {
            try TinySet(boxSize: box).write(in: folder)
            let outcome = try folder.run("reconstruct", "data/particles.star", "--output", "run\(box)")
            #expect(outcome.status == 2 && outcome.errorLines.count == 1, "box \(box): \(outcome.errors)")
        }
    }

    @Test func aBoxOfAThousandIsRead() throws {
        try TinySet(count: 2, boxSize: 1024, pixelSize: "0.2").write(in: folder)
        let outcome = try folder.run("inspect", "data/particles.star", "data/particles.mrcs")
        #expect(outcome.status == 0 && outcome.output.contains("1024 × 1024"), "\(outcome.errors)")
    }

    /// A table may name one image as often as it likes.
    @Test func manyRowsOfOneImageAreRead() throws {
        try TinySet(count: 1, rows: [Int](repeating: 1, count: 20_000)).write(in: folder)
        let outcome = try folder.run("inspect", "data/particles.star")
        #expect(outcome.output.contains("20000 in 1 stacks"), "\(outcome.output)")
    }
}
