import CryoCore
import CryoFourier
import CryoTestSupport
import Foundation
import Testing

@Suite struct SimulationTests {
    @Test(arguments: [120.0, 250.0])
    func phantomFillsItsSphere(diameter: Double) {
        let phantom = Phantom(diameter: diameter)
        #expect(abs(2 * phantom.scatterers.largestRadius - diameter) < 1e-6)
        let centre = phantom.scatterers.centreOfMass
        #expect(dot(centre, centre).squareRoot() < 1e-6)
        #expect(phantom.scatterers == Phantom(diameter: diameter).scatterers)
        #expect(phantom.scatterers != Phantom(diameter: diameter, seed: 2).scatterers)
    }

    @Test func weightIsPreserved() {
        let scatterers = Phantom(diameter: 100).scatterers
        for pixelSize in [1.5, 4, 9] {
            let volume = Volume(scatterers: scatterers, boxSize: 80, pixelSize: pixelSize)
            let sum = volume.voxels.reduce(0) { $0 + Double($1) }
            #expect(abs(sum / Double(scatterers.count) - 1) < 1e-5)
        }
    }

    @Test func densityDoesNotDependOnTheThreads() {
        let scatterers = Phantom(diameter: 100).scatterers
        let one = Volume(scatterers: scatterers, boxSize: 33, pixelSize: 4, parallel: Parallel(threads: 1))
        #expect(
            one == Volume(scatterers: scatterers, boxSize: 33, pixelSize: 4, parallel: Parallel(threads: 3)))
    }

    @Test func scatterersFarOutsideAreIgnored() {
        let wild = [SIMD3<Double>(1e30, 0, 0), [.nan, 0, 0], [0, -Double.infinity, 0]]
        let volume = Volume(scatterers: wild.map { PointScatterer(position: $0) }, boxSize: 8, pixelSize: 1)
        #expect(volume.voxels.allSatisfy { $0 == 0 })
    }

    private func simulator(_ change: (inout SimulationParameters) -> Void = { _ in }) throws
        -> ParticleSimulator
    {
        var parameters = SimulationParameters()
        parameters.diameter = 150
        parameters.particleCount = 60
        change(&parameters)
        let volume = Volume(scatterers: Phantom(diameter: 150).scatterers, boxSize: 36, pixelSize: 6)
        return try ParticleSimulator(volume, parameters: parameters)
    }

    @Test func imagesArePureFunctionsOfSeedAndIndex() throws {
        let (a, b, other) = (try simulator(), try simulator(), try simulator { $0.seed = 2 })
        #expect(a.image(7) == b.image(7) && a.particle(7) == b.particle(7))
        #expect(a.image(7) != a.image(8) && a.image(7) != other.image(7))
        #expect(a.particle(6).imageName == "000007@particles.mrcs")
    }

    @Test func noiseHasTheStatedVariance() throws {
        let simulator = try simulator { $0.signalToNoise = 0.05 }
        var (signal, noise) = (0.0, 0.0)
        for index in 0..<60 {
            let (clean, image) = (simulator.cleanImage(index), simulator.image(index))
            signal += clean.variance(withinDiameter: 150) / 60
            let difference = zip(image.pixels, clean.pixels).map { $0 - $1 }
            noise += innerProduct(difference, difference) / Double(60 * difference.count)
        }
        #expect(abs(signal / simulator.signalVariance - 1) < 1e-6)
        #expect(abs(signal / noise / 0.05 - 1) < 0.02)
        #expect(try self.simulator { $0.signalToNoise = .infinity }.noiseVariance == 0)
    }

    @Test func opticsStayInTheirRanges() throws {
        let ranged = try simulator { $0.defocusRange = 8_000...9_000 }
        let listed = try simulator { $0.defoci = [11_000, 12_000] }
        for index in 0..<60 {
            let ctf = ranged.particle(index).ctf
            #expect((8_000...9_000).contains((ctf.defocusU + ctf.defocusV) / 2))
            #expect((0...200).contains(ctf.defocusU - ctf.defocusV))
            let mean = (listed.particle(index).ctf.defocusU + listed.particle(index).ctf.defocusV) / 2
            #expect(abs(mean - 11_000) < 1e-6 || abs(mean - 12_000) < 1e-6)
        }
    }

    @Test func preferredDirectionsGatherAroundTheirAxes() {
        let axis = SIMD3<Double>(1, 2, -1)
        let unit = axis / dot(axis, axis).squareRoot()
        let distribution = OrientationDistribution.preferred(
            axes: [axis], concentration: 20, uniformFraction: 0)
        var random = RandomStream(seed: 5)
        let mean =
            (0..<4000).reduce(0.0) { sum, _ in sum + dot(distribution.draw(&random).row2, unit) } / 4000
        // coth κ − 1/κ
        #expect(abs(mean - (1 / tanh(20) - 1 / 20)) < 0.005)
    }

    /// Images differ in strength as told, and in nothing else.
    @Test func imagesHaveTheirScale() throws {
        let (same, scaled) = (try simulator { $0.scaleSigma = 0 }, try simulator { $0.scaleSigma = 0.3 })
        let scales = (0..<200).map { scaled.scale($0) }
        let mean = scales.reduce(0, +) / 200
        let deviation = (scales.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 200).squareRoot()
        // 200 draws know a deviation to 5 %.
        #expect(abs(mean - 1) < 0.1 && abs(deviation - 0.3) < 0.06)
        #expect(scaled.noiseVariance == same.noiseVariance && same.scale(3) == 1)
        for index in 0..<3 {
            let (clean, other) = (same.cleanImage(index), scaled.cleanImage(index))
            let expected = clean.pixels.map { $0 * Float(scales[index]) }
            #expect(other.pixels == expected)
        }
    }

    @Test func junkIsMarked() throws {
        let simulator = try simulator { $0.junkFraction = 0.5 }
        let contents = (0..<60).map { simulator.content($0) }
        #expect(contents.contains(.noise) && contents.contains(.offCentre) && contents.contains(.particle))
        for (index, content) in contents.enumerated() {
            #expect((simulator.particle(index).pose == nil) == (content == .noise))
        }
    }

    @Test func senselessParametersAreRefused() {
        #expect(throws: SimulationError.self) { try simulator { $0.signalToNoise = 0 } }
        #expect(throws: SimulationError.self) { try simulator { $0.particleCount = 0 } }
        #expect(throws: SimulationError.self) { try simulator { $0.voltage = -1 } }
        #expect(throws: SimulationError.noPreferredAxis) {
            try simulator { $0.orientations = .preferred(axes: [], concentration: 1, uniformFraction: 0) }
        }
        #expect(throws: SimulationError.noSignal) {
            try ParticleSimulator(Volume(boxSize: 16, pixelSize: 4), parameters: SimulationParameters())
        }
    }
}
