import CryoCore
import Foundation
import Testing

@testable import CryoReconstruction

/// A run that is made again is the same to the last bit, by what its record says.
struct VerificationTests {
    @Test(arguments: ["rising", "climbing", "starts", "paper"]) func recordsAreExact(kind: String) throws {
        let parameters = try #require(CheckpointTests.kinds.first { $0.name == kind }?.parameters)
        let source = try CheckpointTests.source(of: kind)
        let run = try Reconstruction(source: source, parameters: parameters)
        let made = RunRecord(
            version: "1", command: [], input: "", run: run, result: try run.run(),
            imageNames: source.particles.map(\.imageName), instructionSet: "", threads: 1)
        // Through the file's text, which must have all digits.
        let record = try RunRecord.decoder.decode(RunRecord.self, from: JSONEncoder().encode(made))
        let count = record.verifiableIterations(before: nil)
        // Of several starts only the anneal of the kept one is recorded, and made again.
        #expect((record.starts.count > 1) == (kind == "starts"))
        #expect((record.starts.first?.shortStarts != nil) == (kind == "climbing"))
        #expect(count == record.iterations.count)
        let again = try Reconstruction(source: source, parameters: parameters, parallel: Parallel(threads: 1))
        let verification = try again.verify(record, iterations: count)
        #expect(verification.count == count && verification.difference == nil)

        var other = parameters
        other.seed = 9
        let different = try Reconstruction(source: source, parameters: other).verify(
            record, iterations: count)
        #expect(different.count == 1)
        #expect(different.difference?.description.hasPrefix("iteration 1: log-evidence ") == true)
        let beginning = RunPlan.Beginning(parameters: parameters, iterationCount: 2)
        #expect(record.verifiableIterations(before: beginning) == 2)
    }
}
