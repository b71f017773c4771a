import ArgumentParser
import CryoCore
import CryoFiles
import CryoFourier
import CryoInference
import CryoReconstruction
import Foundation

/// Measures importance sampling against the exact sum, frequency limit by frequency limit.
///
/// The density is a given map, the images are those of a STAR file, placed at their true origins to within the shift
/// search. At each limit every image is visited four times on drawn nodes, the first time from what it remembers of
/// the limit before; the last visit is compared with the exact sum over all directions, in-plane angles and shifts.
@main
struct SamplingStudy: ParsableCommand {
    @Argument(help: "Particles: a STAR file.") var particles: String
    @Option(help: "The density, an MRC map of the same box.") var map: String
    @Option(help: "The particle's diameter, in Å.") var diameter: Double
    @Option(help: "Images.") var images = 64
    @Option(help: "The first resolution, in Å.") var from = 32.0
    @Option(help: "The last resolution, in Å.") var to = 10.0
    @Option(help: "The symmetry.") var symmetry = "C1"
    @Option(help: "The largest shift searched, in Å.") var shiftExtent = 30.0
    @Option(help: "Exact sums only where an image has at most so many points.") var exactLimit = 4e9
    @Option(help: "joint or factorised.") var kind = "joint"
    @Option(help: "Nodes drawn for each effective node.") var draws = 2.0
    @Option(help: "The memory's temperature.") var temperature = 1.25
    @Option(help: "The floor's fraction.") var floor = 0.1
    @Option(help: "The part of the floor that follows the data set.") var censusShare = 0.5
    @Option(help: "The distance of directions, in units of the resolution over the diameter.")
    var angularStep = 1.0
    @Option(help: "Threads.") var threads = 2

    /// One line of the table.
    struct Row: Codable {
        var resolution: Double
        var rings: Int
        var points: Double
        var directionFraction: Double
        var angleFraction: Double
        var shiftFraction: Double
        var pointFraction: Double
        var nodeFraction: Double
        var secondsPerImage: Double
        var exactSecondsPerImage: Double?
        var evidenceError: Double?
        var evidenceError90: Double?
        var gradientError: Double?
        var effectiveDirections: Double
        var effectiveAngles: Double
        var effectiveShifts: Double
        var effectivePoses: Double
    }

    func run() throws {
        let set = try ParticleSet(starFile: particles, root: nil)
        var density = try MRCFile.readVolume(map)
        density.pixelSize = set.boxLength / Double(density.boxSize)
        guard let group = PointGroup(name: symmetry) else { throw ValidationError("unknown symmetry") }
        let source = ParticleImages(source: set, radius: diameter / 2)
        let parallel = Parallel(threads: threads)
        let settings = SamplingSettings(
            kind: kind == "joint" ? .joint : .factorised, floor: floor, censusShare: censusShare,
            temperature: temperature, drawsPerEffectiveNode: draws)
        var memories = [PoseMemory?](repeating: nil, count: images)
        var census = PoseCensus(imageCount: images, extent: shiftExtent)
        let length = set.boxLength
        let softness = 0.05 * length
        for rings in Int(length / from)...Int(length / to + 1e-6) {
            let frame = DensityFrame(imageSize: set.boxSize, boxLength: length, ringCount: rings)
            let engine = PosteriorEngine(
                ringCount: rings, boxLength: length, radius: diameter / 2 + softness,
                normOrderCount: PosteriorEngine.normOrderCount(
                    for: set.particles.lazy.map(\.ctf), frequency: 1 / frame.resolution),
                directions: DirectionGrid(
                    spacing: angularStep * frame.resolution / diameter, symmetry: group),
                shifts: ShiftGrid(extent: shiftExtent, spacing: 0.25 * frame.resolution, priorSigma: 10),
                parallel: parallel)
            engine.setDensity(frame.ball(of: density.resampled(to: frame.gridSize)))
            let preparation = ImagePreparation(
                boxSize: set.boxSize, pixelSize: set.pixelSize, grid: engine.grid,
                mask: SoftMask(radius: diameter / 2, softness: softness))
            let polar = source.polarImages(
                Array(0..<images), preparation: preparation, parallel: parallel
            ).images
            let noise = [Double](repeating: 1, count: rings)
            var sampled = [ImagePosterior]()
            var seconds = 0.0
            var gradients: [SliceGradient] = []
            for visit in 0..<4 {
                let proposal = NodeProposal(
                    engine: engine, census: census, places: census.places(of: engine.directions),
                    settings: settings)
                let start = ContinuousClock.now
                let gradient = SliceGradient(engine: engine)
                let remembered = memories
                let drawn = parallel.map(images) { index -> NodeDraw? in
                    var stream = RandomStream(
                        seed: 7, stream: UInt32(index), substream: UInt32(visit + 10 * rings))
                    return proposal.draw(memory: remembered[index], centre: polar[index].centre, &stream)
                }
                let (known, unknown) = (
                    (0..<images).filter { drawn[$0] != nil }, (0..<images).filter { drawn[$0] == nil }
                )
                let results =
                    engine.posterior(
                        of: known.map { polar[$0] }, draws: known.compactMap { drawn[$0] },
                        noiseVariance: noise, gradient: gradient)
                    + engine.posterior(
                        of: unknown.map { polar[$0] }, noiseVariance: noise, gradient: gradient)
                sampled = zip(known + unknown, results).sorted { $0.0 < $1.0 }.map(\.1)
                gradients = [gradient]
                seconds = (ContinuousClock.now - start) / .seconds(1) / Double(images)
                for index in 0..<images {
                    census.replace(memories[index], by: sampled[index].memory)
                    memories[index] = sampled[index].memory
                }
            }
            var row = Row(
                resolution: frame.resolution, rings: rings, points: Double(engine.poseCount),
                directionFraction: mean(sampled.map(\.coverage.directions)),
                angleFraction: mean(sampled.map(\.coverage.angles)),
                shiftFraction: mean(sampled.map(\.coverage.shifts)),
                pointFraction: mean(sampled.map(\.coverage.points)),
                nodeFraction: mean(sampled.map { $0.coverage.points / $0.coverage.angles }),
                secondsPerImage: seconds,
                effectiveDirections: mean(sampled.compactMap(\.spread?.directions)),
                effectiveAngles: mean(sampled.compactMap(\.spread?.angles)),
                effectiveShifts: mean(sampled.compactMap(\.spread?.shifts)),
                effectivePoses: median(sampled.map(\.effectivePoses)))
            if Double(engine.poseCount) <= exactLimit {
                let exactGradient = SliceGradient(engine: engine)
                let start = ContinuousClock.now
                let exact = engine.posterior(of: polar, noiseVariance: noise, gradient: exactGradient)
                row.exactSecondsPerImage = (ContinuousClock.now - start) / .seconds(1) / Double(images)
                let errors = zip(sampled, exact).map { abs($0.logEvidence - $1.logEvidence) }
                row.evidenceError = median(errors)
                row.evidenceError90 = errors.sorted()[errors.count * 9 / 10]
                row.gradientError = difference(gradients[0], exactGradient, engine, noise, frame, group)
            }
            FileHandle.standardOutput.write(try JSONEncoder().encode(row) + Data("\n".utf8))
        }
    }

    /// ‖g − g_exact‖ / ‖g_exact‖ of the density's gradient over all images.
    private func difference(
        _ sampled: SliceGradient, _ exact: SliceGradient, _ engine: PosteriorEngine, _ noise: [Double],
        _ frame: DensityFrame, _ group: PointGroup
    ) -> Double {
        let (a, b) = (
            CoefficientGradient(
                engine.densityGradient(of: sampled, noiseVariance: noise, symmetry: group), frame: frame),
            CoefficientGradient(
                engine.densityGradient(of: exact, noiseVariance: noise, symmetry: group), frame: frame)
        )
        var (apart, length) = (0.0, 0.0)
        for (x, y) in zip(a.gradient.samples, b.gradient.samples) {
            apart += Double(((x - y) * (x - y)).sum())
            length += Double((y * y).sum())
        }
        return (apart / length).squareRoot()
    }

    private func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(max(1, values.count)) }
    private func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
}
