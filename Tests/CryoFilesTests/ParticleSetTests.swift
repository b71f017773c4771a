import CryoCore
import Foundation
import Testing

@testable import CryoFiles

@Suite struct ParticleSetTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try folder.writeStack("stack.mrcs", count: 3)
    }

    private func read(_ files: ParticleFiles) throws -> ParticleSet {
        try ParticleSet(starFile: try folder.write(files.text, "particles.star"))
    }

    @Test func unitsAreConverted() throws {
        let files = ParticleFiles().setting("rlnPhaseShift", "90").setting("rlnCtfBfactor", "50")
            .setting("rlnCtfScalefactor", "0.5").setting("rlnAngleRot", "10").setting("rlnAngleTilt", "20")
            .setting("rlnAnglePsi", "-30").setting("rlnOriginXAngst", "3").setting("rlnOriginYAngst", "-4")
            .setting("rlnRandomSubset", "2")
        let set = try read(files)
        #expect(set.count == 1 && set.boxSize == 4 && set.pixelSize == 2 && set.warnings.isEmpty)
        let particle = set.particles[0]
        #expect(
            particle.ctf
                == ContrastTransferFunction(
                    voltage: 300_000, sphericalAberration: 2.7e7, amplitudeContrast: 0.1, defocusU: 12_000,
                    defocusV: 11_000, defocusAngle: Angle(degrees: 45), phaseShift: Angle(degrees: 90),
                    bFactor: 50,
                    scale: 0.5))
        let rotation = Rotation(rot: Angle(degrees: 10), tilt: Angle(degrees: 20), psi: Angle(degrees: -30))
        #expect(particle.pose == Pose(rotation: rotation, originX: 3, originY: -4))
        #expect(particle.halfSet == 2 && particle.imageName == "1@stack.mrcs" && particle.opticsGroup == 1)
    }

    @Test func defaultsAreOnlyThoseOfTheEnvelope() throws {
        let particle = try read(ParticleFiles()).particles[0]
        #expect(particle.ctf.phaseShift == .zero && particle.ctf.bFactor == 0 && particle.ctf.scale == 1)
        #expect(particle.pose == nil && particle.halfSet == nil)
        #expect(try read(ParticleFiles().setting("rlnRandomSubset", "0")).particles[0].halfSet == nil)
        #expect(try read(ParticleFiles().setting("rlnAngleRot", "1")).particles[0].pose == nil)
    }

    @Test func aParticlesValueOverridesItsGroups() throws {
        let set = try read(
            ParticleFiles().setting("rlnVoltage", "200").setting("rlnAmplitudeContrast", "0.07")
                .setting("rlnDefocusV", "10000", inOptics: true))
        #expect(set.particles[0].ctf.voltage == 200_000 && set.particles[0].ctf.amplitudeContrast == 0.07)
        #expect(set.particles[0].ctf.defocusV == 11_000)
    }

    @Test func groupsMayBeUnsorted() throws {
        var files = ParticleFiles()
        files.moreRows = ["2@stack.mrcs 7 13000 13000 0"]
        let text = files.text.replacingOccurrences(
            of: "1 300 2.7 0.1 2\n", with: "7 200 1.4 0.07 2\n1 300 2.7 0.1 2\n")
        let set = try ParticleSet(starFile: try folder.write(text, "particles.star"))
        #expect(set.particles.map(\.ctf.voltage) == [300_000, 200_000])
        #expect(set.particles.map(\.opticsGroup) == [1, 7])
        #expect(set.particles[1].ctf.sphericalAberration == 1.4e7)
    }

    @Test func aMissingGroupColumnMeansTheOnlyGroup() throws {
        let set = try read(ParticleFiles().setting("rlnOpticsGroup", nil))
        #expect(set.particles[0].ctf.voltage == 300_000)
        #expect(set.warnings.contains { $0.contains("_rlnOpticsGroup") })
    }

    @Test func pixelSizesAreTakenInRelionsOrder() throws {
        let files = ParticleFiles().setting("rlnImagePixelSize", nil, inOptics: true)
        let original = files.setting("rlnMicrographOriginalPixelSize", "2", inOptics: true)
        let set = try read(original)
        #expect(set.pixelSize == 2 && set.warnings.count == 1 && set.warnings[0].contains("binned"))
        let binned = try read(original.setting("rlnMicrographPixelSize", "1.99", inOptics: true))
        #expect(
            binned.pixelSize == 1.99 && binned.warnings.contains { $0.contains("_rlnMicrographPixelSize") })
        let all = original.setting("rlnMicrographPixelSize", "1.5", inOptics: true)
            .setting("rlnImagePixelSize", "2.01", inOptics: true)
        #expect(try read(all).pixelSize == 2.01)
    }

    @Test func disagreeingPixelSizesAreReportedAndTheStarFileWins() throws {
        let set = try read(ParticleFiles().setting("rlnImagePixelSize", "2.5", inOptics: true))
        #expect(set.pixelSize == 2.5)
        #expect(
            set.warnings == [
                "1 of 1 stacks: the header's pixel size 2.0 Å is not the STAR file's 2.5 Å, which holds"
            ])
        #expect(try set.readImage(0).pixelSize == 2.5)
    }

    @Test func oldFilesAreRead() throws {
        let set = try ParticleSet(starFile: try folder.write(ParticleFiles.old, "old.star"))
        #expect(set.count == 3 && set.pixelSize == 2 && set.particles[1].ctf.voltage == 200_000)
        #expect(set.particles[0].pose?.originX == 3 && set.particles[0].pose?.originY == -4)
        #expect(set.particles[1].pose?.originY == 1)
        // The distinct optics, sorted, as in the file of RELION 3.1 that is made of it.
        #expect(set.particles.map(\.opticsGroup) == [2, 1, 2])
        for index in 0..<3 { #expect(try set.readImage(index)[1, 0] == Float(100 * index + 1)) }
    }

    @Test func windowsLineEndsAreAcceptedWithAWarning() throws {
        let text = ParticleFiles().text.replacingOccurrences(of: "\n", with: "\r\n")
        let set = try ParticleSet(starFile: try folder.write(text, "particles.star"))
        #expect(set.count == 1 && set.warnings.count == 1 && set.warnings[0].contains("CR LF"))
    }

    @Test func aberrationsAreReported() throws {
        let set = try read(
            ParticleFiles().setting("rlnBeamTiltX", "0.3", inOptics: true)
                .setting("rlnMagMat00", "1", inOptics: true)
                .setting("rlnOddZernike", "[0,1,2]", inOptics: true))
        #expect(
            set.warnings == ["_rlnBeamTiltX, _rlnOddZernike ignored; this matters only at high resolution"])
        // Of a later row too.
        var later = ParticleFiles().setting("rlnBeamTiltX", "0")
        later.moreRows = ["2@stack.mrcs 1 12000 11000 45 0.3"]
        #expect(
            try read(later).warnings == ["_rlnBeamTiltX ignored; this matters only at high resolution"])
    }

    /// However its stack is named, an image is one: by a path with `.`, an absolute one or a link.
    @Test func namesOfOneStackAreOneName() throws {
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/zlink.mrcs", withDestinationPath: "stack.mrcs")
        var files = ParticleFiles().setting("rlnImageName", "000001@./stack.mrcs")
        for name in ["1@stack.mrcs", "2@zlink.mrcs", "2@\(folder.path)/stack.mrcs"] {
            files.moreRows.append("\(name) 1 12000 11000 45")
        }
        let set = try read(files)
        let names = set.particles.map { ImageName($0.imageName) }
        #expect(names[0] == names[1] && names[2] == names[3] && names[1] != names[2])
        #expect(try set.readImage(2) == set.readImage(3))
        #expect(set.row(2)[0] == "2@zlink.mrcs")
    }

    /// What a run was given is found again from elsewhere, where it was found.
    @Test func imageNamesResolveWhereTheyDid() throws {
        try folder.writeStack("project/data/s.mrcs", count: 1, boxSize: 4)
        let star = try folder.write(
            ParticleFiles().setting("rlnImageName", "1@data/s.mrcs").text, "run/particles.star")
        #expect(fileError { _ = try ParticleSet(starFile: star) } != nil)
        for origin in [
            ParticleSet.Origin(workingFolder: folder.path + "/project", starFile: "/nowhere/p.star"),
            ParticleSet.Origin(workingFolder: nil, starFile: folder.path + "/project/job/p.star"),
        ] {
            #expect(try ParticleSet(starFile: star, origin: origin).boxSize == 4)
        }
    }

    @Test func imageNamesResolveInOrder() throws {
        // Box sizes tell which file was taken.
        let star = try folder.write(
            ParticleFiles().setting("rlnImageName", "1@data/s.mrcs").text, "project/job/deep/particles.star")
        #expect(
            says(fileError { _ = try ParticleSet(starFile: star) }, "1 missing file (data/s.mrcs)", "--root"))
        try folder.writeStack("data/s.mrcs", count: 1, boxSize: 2)
        #expect(try ParticleSet(starFile: star).boxSize == 2, "a folder above the STAR file's parent")
        try folder.writeStack("project/data/s.mrcs", count: 1, boxSize: 4)
        #expect(try ParticleSet(starFile: star).boxSize == 4, "a nearer folder goes first")
        try folder.writeStack("project/job/deep/data/s.mrcs", count: 1, boxSize: 6)
        #expect(try ParticleSet(starFile: star).boxSize == 6, "the STAR file's folder goes first")
        try folder.writeStack("other/data/s.mrcs", count: 1, boxSize: 8)
        let set = try ParticleSet(starFile: star, root: folder.path + "/other")
        #expect(
            set.boxSize == 8 && set.stackPaths == [folder.path + "/other/data/s.mrcs"], "the root goes first")
        let absolute = ParticleFiles().setting("rlnImageName", "1@\(folder.path)/stack.mrcs").text
        let other = try folder.write(absolute, "elsewhere/particles.star")
        #expect(try ParticleSet(starFile: other, root: "/nowhere").boxSize == 4)
        #expect(ImageLocator(starFile: "/a/b/c.star", root: "/r").folders == ["/r", "", "/a/b", "/a", "/"])
    }

    @Test func singleImagesNeedNoNumber() throws {
        try folder.writeStack("one.mrc", count: 1)
        #expect(try read(ParticleFiles().setting("rlnImageName", "one.mrc")).readImage(0)[1, 0] == 1)
        let overridden = try read(ParticleFiles().setting("rlnImageName", "1@one.mrc:mrcs"))
        #expect(overridden.particles[0].imageName == "1@one.mrc:mrcs" && overridden.boxSize == 4)
    }

    @Test func manyStacksShareFewDescriptors() throws {
        var files = ParticleFiles().setting("rlnImageName", "1@many/0.mrcs")
        try folder.writeStack("many/0.mrcs", count: 1)
        for index in 1..<600 {
            try FileManager.default.copyItem(
                atPath: folder.path + "/many/0.mrcs", toPath: folder.path + "/many/\(index).mrcs")
            files.moreRows.append("1@many/\(index).mrcs 1 12000 11000 45")
        }
        let set = try read(files)
        let good = Parallel(threads: 6).map(1200) { index in (try? set.readImage(index * 7 % 600)) != nil }
        #expect(good.allSatisfy { $0 })
        let pool = StackPool(paths: set.stackPaths, capacity: 3)
        for index in [0, 1, 2, 0, 3, 4, 0] { #expect(try pool.stack(index).path == set.stackPaths[index]) }
        #expect(pool.openCount == 3)
    }
}
