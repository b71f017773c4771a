import CryoCore
import CryoFiles
import CryoReconstruction
import Foundation
import Glibc

/// One reader and a folder in which each input is a file: what crashed the program is still there afterwards.
///
/// A reader may take an input or refuse it with an error of one line; anything else is a defect.
public final class ReaderTrial: Sendable {
    /// The reader.
    public let reader: FuzzedReader
    /// The file that holds the input.
    public let path: String
    private let folder: String

    /// Makes the folder, in memory where the system has such a place.
    public init(_ reader: FuzzedReader) throws {
        self.reader = reader
        let memory = "/dev/shm"
        let base = FileManager.default.isWritableFile(atPath: memory) ? memory : NSTemporaryDirectory()
        folder = "\(base)/daybreak-fuzz-\(getpid())-\(reader.rawValue)"
        path = "\(folder)/\(reader.fileName)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        guard reader == .particles else { return }
        let stack = try MRCStackWriter(path: "\(folder)/stack.mrcs", boxSize: 8, pixelSize: 2)
        for image in 0..<3 {
            let pixels = (0..<64).map { Float($0 * 37 % 11 + image) }
            try stack.append(Image(boxSize: 8, pixelSize: 2, pixels: pixels))
        }
        try stack.finish()
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// Gives an input to the reader.
    ///
    /// - Returns: Whether it was taken.
    @discardableResult
    public func read(_ bytes: [UInt8]) -> Bool {
        do {
            try write(bytes)
            try call(bytes)
            return true
        } catch {
            let text = "\(error)"
            precondition(!text.contains(where: \.isNewline) || error is DecodingError, "two lines: \(text)")
            return false
        }
    }

    private func write(_ bytes: [UInt8]) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o666)
        guard descriptor >= 0 else { throw CocoaError(.fileWriteUnknown) }
        defer { close(descriptor) }
        let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        guard count == bytes.count else { throw CocoaError(.fileWriteOutOfSpace) }
    }

    private func call(_ bytes: [UInt8]) throws {
        switch reader {
        case .mrc: try readMRC()
        case .star: try readStar(bytes)
        case .particles: try readParticles()
        case .pdb, .cif, .gzip: try readModel()
        case .checkpoint: try readCheckpoint(bytes)
        case .settings: _ = try ReconstructionParameters.standard.settings(fromFile: path)
        case .plan: try readRecords(bytes)
        }
    }

    private func readMRC() throws {
        for line in try FileSummary(path: path).lines { precondition(!line.contains("\n")) }
        if let volume = try? MRCFile.readVolume(path) {
            precondition(volume.voxels.count == volume.boxSize * volume.boxSize * volume.boxSize)
        }
        let stack = try ImageStack(path: path)
        for index in Set([0, stack.imageCount / 2, stack.imageCount - 1]) {
            let image = try stack.readImage(index)
            precondition(image.pixels.count == stack.boxSize * stack.boxSize)
        }
    }

    private func readStar(_ bytes: [UInt8]) throws {
        _ = try FileSummary(path: path).lines
        let document = try StarDocument(path: path)
        _ = try? StarDocument(parsing: document.encoded, path: path)
        _ = try document.withMirroredPoses(path: path)
    }

    private func readParticles() throws {
        _ = try FileSummary(path: path).lines
        let set = try ParticleSet(starFile: path)
        for index in Set([0, set.count - 1]) { _ = try set.readImage(index) }
        let estimates = set.particles.map { particle in
            PoseEstimate(
                pose: particle.pose ?? Pose(rotation: .identity, originX: 0, originY: 0), logEvidence: 1,
                peakProbability: 1, effectivePoses: 1)
        }
        try set.write(to: "\(folder)/output.star", estimates: estimates)
        _ = try ParticleSet.listing(starFile: "\(folder)/output.star")
        try set.writeSetAside([0: "a 'quoted' reason"], to: "\(folder)/aside.star")
    }

    private func readModel() throws {
        _ = try FileSummary(path: path).lines
        let model = try AtomicModel(path: path)
        precondition(!model.atoms.isEmpty)
    }

    private func readCheckpoint(_ bytes: [UInt8]) throws {
        let run = try RunFolder(resuming: folder)
        _ = try? run.checkpoint(version: "0")
        let payload = Data(bytes)
        let head = "DAYBREAK CHECKPOINT 0 \(DurableFile.checksum(payload)) \(payload.count)\n"
        try write([UInt8](head.utf8) + bytes)
        _ = try run.checkpoint(version: "0")
    }

    private func readRecords(_ bytes: [UInt8]) throws {
        _ = try? RunFolder(resuming: folder).plan()
        _ = try RunRecord.decoder.decode(RunRecord.self, from: Data(bytes))
    }
}
