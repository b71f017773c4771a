import CryoCore

/// Whether the images support the density, or would be as content with a featureless one.
///
/// Images of one half-set, or those held out, are shown a density that never saw them, and its radial average: the best of
/// all balls and shells. A density of detail that is noise fitted to its own images loses.
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
    /// Whether the detail is supported: a gain of three standard errors, and more than of noise.
    public var isPassed: Bool { gain > max(3 * standardError, Self.leastGain) }

    /// The nats an image that a map must gain: of white noise maps gain some hundredths, which the anneal, that all images share, has learnt.
    static let leastGain = 0.1
}

extension NullCheck {
    /// From the images' log-evidences; nil if there are too few.
    init?(_ detailed: [Double], radial: [Double]) {
        guard let preference = Preference(detailed, over: radial) else { return nil }
        self.init(
            imageCount: detailed.count, logEvidence: Visit.mean(detailed),
            radialLogEvidence: Visit.mean(radial), standardError: preference.standardError)
    }
}

extension Volume {
    /// What of the density its radial average is not.
    var withoutRadialAverage: Volume { moved(along: radialAverage, by: -1) }

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
