import CryoCore
import CryoFiles
import CryoFourier
import CryoReport
import CryoTestSupport
import Foundation
import Testing

@testable import CryoReconstruction

/// Two half-sets that do not see each other, and what they say of the resolution.
@Suite(.serialized) struct HalfSetTests {
    static func noise(_ seed: UInt64) -> Volume {
        var stream = RandomStream(seed: seed)
        let voxels = (0..<16 * 16 * 16).map { _ in Float(stream.normal()) }
        return Volume(boxSize: 16, pixelSize: 2, voxels: voxels)
    }

    @Test func equalHalvesAgreeToTheLimitAndNoFurther() {
        let halves = HalfMaps(Self.noise(1), Self.noise(1), limit: 5)
        #expect(halves.fsc.correlations[0...5].allSatisfy { abs($0 - 1) < 1e-9 })
        #expect(halves.fsc.correlations[6...].allSatisfy { $0 == 0 })
    }

    @Test func theFilterLeavesWhatIsCertainAndRemovesWhatIsNot() {
        let weights = HalfMaps.weights([1, 1, 0.5, 0.143, -0.1, 0.9])
        #expect(weights[0] == 1 && weights[1] == 1)
        #expect(abs(weights[2] - Float((2.0 / 3).squareRoot())) < 1e-6)
        // 0.143 of half-sets is 0.5 of the map with the truth.
        #expect(abs(weights[3] - 0.5) < 1e-3)
        // Behind the first shell without agreement a chance correlation is nothing.
        #expect(weights[4] == 0 && weights[5] == 0)
    }

    @Test func theMeanIsHalfOfEach() {
        let halves = HalfMaps(Self.noise(1), Self.noise(2), limit: 7)
        for (voxel, (a, b)) in zip(halves.mean.voxels, zip(halves.first.voxels, halves.second.voxels)) {
            #expect(abs(voxel - (a + b) / 2) < 1e-6)
        }
    }

    @Test func theMarchEndsWhereAgreementIsLost() {
        func plan(_ phase: IterationPlan.Phase, _ ring: Int) -> IterationPlan {
            IterationPlan(phase: phase, ringCount: ring, batchSize: 10, weight: 1)
        }
        func fsc(_ outer: Double) -> FourierShellCorrelation {
            FourierShellCorrelation(
                boxLength: 100, correlations: (0..<12).map { $0 < 6 ? 1 : outer })
        }
        var watch = AgreementWatch()
        #expect(watch.look(at: fsc(0.4), plan(.march, 7)) == 0.4)
        #expect(watch.admitted(plan(.march, 8)) == plan(.march, 8))
        #expect(watch.look(at: fsc(0.1), plan(.march, 8)) == 0.1)
        #expect(watch.admitted(plan(.march, 9)) == nil)
        #expect(watch.admitted(plan(.final, 10)) == plan(.final, 8))
    }

    @Test func curvesAreWrittenAsOthersReadThem() throws {
        let fsc = FourierShellCorrelation(boxLength: 50, correlations: [1, 0.9, 0.25])
        let document = try StarDocument(parsing: fsc.starDocument.encoded, path: "fsc.star")
        let table = try #require(document.blocks.first { $0.name == "fsc" }?.table)
        #expect(table.values(of: "rlnAngstromResolution") == ["999.000000", "50.000000", "25.000000"])
        let values = table.values(of: "rlnFourierShellCorrelationUnmaskedMaps")?.compactMap(Double.init)
        #expect(values == [1, 0.9, 0.25])
        #expect(coordinates(fsc.xml) == [0, 1, 0.02, 0.9, 0.04, 0.25])
    }

    @Test func halvesShareNoParticleAndLeaveNoneOut() throws {
        var parameters = EndToEndTests.reduced
        parameters.heldOut = 10
        let source = try TestSource(EndToEndTests.phantom, count: 201, diameter: 140, signalToNoise: 1)
        let run = try Reconstruction(source: source, parameters: parameters)
        var states = run.halfStates(of: run.startState())
        let batches = states.indices.map { Set(states[$0].order.next(1000).indices) }
        #expect(batches[0].isDisjoint(with: batches[1]))
        #expect(batches[0].union(batches[1]) == Set(run.split.learning))
        #expect(abs(batches[0].count - batches[1].count) <= 1)
    }

    /// The half-sets' 0.143 is where the map's correlation with the truth falls to one half.
    @Test func resolutionIsThatOfTheTruth() throws {
        let source = try TestSource(EndToEndTests.phantom, count: 500, diameter: 140, signalToNoise: 0.5)
        var parameters = EndToEndTests.reduced
        parameters.maxResolution = nil
        let result = try Reconstruction(source: source, parameters: parameters).run()
        let halves = try #require(result.halves)
        let truth = MapAlignment(result.map, to: EndToEndTests.phantom).fsc
        // Equal within a shell or two of 1/192 Å⁻¹ at 1/16 Å⁻¹.
        let own = halves.fsc.resolution(at: 0.143)
        #expect(
            abs(1 / own - 1 / truth.resolution(at: 0.5)) < 2.5 / 192, "\(own), \(truth.resolution(at: 0.5))")
    }

    /// Nothing but noise is not resolved beyond what the halves had in common.
    @Test func noiseDoesNotAgreeWithItself() throws {
        let source = TestSource.noise(count: 300, boxSize: 32, pixelSize: 6) { _ in 1 }
        var parameters = EndToEndTests.reduced
        parameters.maxResolution = 15
        parameters.contrast = 1
        let result = try Reconstruction(source: source, parameters: parameters).run()
        let halves = try #require(result.halves)
        // The anneal ends at 32 Å, and the halves have all of it in common.
        #expect(halves.fsc.resolution(at: 0.143) > 32)
    }
}

/// The numbers in the elements of an FSC as the Electron Microscopy Data Bank has it, in order.
private func coordinates(_ xml: String) -> [Double] {
    xml.split(separator: "\n").compactMap { line in
        let trimmed = line.trimmingCharacters(in: .whitespaces)
        guard trimmed.hasPrefix("<x>") || trimmed.hasPrefix("<y>") else { return nil }
        return Double(trimmed.dropFirst(3).dropLast(4))
    }
}
