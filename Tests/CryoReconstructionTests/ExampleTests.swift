import CryoCore
import CryoFiles
import CryoFourier
import CryoTestSupport
import Foundation
import Testing

@testable import CryoReconstruction

/// The worked examples of `docs/guide/Extending.md` do what the article says of them.
struct ExampleTests {
    @Test func theRimPriorsGradientIsItsDerivative() {
        let prior = RimPrior(width: 3, radius: 60, voxelRatio: 2.5)
        let slope = PriorSlope(prior)
        // It is quadratic, so central differences are exact but for rounding of sums of a thousand.
        #expect(abs(slope.difference - slope.expected) < 1e-4 * abs(slope.expected))
    }

    @Test(arguments: [20, 36]) func theRimPriorDoesNotChangeWithTheGrid(size: Int) {
        let whole = SmallProblem.density(.c1, boxSize: 48)
        let reference = RimPrior(width: 3, radius: 60, voxelRatio: 1).negativeLog(whole)
        let prior = RimPrior(width: 3, radius: 60, voxelRatio: pow(48 / Double(size), 3))
        // Squares survive resampling but for what lies beyond the small grid's frequencies.
        #expect(abs(prior.negativeLog(whole.resampled(to: size)) / reference - 1) < 0.01)
    }

    @Test func theRimPriorPrefersTheMiddle() {
        let prior = RimPrior(width: 3, radius: 60, voxelRatio: 1)
        var (inner, outer) = (Volume(boxSize: 16, pixelSize: 6), Volume(boxSize: 16, pixelSize: 6))
        inner[9, 8, 8] = 1
        outer[14, 8, 8] = 1
        // 6 voxels from the middle instead of 1: 36 times.
        #expect(abs(prior.negativeLog(outer) / prior.negativeLog(inner) - 36) < 1e-4)
    }

    @Test func adaptiveStepsLowerTheObjective() {
        let problem = SmallProblem()
        // Nothing tells the first step how far to go.
        var optimizer = AdaptiveDescent(stride: 0.02)
        var density = problem.start
        var values = [problem.objective(of: density)]
        for iteration in 0..<6 {
            density = optimizer.step(problem.situation(density, iteration: iteration))
            values.append(problem.objective(of: density))
        }
        for (before, after) in zip(values, values.dropFirst()) { #expect(after < before) }
        #expect(optimizer.stride > 0.02)
    }

    @Test func adaptiveStepsShortenWhereTheyTurnBack() {
        let problem = SmallProblem()
        var optimizer = AdaptiveDescent(stride: 0.02)
        let situation = problem.situation(problem.start)
        var opposite = situation
        for index in opposite.gradient.gradient.samples.indices {
            opposite.gradient.gradient.samples[index] *= -1
        }
        _ = optimizer.step(situation)
        _ = optimizer.step(opposite)
        // Halving is exact.
        #expect(optimizer.stride == 0.01)
    }

    /// Twenty particles in two stacks and a table, in a folder that is removed.
    private func withTable(_ body: (_ folder: String, _ simulator: ParticleSimulator) throws -> Void) throws {
        let folder = NSTemporaryDirectory() + "daybreak-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var parameters = SimulationParameters()
        (parameters.particleCount, parameters.diameter) = (40, 150)
        let simulator = try ParticleSimulator(
            TestScene.blobs(boxSize: 32, pixelSize: 6), parameters: parameters)
        var table = ""
        for name in ["a.mrcs", "b.mrcs"] {
            let writer = try MRCStackWriter(path: "\(folder)/\(name)", boxSize: 32, pixelSize: 6)
            for number in 1...20 {
                let index = (name == "a.mrcs" ? 0 : 20) + number - 1
                try writer.append(simulator.image(index))
                let ctf = simulator.particle(index).ctf
                table += "\(number),\(name),\(ctf.defocusU),\(ctf.defocusV),\(ctf.defocusAngle.degrees)\n"
            }
            try writer.finish()
        }
        try table.write(toFile: "\(folder)/table.csv", atomically: true, encoding: .utf8)
        try body(folder, simulator)
    }

    @Test func aTableIsReadAsItWasWritten() throws {
        try withTable { folder, simulator in
            let microscope = simulator.particle(0).ctf
            let source = try ImageTable(path: folder + "/table.csv", microscope: microscope)
            #expect(source.particles.count == 40 && source.boxSize == 32 && source.pixelSize == 6)
            for index in [0, 19, 20, 39] {
                #expect(try source.image(index) == simulator.image(index))
                let (read, made) = (source.particles[index].ctf, simulator.particle(index).ctf)
                #expect(read.defocusU == made.defocusU && read.defocusV == made.defocusV)
                // Degrees and back.
                #expect(abs(read.defocusAngle.radians - made.defocusAngle.radians) < 1e-12)
            }
        }
    }

    @Test(arguments: [
        ("1,a.mrcs,10000,10000", "number,stack,defocusU,defocusV,defocusAngle"),
        ("0,a.mrcs,10000,10000,0", "number,stack,defocusU,defocusV,defocusAngle"),
        ("1,a.mrcs,nan,10000,0", "number,stack,defocusU,defocusV,defocusAngle"),
        ("21,a.mrcs,10000,10000,0", "1 to 20"),
    ]) func aWrongRowIsRefusedWithItsLine(row: String, expected: String) throws {
        try withTable { folder, simulator in
            let path = folder + "/wrong.csv"
            try "1,a.mrcs,10000,10000,0\n\(row)\n".write(toFile: path, atomically: true, encoding: .utf8)
            let error = #expect(throws: FileError.self) {
                try ImageTable(path: path, microscope: simulator.particle(0).ctf)
            }
            let text = error?.description ?? ""
            #expect(text.contains("line 2") && text.contains(expected) && !text.contains("\n"))
        }
    }

    @Test func aTableIsReconstructed() throws {
        try withTable { folder, _ in
            var parameters = ReconstructionParameters()
            (parameters.diameter, parameters.annealResolution, parameters.maxResolution) = (150, 50, 48)
            (parameters.maxIterations, parameters.annealBatch, parameters.shiftExtent) = (2, 20, 12)
            parameters.halves = false
            try reconstruct(
                table: folder + "/table.csv", to: folder + "/map.mrc", parameters: parameters)
            let map = try MRCFile.readVolume(folder + "/map.mrc")
            #expect(map.boxSize == 32 && map.voxels.contains { $0 > 0 })
        }
    }
}
