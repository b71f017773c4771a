import ArgumentParser
import CryoFiles
import CryoReport
import Foundation

/// `daybreak symmetry`.
struct Symmetry: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Finds the axes and the point group of a map on which no symmetry was imposed.",
        discussion: """
            Scores run from 0, the agreement of the map with itself after as large turns about random axes, to 1. An axis is believed from 0.5 on.

            Example: daybreak symmetry run/map.mrc --resolution 15 --aligned on-axes.mrc
            """)

    @Argument(help: "A map without imposed symmetry.", completion: .file(extensions: ["mrc"]))
    var map: String

    @Option(parsing: .unconditional, help: "The resolution to which the map is trusted, in Å.")
    var resolution = 20.0

    @Option(
        parsing: .unconditional, help: "The diameter of the soft sphere, in Å. (default: 0.84 of the box)")
    var mask: Double?

    @Option(
        help: "Write the map turned and shifted to RELION's axes here.",
        completion: .file(extensions: ["mrc"]))
    var aligned: String?

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        guard resolution.isFinite, resolution > 0 else {
            throw ValidationError("--resolution is in Å, above 0")
        }
        guard mask.map({ $0.isFinite && $0 > 0 }) ?? true else {
            throw ValidationError("--mask is a diameter in Å, above 0")
        }
    }

    /// The answer, as JSON.
    private struct Report: Encodable {
        struct Axis: Encodable {
            var order: Int
            var direction: [Double]
            var score: Double
        }
        var group: String
        var score: Double
        var axes: [Axis]
    }

    func run() throws {
        try OutputKind.map.refuseToReplace(aligned, option: "--aligned", inputs: [map])
        let volume = try readMap(map).aboveBackground
        try refuseWithoutMemory(toAlign: volume)
        try refuseTooSmall(mask: mask, for: volume)
        let coarsest = Double(volume.boxSize) * volume.pixelSize / 4
        guard resolution <= coarsest else {
            throw InputProblem(
                "--resolution is \(resolution) Å; expected at most a quarter of the box, \(coarsest) Å")
        }
        guard resolution >= 2 * volume.pixelSize else {
            throw InputProblem(
                "--resolution is \(resolution) Å; expected at least two voxels, \(2 * volume.pixelSize) Å")
        }
        let finding = SymmetryFinding(of: volume, diameter: mask, resolution: resolution)
        if let aligned { try MRCFile.write(finding.aligned, to: aligned) }
        let report = Report(
            group: finding.group.name, score: finding.score,
            axes: finding.axes.map { found in
                Report.Axis(
                    order: found.axis.order, direction: (0..<3).map { found.axis.direction[$0] },
                    score: found.score)
            })
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            print(String(decoding: try encoder.encode(report), as: UTF8.self))
            return
        }
        print(
            report.axes.isEmpty
                ? "C1: no axis holds to \(resolution) Å"
                : String(format: "%@ · score %.2f", report.group, report.score))
        for axis in report.axes {
            print(
                String(
                    format: "%2d-fold  (%6.3f, %6.3f, %6.3f)  score %.2f", axis.order, axis.direction[0],
                    axis.direction[1], axis.direction[2], axis.score))
        }
    }
}
