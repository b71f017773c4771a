import ArgumentParser
import CryoCore
import CryoFiles
import CryoFourier
import CryoReconstruction
import Foundation

/// `daybreak fsc`.
struct ShellCorrelation: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fsc",
        abstract: "Correlates two maps that are already aligned, shell by shell.",
        discussion: "Example: daybreak fsc half1.mrc half2.mrc --mask 180")

    @Argument(help: "A map.", completion: .file())
    var first: String

    @Argument(help: "A map of the same box.", completion: .file())
    var second: String

    @Option(
        parsing: .unconditional,
        help: "The diameter of a soft spherical mask, in Å, or a map of weights from 0 to 1. (default: none)",
        completion: .file(extensions: ["mrc"]))
    var mask: String?

    func validate() throws {
        guard let diameter = mask.flatMap(Double.init) else { return }
        guard diameter.isFinite, diameter > 0 else {
            throw ValidationError("--mask is a diameter in Å, above 0, or a map")
        }
    }

    func run() throws {
        let volumes = [try readMap(first).aboveBackground, try readMap(second).aboveBackground]
        guard volumes[0].boxSize == volumes[1].boxSize else {
            throw InputProblem(
                "\(first) has \(volumes[0].boxSize) voxels an edge, \(second) \(volumes[1].boxSize); "
                    + "use daybreak compare for different boxes")
        }
        let pixelSizes = volumes.map(\.pixelSize)
        guard abs(pixelSizes[0] / pixelSizes[1] - 1) < 0.01 else {
            throw InputProblem(
                "\(first) has \(pixelSizes[0]) Å/voxel, \(second) \(pixelSizes[1]); "
                    + "use daybreak compare for different pixel sizes")
        }
        let masked = try masked(volumes)
        let fsc = FourierShellCorrelation(masked[0], masked[1])
        print("shell  resolution/Å     FSC")
        for (shell, value) in fsc.correlations.enumerated().dropFirst() {
            print(String(format: "%5d  %12.2f  %6.3f", shell, fsc.boxLength / Double(shell), value))
        }
        print(fsc.summary)
        fsc.warnOfInvertedContrast()
    }

    private func masked(_ volumes: [Volume]) throws -> [Volume] {
        guard let mask else { return volumes }
        if let diameter = Double(mask) {
            try refuseTooSmall(mask: diameter, for: volumes[0])
            let length = Double(volumes[0].boxSize) * volumes[0].pixelSize
            let soft = SoftMask(radius: diameter / 2, softness: 0.07 * length)
            return volumes.map { soft.applied(to: $0) }
        }
        let weights = try readMap(mask)
        guard weights.boxSize == volumes[0].boxSize else {
            throw InputProblem(
                "\(mask) has \(weights.boxSize) voxels an edge; expected \(volumes[0].boxSize), as the maps have"
            )
        }
        let (low, high) = (weights.voxels.min() ?? 0, weights.voxels.max() ?? 0)
        guard low >= -0.01, (0.5...1.01).contains(high) else {
            throw InputProblem(
                "\(mask): found values from \(low) to \(high), expected a mask's, from 0 to 1; give mask.mrc of a run, or a diameter"
            )
        }
        return volumes.map { $0.masked(by: weights) }
    }
}

extension FourierShellCorrelation {
    /// Where the curve falls below 0.5 and 0.143, or that it does not, in one line.
    var summary: String { "FSC " + [0.5, 0.143].map(text).joined(separator: " · ") }

    private func text(at threshold: Double) -> String {
        let resolution = resolution(at: threshold)
        let place = String(format: "%.1f Å", resolution)
        guard falls(below: threshold) else { return "not below \(threshold) to \(place)" }
        guard resolution.isInfinite else { return "\(threshold) at \(place)" }
        return correlations.dropFirst().contains { $0 >= threshold }
            ? "below \(threshold) from the first shell on" : "never above \(threshold)"
    }

    /// The first shell is a density's shape; where that is the negative of the other's, one of two maps has been inverted.
    func warnOfInvertedContrast() {
        guard correlations.count > 1, correlations[1] < -0.5 else { return }
        StandardStreams.say(
            String(
                format: "warning: the first shell correlates by %.2f; is the contrast of one map inverted?\n",
                correlations[1]))
    }
}
