import CryoCore
import Foundation
import Testing

@testable import CryoFiles

@Suite struct ParticleSetWritingTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try folder.writeStack("stack.mrcs", count: 3)
    }

    private var output: String { folder.path + "/output.star" }

    private func estimate(_ index: Int) -> PoseEstimate {
        let rotation = Rotation(
            rot: Angle(degrees: 40 + Double(index)), tilt: Angle(degrees: 50), psi: Angle(degrees: -60))
        return PoseEstimate(
            pose: Pose(rotation: rotation, originX: 1.25, originY: -2.5), logEvidence: 12.5,
            peakProbability: 0.25,
            effectivePoses: 7.6)
    }

    @Test func oldFilesAreUpgraded() throws {
        let set = try ParticleSet(starFile: try folder.write(ParticleFiles.old, "old.star"))
        try set.write(
            to: output, estimates: [estimate(0), estimate(1), nil], scales: [0.75, 1.5, 1],
            halfSets: [1, 2, 1])
        let document = try StarDocument(path: output)
        #expect(document.version == 30001 && document.blocks.map(\.name) == ["optics", "particles"])
        let optics = try #require(document.table(named: "optics"))
        #expect(optics.values(of: "rlnOpticsGroup") == ["1", "2"])
        #expect(optics.values(of: "rlnVoltage") == ["200", "300"])
        #expect(optics.values(of: "rlnImagePixelSize") == ["2.000000", "2.000000"])
        #expect(optics.values(of: "rlnImageSize") == ["4", "4"])
        #expect(optics.values(of: "rlnImageDimensionality") == ["2", "2"])
        #expect(optics.values(of: "rlnMagnification") == ["50000", "50000"])
        let particles = try #require(document.table(named: "particles"))
        #expect(particles.values(of: "rlnImageName") == ["000001@stack.mrcs", "000002@stack.mrcs"])
        #expect(particles.values(of: "rlnOpticsGroup") == ["2", "1"])
        #expect(particles.values(of: "rlnCustomNote") == ["keep1", "keep2"])
        // RELION would look for poses about what was known in another frame.
        #expect(particles.column("rlnOriginXPriorAngst") == nil)
        #expect(particles.values(of: "rlnAngleRot") == ["40.000000", "41.000000"])
        #expect(particles.values(of: "rlnAngleTilt") == ["50.000000", "50.000000"])
        #expect(particles.values(of: "rlnAnglePsi") == ["-60.000000", "-60.000000"])
        #expect(particles.values(of: "rlnOriginXAngst") == ["1.250000", "1.250000"])
        #expect(particles.values(of: "rlnOriginYAngst") == ["-2.500000", "-2.500000"])
        #expect(particles.values(of: "rlnLogLikeliContribution") == ["12.500000", "12.500000"])
        #expect(particles.values(of: "rlnMaxValueProbDistribution") == ["0.250000", "0.250000"])
        #expect(particles.values(of: "rlnNrOfSignificantSamples") == ["8", "8"])
        #expect(particles.values(of: "rlnGroupScaleCorrection") == ["0.750000", "1.500000"])
        #expect(particles.values(of: "rlnRandomSubset") == ["1", "2"])
        for label in ["rlnOriginX", "rlnOriginY", "rlnOriginXPrior", "rlnVoltage"] {
            #expect(particles.column(label) == nil, "\(label)")
        }
    }

    /// Optics groups are numbered alike whatever the order of rows.
    @Test func rowsDoNotNumberTheOptics() throws {
        var lines = ParticleFiles.old.split(separator: "\n")
        lines.append(contentsOf: lines.suffix(3).reversed())
        lines.removeSubrange((lines.count - 6)..<(lines.count - 3))
        let reversed = lines.joined(separator: "\n") + "\n"
        let tables = try [ParticleFiles.old, reversed].map { text in
            let set = try ParticleSet(starFile: try folder.write(text, "old.star"))
            try set.write(to: output, estimates: [estimate(0), estimate(0), estimate(0)])
            let document = try StarDocument(path: output)
            return (document.table(named: "optics"), document.table(named: "particles"))
        }
        #expect(tables[0].0?.values(of: "rlnVoltage") == tables[1].0?.values(of: "rlnVoltage"))
        #expect(tables[0].1?.values(of: "rlnOpticsGroup") == ["2", "1", "2"])
        #expect(tables[0].1?.row(0) == tables[1].1?.row(2) && tables[0].1?.row(1) == tables[1].1?.row(1))
    }

    @Test func newFilesKeepEveryColumnAndBlock() throws {
        var files = ParticleFiles().setting("rlnVoltage", nil, inOptics: true).setting("rlnVoltage", "200")
            .setting("rlnCustomNote", "\"two words\"").setting("rlnMtfFileName", "mtf.star", inOptics: true)
            .setting("rlnRandomSubset", "2")
        files.moreRows = ["3@stack.mrcs 1 13000 12000 30 200 plain 1"]
        let star = try folder.write(files.text + "\ndata_general\n\n_rlnNote 5\n", "new.star")
        let set = try ParticleSet(starFile: star)
        try set.write(to: output, estimates: [estimate(0), estimate(1)])
        let document = try StarDocument(path: output)
        #expect(document.blocks.map(\.name) == ["optics", "particles", "general"])
        #expect(document.blocks[0].table.values(of: "rlnMtfFileName") == ["mtf.star"])
        #expect(document.blocks[0].table.values(of: "rlnVoltage") == ["200.000000"])
        #expect(document.blocks[1].table.values(of: "rlnCustomNote") == ["two words", "plain"])
        #expect(
            document.blocks[1].table.values(of: "rlnRandomSubset") == ["2", "1"], "the input's half sets stay"
        )
        #expect(document.blocks[1].table.values(of: "rlnVoltage") == ["200", "200"])
    }

    @Test(arguments: [true, false])
    func outputIsReadBackTheSame(isOld: Bool) throws {
        let text = isOld ? ParticleFiles.old : ParticleFiles().text
        let set = try ParticleSet(starFile: try folder.write(text, "input.star"))
        let estimates = set.particles.indices.map { estimate($0) }
        try set.write(to: output, estimates: estimates, halfSets: set.particles.indices.map { $0 % 2 + 1 })
        let again = try ParticleSet(starFile: output)
        #expect(again.count == set.count && again.pixelSize == set.pixelSize && again.boxSize == set.boxSize)
        for (index, particle) in again.particles.enumerated() {
            #expect(particle.ctf == set.particles[index].ctf)
            #expect(particle.imageName == set.particles[index].imageName)
            #expect(particle.halfSet == Int8(index % 2 + 1))
            let pose = try #require(particle.pose)
            #expect(pose.rotation.angle(to: estimates[index].pose.rotation).degrees < 1e-5)
            #expect(pose.originX == 1.25 && pose.originY == -2.5)
            #expect(try again.readImage(index) == set.readImage(index))
        }
    }

    @Test func nothingToWriteIsRefused() throws {
        let set = try ParticleSet(starFile: try folder.write(ParticleFiles().text, "p.star"))
        #expect(says(fileError { try set.write(to: output, estimates: [nil]) }, "output.star", "no particle"))
        #expect(
            says(
                fileError { try set.write(to: "/nowhere/x.star", estimates: [estimate(0)]) },
                "/nowhere/x.star"))
        #expect(
            says(
                fileError { try ParticleSet.write(particles: [], boxSize: 4, pixelSize: 2, to: output) },
                "no particles"))
        #expect(!FileManager.default.fileExists(atPath: output))
    }

    @Test(arguments: [true, false])
    func simulatedParticlesAreReadBack(hasPoses: Bool) throws {
        let particles = (0..<3).map { index in
            Particle(
                imageName: "00000\(index + 1)@stack.mrcs",
                ctf: ContrastTransferFunction(
                    voltage: index == 2 ? 200_000 : 300_000, sphericalAberration: 2.7e7,
                    amplitudeContrast: 0.07,
                    defocusU: 15_000.5 + Double(index), defocusV: 14_000, defocusAngle: Angle(degrees: 12.5),
                    bFactor: 40),
                opticsGroup: index == 2 ? 4 : 1, pose: hasPoses ? estimate(index).pose : nil,
                halfSet: hasPoses ? Int8(1 + index % 2) : nil)
        }
        try ParticleSet.write(particles: particles, boxSize: 4, pixelSize: 2, to: output)
        let set = try ParticleSet(starFile: output)
        #expect(set.count == 3 && set.pixelSize == 2 && set.warnings.isEmpty)
        for (read, made) in zip(set.particles, particles) {
            #expect(
                read.ctf == made.ctf && read.opticsGroup == made.opticsGroup && read.halfSet == made.halfSet)
            #expect(read.imageName == made.imageName && (read.pose == nil) == !hasPoses)
            if let a = read.pose, let b = made.pose {
                #expect(a.rotation.angle(to: b.rotation).degrees < 1e-5 && a.originX == b.originX)
            }
        }
    }
}
