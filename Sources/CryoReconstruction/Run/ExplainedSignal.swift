import CryoInference
import Foundation

/// How much of the signal in images a density explains.
///
/// An image holds ½ Σ_k 2πk (P_k/σ_k² − m) nats more than noise does: what the right density gains at the right pose. P_k is
/// its mean power on ring k, m the mask's mean square. A density gains its log-evidence and what not knowing the pose costs,
/// ln(poses / effective poses).
///
/// The share says what neither part does alone, whether there is more to be found. Of anneals with 80 images a step, right
/// maps had 0.66 to 1.03 of it, wrong ones 0.31 to 0.88 and never more: those of large molecules less than 0.67, those of
/// molecules of some 100 kDa, whose coarse shape is most of what images hold, 0.76 to 0.88. A right map which positivity does not
/// allow has less than others (70S: 0.62 to 0.71), and so has one of images with junk.
enum ExplainedSignal {
    /// The share below which an anneal is done again with more images a step.
    static let most = 0.9
    /// The share below which a map is doubted.
    static let enough = 2.0 / 3

    /// The share of what some visited images hold, summed over them; nil if they hold nothing.
    static func share(
        _ images: [PolarImage], _ posteriors: [ImagePosterior], poseCount: Int, noise: [Double],
        preparation: ImagePreparation
    ) -> Double? {
        let held = images.reduce(0) { $0 + nats(in: $1, noise: noise, preparation: preparation) }
        guard held > 0 else { return nil }
        let explained = posteriors.reduce(0) {
            $0 + $1.logEvidence + log(Double(poseCount) / max(1, $1.effectivePoses))
        }
        return explained / held
    }

    /// What an image holds beyond noise, in nats; negative where it has less power than noise.
    static func nats(in image: PolarImage, noise: [Double], preparation: ImagePreparation) -> Double {
        let grid = preparation.grid
        return (0..<grid.ringCount).reduce(0) { sum, ring in
            let power = Double(image.power(ring: ring, of: grid)) / Double(grid.angleCount)
            return sum + .pi * Double(ring + 1) * (power / noise[ring] - preparation.maskPower)
        }
    }
}
