import CryoFiles
import Foundation

/// What a run leaves when it ends.
extension RunFolder {
    /// Results that not every run has.
    private static let optional = [
        "half1.mrc", "half2.mrc", "map_unfiltered.mrc", "mask.mrc", "fsc.star", "fsc.xml", "set-aside.star",
    ]
    private static let staging = ".results"

    /// Writes the density, the particles and the record of the run; earlier results go.
    public func write(_ result: Reconstruction.Result, particles: ParticleSet, record: RunRecord) throws {
        try replaceResults { try $0.writeParts(of: result, particles: particles, record: record) }
    }

    /// Puts results in the place of earlier ones.
    ///
    /// Everything is written beside first, so a disk that is full leaves the earlier results whole; the files are then renamed one after the
    /// other, which a run that is resumed does again.
    ///
    /// - Parameter write: Writes the results to another folder.
    public func replaceResults(_ write: (RunFolder) throws -> Void) throws {
        let beside = RunFolder(unchecked: file(Self.staging))
        try? FileManager.default.removeItem(atPath: beside.path)
        try beside.create()
        defer { try? FileManager.default.removeItem(atPath: beside.path) }
        try write(beside)
        let names = try FileManager.default.contentsOfDirectory(atPath: beside.path).sorted()
        for name in names { try DurableFile.move(beside.file(name), to: file(name)) }
        for name in Self.optional where !names.contains(name) {
            try? FileManager.default.removeItem(atPath: file(name))
        }
    }

    private func writeParts(
        of result: Reconstruction.Result, particles: ParticleSet, record: RunRecord
    ) throws {
        try MRCFile.write(result.map, to: file("map.mrc"))
        if let halves = result.halves { try write(halves) }
        try particles.write(
            to: file("particles.star"), estimates: result.estimates,
            merits: result.estimates.map { result.junk.particleProbability($0?.logEvidence ?? 0) },
            scales: result.scales,
            halfSets: result.halfSets)
        if !result.setAside.isEmpty {
            try particles.writeSetAside(result.setAside, to: file("set-aside.star"))
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        try write(encoder.encode(RecordWithDoubts(record: record)), to: "run.json")
    }

    /// A record as it is written: what follows from it too, for who reads it with another program.
    private struct RecordWithDoubts: Encodable {
        let record: RunRecord

        private enum Key: CodingKey { case doubts }

        func encode(to encoder: any Encoder) throws {
            try record.encode(to: encoder)
            var container = encoder.container(keyedBy: Key.self)
            try container.encode(record.doubts, forKey: .doubts)
        }
    }

    private func write(_ halves: HalfMaps) throws {
        try MRCFile.write(halves.first, to: file("half1.mrc"))
        try MRCFile.write(halves.second, to: file("half2.mrc"))
        try MRCFile.write(halves.mean, to: file("map_unfiltered.mrc"))
        try MRCFile.write(halves.resolution.mask, to: file("mask.mrc"))
        try halves.resolution.starDocument.write(to: file("fsc.star"))
        try write(Data(halves.resolution.corrected.xml.utf8), to: "fsc.xml")
    }

    /// Reads the record of a finished run.
    ///
    /// - Throws: ``RunFolderError/noPlan(_:)``, ``RunFolderError/unfinished(_:)`` or ``RunFolderError/otherRecord(_:)``.
    public func record() throws(RunFolderError) -> RunRecord {
        guard let data = try? DurableFile.contents(of: file("run.json"), atMost: 1 << 30) else {
            throw FileManager.default.fileExists(atPath: file("plan.json"))
                ? .unfinished(path) : .noPlan(path)
        }
        do { return try RunRecord.decoder.decode(RunRecord.self, from: data) } catch {
            throw .otherRecord(file("run.json"))
        }
    }
}
