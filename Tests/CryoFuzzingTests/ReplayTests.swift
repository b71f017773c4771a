import CryoCore
import CryoFuzzing
import Foundation
import Testing

/// Every reader meets the corpus, and damaged copies of it; a trap ends the process, and leaves the input behind.
struct ReplayTests {
    /// The files of `Fuzzing/Corpus`, and of the reference data where there are any.
    private static func corpus(_ reader: FuzzedReader) throws -> [[UInt8]] {
        let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let folder = package.appendingPathComponent("Fuzzing/Corpus/\(reader.rawValue)")
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        return try files.sorted { $0.path < $1.path }.map { [UInt8](try Data(contentsOf: $0)) }
    }

    @Test(arguments: FuzzedReader.allCases) func readersTakeOrRefuse(reader: FuzzedReader) throws {
        let trial = try ReaderTrial(reader)
        let corpus = try Self.corpus(reader)
        let taken = corpus.count { trial.read($0) }
        #expect(taken > 0, "nothing of the corpus can be read, so damage to it tests nothing")
        var refused = 0
        let count = reader == .checkpoint || reader == .settings ? 200 : 600
        for index in 0..<count {
            var mutation = Mutation(seed: 5, index: UInt32(index))
            if !trial.read(mutation.damaged(corpus)) { refused += 1 }
        }
        #expect(refused > 0, "damage was never noticed")
    }
}
