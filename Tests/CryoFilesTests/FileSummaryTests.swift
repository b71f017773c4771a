import CryoCore
import Foundation
import Testing

@testable import CryoFiles

@Suite struct FileSummaryTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try folder.writeStack("stack.mrcs", count: 3)
    }

    @Test func stacksAndVolumesAreToldApart() throws {
        let stack = try FileSummary(path: folder.path + "/stack.mrcs")
        #expect(
            stack.kind == .mrcStack && stack.size == [4, 4, 3] && stack.pixelSize == 2
                && stack.mode == .float32)
        #expect(
            stack.statistics?.minimum == 0 && stack.statistics?.maximum == 215
                && stack.statistics?.mean == 107.5)
        #expect(stack.problems.isEmpty && stack.lines.contains { $0.contains("3 images of 4 × 4 pixels") })
        let path = folder.path + "/map.mrc"
        try MRCFile.write(Volume(boxSize: 3, pixelSize: 1), to: path)
        let volume = try FileSummary(path: path)
        #expect(volume.kind == .mrcVolume && volume.problems == ["all values are equal"])
        #expect(volume.lines.last == "  problem: all values are equal")
        // Shape decides for `.mrc`, the name for a stack of as many images as pixels.
        try folder.writeStack("cube.mrcs", count: 4)
        #expect(try FileSummary(path: folder.path + "/cube.mrcs").kind == .mrcStack)
        try folder.writeStack("flat.mrc", count: 3)
        #expect(try FileSummary(path: folder.path + "/flat.mrc").kind == .mrcStack)
    }

    @Test func damageIsAProblemAndNotAnError() throws {
        let bytes = try InputFile.contents(of: folder.path + "/stack.mrcs")
        let path = try folder.write(Array(bytes.dropLast(4)), "short.mrcs")
        let summary = try FileSummary(path: path)
        #expect(summary.size == [4, 4, 3] && summary.statistics == nil)
        #expect(summary.problems.count == 1 && summary.problems[0].contains("1216 bytes"))
        let star = try folder.write(
            ParticleFiles().setting("rlnVoltage", "x", inOptics: true).text, "bad.star")
        #expect(try FileSummary(path: star).problems.first?.contains("_rlnVoltage 'x'") == true)
    }

    @Test func starFilesAreDescribed() throws {
        let summary = try FileSummary(path: try folder.write(ParticleFiles().text, "p.star"))
        #expect(summary.kind == .starParticles && summary.particleCount == 1 && summary.opticsGroupCount == 1)
        #expect(summary.size == [4, 4, 1] && summary.pixelSize == 2 && summary.problems.isEmpty)
        #expect(summary.lines.contains { $0.contains("300.0 kV, Cs 2.7 mm") })
        #expect(summary.lines.contains { $0.contains("1.150000 to 1.150000 µm") })
        let other = try FileSummary(
            path: try folder.write("data_job\n_a 1\n\ndata_t\nloop_\n_b\n1\n2\n", "job.star"))
        #expect(other.kind == .starOther && other.lines.contains { $0.contains("2 rows, 1 columns") })
        #expect(other.problems.isEmpty)
    }

    /// What `reconstruct` refuses is a problem, what it sets aside a warning.
    @Test func whatReconstructRefusesIsAProblem() throws {
        func summary(_ files: ParticleFiles) throws -> FileSummary {
            try FileSummary(path: try folder.write(files.text, "p.star"))
        }
        let blind = try summary(ParticleFiles().setting("rlnImageName", nil))
        #expect(blind.problems.count == 1 && blind.problems[0].contains("no column _rlnImageName"))
        #expect(blind.lines.contains { $0.contains("data_particles") && $0.contains("1 rows") })
        var far = ParticleFiles().setting("rlnDefocusU", "1e30")
        let all = try summary(far)
        #expect(all.warnings.isEmpty && all.problems.count == 1)
        #expect(all.problems[0].hasPrefix("1 of 1 particles have optics of no microscope (defocus U"))
        far.moreRows = ["2@stack.mrcs 1 12000 11000 45"]
        let some = try summary(far)
        #expect(some.problems.isEmpty && some.warnings.count == 1, "\(some.problems) \(some.warnings)")
        #expect(some.warnings[0].hasSuffix("reconstruct sets such aside"))
    }

    @Test func modelsAreDescribed() throws {
        let pdb = try FileSummary(path: try folder.write(AtomicModelTests.pdb, "a.pdb"))
        #expect(
            pdb.kind == .pdb && pdb.atomCount == 5
                && pdb.lines.contains { $0.contains("C 2, N 1, Ca 1, Zn 1") })
        let cif = try FileSummary(
            path: try folder.write(Gzip.stored(Array(AtomicModelTests.cif.utf8)), "a.cif.gz"))
        #expect(cif.kind == .mmCIF && cif.atomCount == 4)
    }

    @Test func otherFilesAreRefused() throws {
        for (name, bytes) in [("a.txt", Array("hello".utf8)), ("b.bin", [0, 1, 2]), ("empty", [])] {
            let path = try folder.write(bytes, name)
            #expect(
                says(fileError { _ = try FileSummary(path: path) }, name, "an MRC, STAR, PDB or mmCIF file"))
        }
        #expect(says(fileError { _ = try FileSummary(path: "/nowhere") }, "/nowhere", "no such file"))
    }
}
