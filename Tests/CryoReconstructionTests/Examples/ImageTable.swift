import CryoCore
import CryoFiles
import CryoReconstruction
import Foundation

/// Particles listed in a table of comma-separated values: `number,stack,defocusU,defocusV,defocusAngle`.
///
/// Numbers begin with 1, defoci are in Å (positive is underfocus), the angle in degrees from x to U. Stacks are MRC files named from the
/// table's folder, with their pixel size in the header. The microscope is not in the table and must be told.
public struct ImageTable: ParticleSource {
    /// The particles in the table's order.
    public let particles: [Particle]
    /// Pixels along an edge.
    public let boxSize: Int
    /// In Å.
    public let pixelSize: Double
    private let stacks: [ImageStack]
    private let places: [(stack: Int, image: Int)]

    /// Reads a table and opens its stacks.
    ///
    /// - Parameters:
    ///   - path: The table.
    ///   - microscope: Voltage, aberration and amplitude contrast; its defocus is replaced.
    /// - Throws: `FileError` with the line that is wrong.
    public init(path: String, microscope: ContrastTransferFunction) throws(FileError) {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            throw .unreadable(
                path: path, found: "no readable text", expected: "a table of particles",
                advice: "check the path")
        }
        let folder = (path as NSString).deletingLastPathComponent
        var (particles, places): ([Particle], [(stack: Int, image: Int)]) = ([], [])
        var (stacks, indices): ([ImageStack], [String: Int]) = ([], [:])
        for (index, line) in text.split(whereSeparator: \.isNewline).enumerated() {
            let place = FilePlace.line(index + 1)
            let row = try Row(line, path: path, place: place)
            if indices[row.stack] == nil {
                indices[row.stack] = stacks.count
                stacks.append(try ImageStack(path: (folder as NSString).appendingPathComponent(row.stack)))
            }
            let stack = indices[row.stack, default: 0]
            guard row.number <= stacks[stack].imageCount, stacks[stack].boxSize == stacks[0].boxSize else {
                throw .malformed(
                    path: path, place: place, found: "image \(row.number) of \(row.stack)",
                    expected: "1 to \(stacks[stack].imageCount), of \(stacks[0].boxSize)² pixels",
                    advice: "correct the row")
            }
            particles.append(Particle(imageName: "\(row.number)@\(row.stack)", ctf: row.optics(microscope)))
            places.append((stack, row.number - 1))
        }
        guard let first = stacks.first, let pixelSize = first.pixelSize else {
            throw .malformed(
                path: path, place: .whole, found: "no particle, or a stack without a pixel size",
                expected: "a row for each particle", advice: "check the table and the first stack's header")
        }
        (self.particles, self.places, self.stacks) = (particles, places, stacks)
        (boxSize, self.pixelSize) = (first.boxSize, pixelSize)
    }

    /// Reads one image; a stack may be read by any number of threads.
    public func image(_ index: Int) throws -> Image {
        var image = try stacks[places[index].stack].readImage(places[index].image)
        image.pixelSize = pixelSize
        return image
    }
}

/// One line of the table.
private struct Row {
    let number: Int
    let stack: String
    let defocus: [Double]

    init(_ line: Substring, path: String, place: FilePlace) throws(FileError) {
        let fields = line.split(separator: ",", omittingEmptySubsequences: false)
            .map { $0.trimmingCharacters(in: .whitespaces) }
        let defocus = fields.dropFirst(2).compactMap { Double($0) }.filter(\.isFinite)
        guard fields.count == 5, defocus.count == 3, let number = Int(fields[0]), number >= 1 else {
            throw .malformed(
                path: path, place: place, found: "'\(line.prefix(60))'",
                expected: "number,stack,defocusU,defocusV,defocusAngle", advice: "correct the row")
        }
        (self.number, stack, self.defocus) = (number, fields[1], defocus)
    }

    /// The microscope with this row's defocus: Å stay Å, degrees become an angle.
    func optics(_ microscope: ContrastTransferFunction) -> ContrastTransferFunction {
        var ctf = microscope
        (ctf.defocusU, ctf.defocusV) = (defocus[0], defocus[1])
        ctf.defocusAngle = Angle(degrees: defocus[2])
        return ctf
    }
}
