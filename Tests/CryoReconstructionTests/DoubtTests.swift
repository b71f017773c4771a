import CryoCore
import Foundation
import Testing

@testable import CryoReconstruction

/// What speaks against a map is said.
struct DoubtTests {
    static func record(
        gain: Double = 20, standardError: Double = 1, angleError: Double = 1, resolution: Double = 10,
        significance: Double = 30
    ) throws -> RunRecord {
        let source = try TestSource(EndToEndTests.phantom, count: 20, diameter: 140, signalToNoise: 1)
        var parameters = EndToEndTests.reduced
        (parameters.maxIterations, parameters.halves) = (1, false)
        let run = try Reconstruction(source: source, parameters: parameters)
        let result = try run.run()
        var record = RunRecord(
            version: "1", command: [], input: "", run: run, result: result,
            imageNames: source.particles.map(\.imageName),
            instructionSet: "",
            threads: 1)
        // One iteration explains nothing.
        record.starts = []
        for place in record.iterations.indices.dropLast() { record.iterations[place].phase = .march }
        record.diameter = 200
        record.nullCheck = NullCheck(
            imageCount: 100, logEvidence: gain, radialLogEvidence: 0, standardError: standardError)
        record.particles.medianTurn = 1.54 * angleError
        record.contrast.significance = significance
        record.resolution = ResolutionRecord(
            corrected0143: resolution, fsc0143: resolution, fsc05: resolution, correlations: [],
            correctedCorrelations: [],
            maskedCorrelations: [], randomizedCorrelations: [])
        return record
    }

    @Test func aGoodMapHasNone() throws {
        #expect(try Self.record().doubts.isEmpty)
    }

    /// Half-sets of a run that is cut short share all that they know.
    @Test func halvesThatNeverLearntApartAreDoubted() throws {
        var record = try Self.record()
        record.iterations.removeAll { $0.phase == .march }
        #expect(record.doubts.count == 1 && record.doubts.first?.contains("learnt apart") == true)
    }

    @Test func whatTheAnnealLeftUnexplainedIsSaid() throws {
        var record = try Self.record()
        var start = StartRecord(seed: 1, logEvidence: 18, isKept: true)
        (start.resolution, start.explainedShare) = (35, 0.62)
        record.starts = [start]
        #expect(record.doubts.first?.contains("62 %") == true)
        // From a known map the anneal need not find all.
        record.beganWithMap = true
        #expect(record.doubts.isEmpty)
        record.beganWithMap = false
        record.starts[0].explainedShare = 0.7
        #expect(record.doubts.isEmpty)
    }

    @Test func eachReasonIsNamed() throws {
        #expect(try Self.record(gain: 2, standardError: 1).doubts.first?.contains("not supported") == true)
        #expect(
            try Self.record(gain: 0.08, standardError: 0.01).doubts.first?.contains("not supported") == true)
        #expect(try Self.record(gain: 0.4, standardError: 0.1).doubts.first?.contains("0.4 nats") == true)
        // 14° at 100 Å are 24 Å.
        #expect(try Self.record(gain: 3.6, standardError: 0.4).doubts.first?.contains("3.6 nats") == true)
        #expect(try Self.record(angleError: 14, resolution: 21).doubts.first?.contains("24.4 Å") == true)
        #expect(try Self.record(resolution: 60).doubts.first?.contains("coarse shape") == true)
        #expect(try Self.record(significance: 1).doubts.first?.contains("--contrast") == true)
        // Evidence has told.
        var record = try Self.record(significance: 1)
        record.starts = [(1, 18.8, true), (-1, 7.4, false)].map { contrast, evidence, isKept in
            var start = StartRecord(seed: 1, logEvidence: evidence, isKept: isKept)
            start.contrast = contrast
            return start
        }
        record.contrast.sign = 1
        #expect(record.doubts.isEmpty)
        record.starts[1].logEvidence = 18.5
        #expect(record.doubts.first?.contains("--contrast") == true)
        // So too where the first of two parts has asked, and the second was told.
        (record.starts, record.parameters.contrast) = ([], 1)
        #expect(record.doubts.isEmpty)
        record.firstPart = try JSONDecoder().decode(
            RunPlan.FirstPart.self, from: Data(#"{"seconds": 60, "contrastGain": 0.3}"#.utf8))
        #expect(record.contrastGain == 0.3 && record.doubts.first?.contains("--contrast") == true)
        #expect(try Self.record(resolution: .infinity).doubts.count == 1)
    }
}
