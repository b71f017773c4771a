import ArgumentParser
import CryoCore
import CryoFiles
import CryoFourier
import CryoInference
import CryoReconstruction
import Foundation

/// Measures importance sampling against the exact sum, frequency limit by frequency limit.
///
/// At each limit every image is visited four times at the density of a given map. The first visit draws from what the
/// image remembers of the limit before, on another grid and with less of the density; the others from its like.
@main
struct SamplingStudy: ParsableCommand {
    @Argument(help: "Particles: a STAR file of images whose noise is white.") var particles: String
    @Option(help: "The density, an MRC map of the same box on the scale of normalised images.") var map:
        String
    @Option(help: "The particle's diameter, in Å.") var diameter: Double
    @Option(help: "Settings of the sampler: default or paper.") var preset = "default"
    @Option(help: "The temperature of memories, instead of the preset's.") var temperature: Double?
    @Option(help: "Images.") var images = 64
    @Option(help: "The first resolution, in Å.") var from = 32.0
    @Option(help: "The last resolution, in Å.") var to = 10.0
    @Option(help: "The point group.") var symmetry = "C1"
    @Option(help: "The largest shift searched, in Å.") var shiftExtent = 30.0
    @Option(help: "Threads.") var threads = 2

    /// One line of the output: a frequency limit.
    struct Row: Codable {
        var resolution: Double
        /// Points of the product.
        var points: Double
        /// Parts of it that the last visit evaluated.
        var directionFraction: Double
        var angleFraction: Double
        var shiftFraction: Double
        var pointFraction: Double
        /// The part of the (direction, shift) pairs.
        var nodeFraction: Double
        var effectiveDirections: Double
        var effectiveAngles: Double
        var effectiveShifts: Double
        var effectivePoses: Double
        /// Seconds for evidence and gradient.
        var secondsPerImage: Double
        var exactSecondsPerImage: Double
        /// Median and 90th percentile of |ln Z − exact| of the last visit, and the median of the first.
        var evidenceError: Double
        var evidenceError90: Double
        var firstEvidenceError: Double
        /// ‖g − exact‖ / ‖exact‖ of the density's gradient, last visit.
        var gradientError: Double
    }

    func validate() throws {
        guard PointGroup(name: symmetry) != nil else { throw ValidationError("unknown symmetry \(symmetry)") }
        guard ReconstructionParameters.preset(named: preset) != nil else {
            throw ValidationError("the presets are default and paper")
        }
        guard images > 0, from >= to, to > 0 else { throw ValidationError("--from must not be below --to") }
    }

    func run() throws {
        let set = try ParticleSet(starFile: particles, root: nil)
        let source = ParticleImages(source: set, radius: diameter / 2)
        var visitor = Visitor(study: self, count: min(images, set.count))
        let density = try MRCFile.readVolume(map)
        for rings in Int(
            set.boxLength / from)...max(Int(set.boxLength / from), Int(set.boxLength / to + 1e-6))
        {
            let level = Level(study: self, set: set, images: source, density: density, ringCount: rings)
            FileHandle.standardOutput.write(try JSONEncoder().encode(visitor.row(level)) + Data("\n".utf8))
        }
    }
}
