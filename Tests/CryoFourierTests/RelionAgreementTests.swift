import CryoCore
import CryoFourier
import CryoTestSupport
import Foundation
import Testing

@Suite struct RelionAgreementTests {
    @Test func projectionsAgreeWithTheStoredOnes() throws {
        let url = try #require(
            Bundle.module.url(forResource: "Fixtures/relion_projections", withExtension: "f32"))
        try expectAgreement(RelionFixture.particles, RelionFixture.images(Data(contentsOf: url)))
    }

    @Test(.enabled(if: RelionProject.executable != nil, "relion_project is not on the PATH"))
    func projectionsAgreeWithTheInstalledRelion() throws {
        var random = RandomStream(seed: 77)
        func between(_ low: Double, _ high: Double) -> Double { low + (high - low) * random.uniform() }
        let particles = (0..<6).map { _ in
            let defocus = between(8_000, 20_000)
            return RelionFixture.particle(
                between(-180, 180), between(0, 180), between(-180, 180), between(-9, 9), between(-9, 9),
                defocus, defocus - between(0, 1500), between(-90, 90))
        }
        try expectAgreement(particles, RelionProject.run(RelionFixture.volume, particles))
    }

    /// Equal shape, and equal contrast up to one factor: the units of the map.
    private func expectAgreement(_ particles: [Particle], _ images: [Image]) throws {
        try #require(images.count == particles.count)
        let projector = Projector(RelionFixture.volume)
        let ratios = try zip(particles, images).map { particle, image in
            let found = projector.project(try #require(particle.pose), ctf: particle.ctf).image()
            #expect(correlation(found.pixels, image.pixels) > 0.998)
            return innerProduct(found.pixels, image.pixels) / innerProduct(image.pixels, image.pixels)
        }
        for ratio in ratios { #expect(ratio > 0 && abs(ratio / ratios[0] - 1) < 0.03) }
    }
}

/// Runs the `relion_project` of this machine.
enum RelionProject {
    static var executable: URL? {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        return path.split(separator: ":")
            .map { URL(fileURLWithPath: String($0)).appendingPathComponent("relion_project") }
            .first { FileManager.default.isExecutableFile(atPath: $0.path) }
    }

    static func run(_ volume: Volume, _ particles: [Particle]) throws -> [Image] {
        let executable = try #require(executable)
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("daybreak-relion-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try mrc(volume).write(to: folder.appendingPathComponent("map.mrc"))
        try Data(star(particles, volume).utf8).write(to: folder.appendingPathComponent("poses.star"))
        let process = Process()
        process.executableURL = executable
        process.currentDirectoryURL = folder
        process.arguments = [
            "--i", "map.mrc", "--o", "out", "--ang", "poses.star", "--ctf", "--angpix",
            "\(volume.pixelSize)",
        ]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return RelionFixture.images(
            try Data(contentsOf: folder.appendingPathComponent("out.mrcs")).dropFirst(1024))
    }

    private static func mrc(_ volume: Volume) -> Data {
        let n = UInt32(volume.boxSize)
        let edge = Float(Double(volume.boxSize) * volume.pixelSize).bitPattern
        var words = [UInt32](repeating: 0, count: 256)
        for word in [0, 1, 2, 7, 8, 9] { words[word] = n }
        (words[3], words[22]) = (2, 1)
        for axis in 0..<3 {
            words[10 + axis] = edge
            words[13 + axis] = Float(90).bitPattern
            words[16 + axis] = UInt32(axis + 1)
        }
        (words[52], words[53]) = (0x2050_414D, 0x4444)
        return (words + volume.voxels.map(\.bitPattern)).withUnsafeBytes { Data($0) }
    }

    private static func star(_ particles: [Particle], _ volume: Volume) -> String {
        let optics = [
            "OpticsGroup", "OpticsGroupName", "Voltage", "SphericalAberration", "AmplitudeContrast",
        ]
        let size = ["ImagePixelSize", "ImageSize", "ImageDimensionality"]
        let columns = ["ImageName", "OpticsGroup", "AngleRot", "AngleTilt", "AnglePsi", "OriginXAngst"]
        let more = ["OriginYAngst", "DefocusU", "DefocusV", "DefocusAngle"]
        func block(_ name: String, _ labels: [String], _ rows: [String]) -> String {
            let head = labels.enumerated().map { "_rln\($1) #\($0 + 1)" }
            return (["# version 30001", "", "data_\(name)", "", "loop_"] + head + rows + ["", ""])
                .joined(separator: "\n")
        }
        let rows = particles.enumerated().map { index, particle in
            let (pose, ctf) = (particle.pose ?? Pose(rotation: .identity), particle.ctf)
            let angles = pose.rotation.eulerAngles
            let numbers = [
                angles.rot.degrees, angles.tilt.degrees, angles.psi.degrees, pose.originX, pose.originY,
                ctf.defocusU, ctf.defocusV, ctf.defocusAngle.degrees,
            ]
            return "\(index + 1)@none.mrcs 1 " + numbers.map { "\($0)" }.joined(separator: " ")
        }
        let group = "1 group1 200 1.4 0.1 \(volume.pixelSize) \(volume.boxSize) 2"
        return block("optics", optics + size, [group]) + block("particles", columns + more, rows)
    }
}
