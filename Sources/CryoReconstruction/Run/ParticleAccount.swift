import CryoCore
import Foundation

/// What became of every particle of the set.
public struct ParticleAccount: Codable, Sendable, Equatable {
    /// Particles with a pose.
    public var used: Int
    /// Particles set aside.
    public var setAside: Int
    /// Of those with a pose, how many are probably images of nothing.
    public var junk: Int
    /// The share of junk that the set is thought to have.
    public var junkShare: Double
    /// The median turn by which orientations are off, in degrees, if each lies at the right peak of its posterior; nil where poses
    /// were not refined.
    public var medianTurn: Double?
    /// The median distance by which origins are off likewise, in Å.
    public var medianShift: Double?
    /// The standard deviation of how strongly images that are not junk show the density; nil where that was not asked.
    public var scaleDeviation: Double?

    /// The median length of three normal components of standard deviation 1, as those of a turn, and of two, as those of a shift.
    static let medianLength = (turn: 1.54, shift: 1.18)

    /// The error of an orientation; beyond a sixth of a turn the quadratic expansion it comes from says nothing.
    public static func text(angleError degrees: Double) -> String {
        degrees < 60 ? String(format: "%.1f°", degrees) : "no better than 60°"
    }

    init(_ result: Reconstruction.Result) {
        let estimates = result.estimates.compactMap { $0 }
        let uncertainties = estimates.compactMap(\.uncertainty)
        used = estimates.count
        setAside = result.setAside.count
        junk = estimates.count { result.junk($0.logEvidence) > 0.5 }
        junkShare = result.junk.share
        medianTurn = uncertainties.map(\.angle.degrees).median.map { Self.medianLength.turn * $0 }
        medianShift = uncertainties.map(\.shift).median.map { Self.medianLength.shift * $0 }
        scaleDeviation = result.scales.map { scales in
            let shown = zip(scales, result.estimates).compactMap { scale, estimate in
                estimate.flatMap { result.junk($0.logEvidence) > 0.5 ? nil : Double(scale) }
            }
            let mean = Visit.mean(shown)
            return Visit.mean(shown.map { ($0 - mean) * ($0 - mean) }).squareRoot()
        }
    }
}
