import CryoCore
import CryoFourier
import CryoInference
import Foundation

/// Whether the images support the density, or would be as content with a featureless one.
///
/// Images of one half-set are shown the density of the other, which never saw them, and its radial average: the best of all balls
/// and shells. A density of detail that is noise fitted to its own images loses.
public struct NullCheck: Codable, Sendable, Equatable {
    /// Images that were asked.
    public var imageCount: Int
    /// Their mean log-evidence given the density, in nats.
    public var logEvidence: Double
    /// Their mean log-evidence given its radial average.
    public var radialLogEvidence: Double
    /// The standard error of the difference.
    public var standardError: Double

    /// The mean gain of the density's detail, in nats an image.
    public var gain: Double { logEvidence - radialLogEvidence }
    /// Whether the detail is supported: a gain of three standard errors.
    public var isPassed: Bool { gain > 3 * standardError }
}

extension Reconstruction {
    private static let nullCheckImages = 200

    /// Asks images of the last state about the density of the first; nil if nothing can be asked.
    ///
    /// - Parameters:
    ///   - states: One, or those of the half-sets.
    ///   - placement: How the last density is laid upon the first.
    func nullCheck(_ states: [RunState], placement: Superposition) -> NullCheck? {
        guard let stage = states[0].stage, var density = states[0].density, let asked = states.last else {
            return nil
        }
        density = density.moved(by: placement.inverse, parallel: parallel)
        let candidates = asked.particles.filter { asked.memories[$0] != nil }
        let step = max(1, candidates.count / Self.nullCheckImages)
        let indices = stride(from: 0, to: candidates.count, by: step).map { candidates[$0] }
        let variance = asked.noise.variance(rings: stage.frame.ringCount)
        stage.engine.setDensity(stage.frame.ball(of: density))
        let isSampled = parameters.sampling == .joint
        let detailed = visit(
            indices, stage, variance, sampler: isSampled ? sampler(.max, stage, asked) : nil)
        stage.engine.setDensity(stage.frame.ball(of: density.radialAverage))
        let direction = NodeDraw.allShifts(ofDirection: 0, stage.engine)
        let radial = visit(
            indices, stage, variance,
            sampler: isSampled
                ? .repeated(Dictionary(uniqueKeysWithValues: indices.map { ($0, direction) })) : nil)
        guard detailed.indices == radial.indices, detailed.indices.count > 1 else { return nil }
        // All directions of a ball are the same, so one pair stands for all.
        let directions = isSampled ? log(Double(stage.engine.directions.directionCount) / 2) : 0
        let radialEvidences = radial.posteriors.map { $0.logEvidence + directions }
        let gains = zip(detailed.posteriors, radialEvidences).map { $0.logEvidence - $1 }
        let mean = Visit.mean(gains)
        let variances = gains.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(gains.count - 1)
        return NullCheck(
            imageCount: gains.count, logEvidence: detailed.meanLogEvidence,
            radialLogEvidence: Visit.mean(radialEvidences),
            standardError: (variances / Double(gains.count)).squareRoot())
    }
}

extension Volume {
    /// The density with every voxel replaced by the mean at its distance from the origin, a voxel apart.
    var radialAverage: Volume {
        let middle = Double(boxSize / 2)
        var (sums, counts) = ([Double](), [Double]())
        func shell(_ index: Int) -> Int {
            let (x, y, z) = (index % boxSize, index / boxSize % boxSize, index / (boxSize * boxSize))
            let place = SIMD3(Double(x), Double(y), Double(z)) - middle
            return Int(dot(place, place).squareRoot().rounded())
        }
        for index in voxels.indices {
            let shell = shell(index)
            while sums.count <= shell {
                sums.append(0)
                counts.append(0)
            }
            sums[shell] += Double(voxels[index])
            counts[shell] += 1
        }
        var result = self
        for index in voxels.indices {
            let shell = shell(index)
            result.voxels[index] = Float(sums[shell] / counts[shell])
        }
        return result
    }
}
