import ArgumentParser
import CryoCore
import CryoFiles
import CryoFourier
import CryoInference
import CryoReport
import Foundation

/// `daybreak compare`.
struct Compare: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lays a map upon a reference and says how well they agree.",
        discussion: """
            Searches all rotations, shifts and both hands, then reports where the Fourier shell correlation falls \
            below 0.5 and 0.143. Hand cannot be told from images alone: a mirrored map is as good.

            Example: daybreak compare run/map.mrc truth.mrc --aligned aligned.mrc --picture both.png
            """)

    @Argument(help: "The map that is moved.", completion: .file())
    var map: String

    @Argument(help: "The reference.", completion: .file())
    var reference: String

    @Option(help: "The point group of the reference, for pose errors: C<n>, D<n>, T, O or I.")
    var symmetry = "C1"

    @Option(
        parsing: .unconditional, help: "The diameter of the soft sphere, in Å. (default: 0.84 of the box)")
    var mask: Double?

    @Option(
        help: "Estimated poses: a STAR file; needs --true-poses.", completion: .file(extensions: ["star"]))
    var poses: String?

    @Option(
        help: "True poses: a STAR file with the same image names.", completion: .file(extensions: ["star"]))
    var truePoses: String?

    @Option(help: "Write the moved map here.", completion: .file(extensions: ["mrc"]))
    var aligned: String?

    @Option(help: "Write a picture of both maps here.", completion: .file(extensions: ["png"]))
    var picture: String?

    @Option(
        parsing: .unconditional,
        help: "The pixel size of the reference, if its header is wrong or silent, in Å.")
    var referencePixelSize: Double?

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        guard PointGroup(name: symmetry) != nil else {
            throw ValidationError("--symmetry \(symmetry) is unknown; expected C<n>, D<n>, T, O or I")
        }
        guard mask.map({ $0.isFinite && $0 > 0 }) ?? true else {
            throw ValidationError("--mask is a diameter in Å, above 0")
        }
        guard referencePixelSize.map({ $0.isFinite && $0 > 0 }) ?? true else {
            throw ValidationError("--reference-pixel-size is in Å, above 0")
        }
        guard (poses == nil) == (truePoses == nil) else {
            throw ValidationError("--poses and --true-poses belong together")
        }
    }

    /// Å; null in JSON, which has no infinity, where the curve does not reach the threshold.
    private struct Resolution: Encodable {
        var value: Double

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            if value.isFinite { try container.encode(value) } else { try container.encodeNil() }
        }
    }

    /// The answer, as JSON.
    private struct Report: Encodable {
        var resolution05: Resolution
        var resolution0143: Resolution
        /// The diameter of the soft sphere in which the maps were correlated, in Å.
        var maskDiameter: Double
        var isMirrored: Bool
        var rotationDegrees: [Double]
        var shift: [Double]
        var fsc: FourierShellCorrelation
        var medianAngleDegrees: Double?
        var medianShiftPixels: Double?
    }

    func run() throws {
        let inputs = [map, reference, poses, truePoses].compactMap { $0 }
        try OutputKind.map.refuseToReplace(aligned, option: "--aligned", inputs: inputs)
        try OutputKind.picture.refuseToReplace(picture, option: "--picture", inputs: inputs)
        try OutputKind.refuseSame(("--aligned", aligned), ("--picture", picture))
        let moving = try readMap(map).aboveBackground
        let fixed = try readMap(reference, pixelSize: referencePixelSize).aboveBackground
        try refuseWithoutMemory(toAlign: moving, fixed)
        try refuseUnlike(moving, fixed)
        try refuseTooSmall(mask: mask, for: fixed)
        let pairs = try posePairs()
        let alignment = MapAlignment(moving, to: fixed, diameter: mask)
        let angles = alignment.superposition.rotation.eulerAngles
        var report = Report(
            resolution05: Resolution(value: alignment.fsc.resolution(at: 0.5)),
            resolution0143: Resolution(value: alignment.fsc.resolution(at: 0.143)),
            maskDiameter: alignment.diameter,
            isMirrored: alignment.superposition.isMirrored,
            rotationDegrees: [angles.rot.degrees, angles.tilt.degrees, angles.psi.degrees],
            shift: (0..<3).map { alignment.superposition.shift[$0] }, fsc: alignment.fsc)
        if let pairs { addPoseErrors(pairs, to: &report) }
        if let aligned { try MRCFile.write(alignment.aligned, to: aligned) }
        if let picture {
            try Picture(montageOf: [alignment.aligned, fixed]).writePNG(to: URL(fileURLWithPath: picture))
        }
        try show(report)
        report.fsc.warnOfInvertedContrast()
    }

    /// Boxes of very different edges are not of one molecule, or a pixel size is wrong.
    private func refuseUnlike(_ moving: Volume, _ fixed: Volume) throws {
        guard let ratio = AlignmentPair.ratio(of: moving, to: fixed),
            !AlignmentPair.believableRatios.contains(ratio)
        else { return }
        let edges = [moving, fixed].map { Double($0.boxSize) * $0.pixelSize }
        throw InputProblem(
            "\(map) has an edge of \(edges[0]) Å, \(reference) one of \(edges[1]) Å; expected maps of one molecule; "
                + "give --reference-pixel-size if a header is wrong")
    }

    /// The poses that both files know, and the pixel size; nil if none were asked for.
    private func posePairs() throws -> (poses: [(truth: Pose, estimate: Pose)], pixelSize: Double)? {
        guard let poses, let truePoses else { return nil }
        let estimates = try ParticleSet.listing(starFile: poses)
        let known = Dictionary(
            try ParticleSet.listing(starFile: truePoses).particles.map { ($0.imageName, $0.pose) },
            uniquingKeysWith: { first, _ in first })
        let pairs = estimates.particles.compactMap { particle -> (truth: Pose, estimate: Pose)? in
            guard let estimate = particle.pose, let truth = known[particle.imageName] ?? nil else {
                return nil
            }
            return (truth, estimate)
        }
        guard !pairs.isEmpty else {
            throw InputProblem(
                "\(poses) and \(truePoses) share no image names with poses; give the truth of the same images"
            )
        }
        return (pairs, estimates.pixelSize)
    }

    private func addPoseErrors(
        _ pairs: (poses: [(truth: Pose, estimate: Pose)], pixelSize: Double), to report: inout Report
    ) {
        let error = PoseError(
            truth: pairs.poses.map(\.truth), estimates: pairs.poses.map(\.estimate),
            symmetry: PointGroup(name: symmetry)?.operations ?? [])
        report.medianAngleDegrees = error.medianAngle.degrees
        report.medianShiftPixels = error.medianShift / pairs.pixelSize
    }

    private func show(_ report: Report) throws {
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            encoder.nonConformingFloatEncodingStrategy = .convertToString(
                positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
            print(String(decoding: try encoder.encode(report), as: UTF8.self))
            return
        }
        print(
            String(
                format: "%@ · hand %@ · within a sphere of %.0f Å", report.fsc.summary,
                report.isMirrored ? "mirrored" : "same", report.maskDiameter))
        if let angle = report.medianAngleDegrees, let shift = report.medianShiftPixels {
            print(String(format: "median pose error %.1f° · shift error %.2f px", angle, shift))
        }
    }

}
