import CryoCore
import Foundation
import Testing

@testable import CryoFiles

/// Files that other programs wrote; skipped where they are absent.
@Suite(
    .enabled(
        if: RealData.isPresent,
        "needs reference data: a folder `shared` beside the checkout, or named by DAYBREAK_SHARED"))
struct RealDataTests {
    @Test(arguments: [
        ("particles", 2374, false), ("particles_matched_poses", 1268, true),
        ("particles_noedge", 2173, false),
    ])
    func betaGalactosidaseIsRead(name: String, count: Int, hasPoses: Bool) throws {
        let set = try ParticleSet(starFile: RealData.path("betagal/\(name).star"))
        #expect(set.count == count && set.boxSize == 64 && set.pixelSize == 3.54 && set.warnings.isEmpty)
        #expect(set.particles.allSatisfy { ($0.pose != nil) == hasPoses && $0.ctf.voltage == 200_000 })
        #expect(set.particles.allSatisfy { (8_000...11_700).contains($0.ctf.defocusU) })
        let image = try set.readImage(count - 1)
        #expect(image.pixels.allSatisfy { $0.isFinite && abs($0) < 20 })
    }

    @Test func mapsAreRead() throws {
        #expect(try MRCFile.readVolume(RealData.path("maps/emd_1977.map")).pixelSize == 3.5)
        #expect(try MRCFile.readVolume(RealData.path("maps/ngl_betaGal.mrc")).boxSize == 100)
        var warnings: [String] = []
        let ribosome = try MRCFile.readVolume(RealData.path("maps/aspire_clean70SRibosome_65.mrc")) {
            warnings.append($0)
        }
        #expect(ribosome.boxSize == 65 && warnings.count == 1)
        let error = fileError { _ = try MRCFile.readVolume(RealData.path("maps/emd_1155.ccp4")) }
        #expect(says(error, "141×91×281"))
        let summary = try FileSummary(path: RealData.path("maps/emd_1155.ccp4"))
        #expect(summary.kind == .mrcVolume && summary.mode == .int8 && summary.statistics?.minimum == -128)
    }

    @Test func headersOfMapsTellTheTruth() throws {
        for name in [
            "maps/emd_1977.map", "betagal/reference/ngl_betaGal_64.mrc", "readers/empiar_10076_7.mrc",
        ] {
            let path = RealData.path(name)
            let header = try MRCHeader(parsing: try InputFile.contents(of: path), path: path)
            let statistics = try #require(try FileSummary(path: path).statistics)
            #expect(statistics.minimum == header.minimum && statistics.maximum == header.maximum)
            #expect(abs(Float(statistics.mean) - header.mean) < 1e-6)
        }
    }

    @Test(arguments: ["relion30", "relion31"])
    func samplesOfRelionAreRead(version: String) throws {
        let folder = try TemporaryFolder()
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/sample.mrcs",
            withDestinationPath: RealData.path("readers/aspire_sample.mrcs"))
        let star = RealData.path("readers/aspire_sample_particles_\(version).star")
        let set = try ParticleSet(starFile: star, root: folder.path)
        #expect(set.boxSize == 200 && abs(set.pixelSize - (version == "relion30" ? 1.338 : 1.4)) < 1e-5)
        #expect(set.particles[0].pose != nil && abs(set.particles[0].ctf.defocusU - 21186.804688) < 1e-6)
        let first = try #require(set.particles[0].pose)
        let unit = version == "relion30" ? set.pixelSize : 1
        #expect(abs(first.originX - 0.1996 * unit) < 1e-9)
    }

    @Test func otherDialectsGiveClearMessages() {
        func refusal(_ name: String) -> FileError? {
            fileError { _ = try ParticleSet(starFile: RealData.path("readers/\(name)")) }
        }
        #expect(says(refusal("cryodrgn_PfCRT_csparc_relion.star"), "no _rlnAmplitudeContrast"))
        #expect(says(refusal("isecc_highorder_aberr.star"), "1 missing file"))
        #expect(
            says(refusal("relion5_multi_stack/Extract/job009/particles.star"), "8 missing files", "--root"))
    }

    @Test(arguments: [("1aon.pdb.gz", 58_870), ("5a1a.pdb.gz", 32_920), ("1xnr.cif.gz", 27_626)])
    func modelsAreRead(name: String, count: Int) throws {
        let model = try AtomicModel(path: RealData.path("models/\(name)"))
        #expect(model.atoms.count == count)
        #expect(model.atoms.allSatisfy { $0.element.atomicNumber > 1 })
    }
}
