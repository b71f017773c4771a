import CryoCore
import CryoFourier
import CryoInference
import Foundation

/// About how much memory a run will take at its most, by what takes it; in bytes.
public struct MemoryEstimate: Sendable, Equatable {
    /// The program itself with its libraries.
    public var program = 45e6
    /// What is known of the particles: the STAR file, poses and posteriors, and a checkpoint in the making.
    public var particles: Double
    /// Slices of the density in all directions, columns of images and the gradient, at the worst frequency limit.
    public var posterior: Double
    /// Densities and their transforms.
    public var densities: Double

    /// Everything.
    public var total: Double { program + particles + posterior + densities }

    /// The total as text.
    public var text: String { Self.text(total) }

    /// An amount of memory as text.
    public static func text(_ bytes: Double) -> String {
        bytes < 1e9 ? String(format: "%.0f MB", bytes / 1e6) : String(format: "%.1f GB", bytes / 1e9)
    }
}

extension Reconstruction {
    /// The memory that the run will take at its most.
    public var memoryEstimate: MemoryEstimate { memoryEstimate(upTo: .max) }

    /// The finest limit, in Å, with which the run would take at most so many bytes; nil if none would.
    public func resolution(within bytes: Double) -> Double? {
        guard let highest = plans[0].finestRing else { return nil }
        let fitting = (3...max(3, highest)).last { memoryEstimate(upTo: $0).total <= bytes }
        // Rounded up, so that the text asks for no more than what fits.
        return fitting.map { (source.boxLength / Double($0) * 10).rounded(.up) / 10 }
    }

    /// Particles of which the best start so far, and the best short one, are held while another goes on.
    private var metInOtherStarts: Int {
        let met = min(split.learning.count, plans.map { $0.anneal.metCount }.max() ?? 0)
        return plans.count > 1 || startCount > 1 ? 2 * met : 0
    }

    /// What is held of one particle while it is being learnt from.
    ///
    /// Besides its row of the STAR file some 250 bytes of poses and visits, a posterior of up to 64 entries of 12 bytes, and the
    /// same twice while a checkpoint is written.
    private static let bytesPerParticle = 3 * (250.0 + 900)

    private func memoryEstimate(upTo limit: Int) -> MemoryEstimate {
        let metadata = source.metadataByteCount + MemoryLayout<Particle>.stride
        let copies = Double(source.particles.count + metInOtherStarts)
        let particles = Double(source.particles.count) * Double(metadata) + copies * Self.bytesPerParticle
        var kinds: [IterationPlan] = []
        for var plan in plans.joined() {
            plan.ringCount = min(plan.ringCount, limit)
            let isKnown = kinds.contains {
                $0.ringCount == plan.ringCount && $0.isLocal(parameters) == plan.isLocal(parameters)
                    && $0.isSampled(parameters) == plan.isSampled(parameters)
            }
            if !isKnown { kinds.append(plan) }
        }
        let share = directionShare
        let worst =
            kinds.map { plan in
                let count = plan.phase != .anneal && hasHalves && !sharesEngine ? 2.0 : 1.0
                return (count * posterior(plan, share), count * densities(plan))
            }
            .max { $0.0 + $0.1 < $1.0 + $1.1 } ?? (0, 0)
        return MemoryEstimate(
            particles: particles, posterior: worst.0, densities: max(worst.1, mapCount * voxelBytes))
    }

    /// Cubes of the images' own box that are held when a run ends.
    ///
    /// Two halves laid upon each other on twice their grid, with transforms, are 32; then their mask and mean. A half that is
    /// back-projected is two balls to Nyquist of eight cubes each, or one of them and its transform in four times as many.
    private var mapCount: Double { hasHalves && !sharesEngine ? 70 : 40 }

    private var voxelBytes: Double { 4 * pow(Double(source.boxSize), 3) }

    /// The part of the sphere that the symmetry leaves.
    private var directionShare: Double {
        let coarse = 0.14
        return Double(DirectionGrid(spacing: coarse, symmetry: symmetry).pairCount)
            / Double(DirectionGrid(spacing: coarse).pairCount)
    }

    private func posterior(_ plan: IterationPlan, _ share: Double) -> Double {
        let resolution = source.boxLength / Double(plan.ringCount)
        let spacing = parameters.angularStep * resolution / diameter
        let reach =
            plan.shiftExtent(shiftSearch, parameters, boxLength: source.boxLength)
            / (parameters.shiftStep * resolution)
        let bytes = PosteriorEngine.byteCount(
            of: PosteriorEngine.Extent(
                ringCount: plan.ringCount,
                radiusFraction: (diameter / 2 + Stage.maskSoftness(source.boxLength)) / source.boxLength,
                normOrderCount: PosteriorEngine.normOrderCount(
                    for: source.particles.lazy.map(\.ctf), frequency: 1 / resolution),
                pairCount: max(16, share * 2 * .pi / (spacing * spacing)),
                shiftCount: max(1, .pi * reach * reach), canSample: plan.isSampled(parameters)))
        // Where sampling is checked the exact sums have a gradient of their own.
        let isChecked = plan.isSampled(parameters) && parameters.samplingCheckInterval > 0
        let gradients = (plan.phase == .introduction ? 0.0 : 1) + (isChecked ? 1 : 0)
        return bytes.engine + gradients * bytes.gradient + bytes.evidence
    }

    /// Balls of Fourier samples: the density's, four parts of the gradient with their curvatures, their sum; and the
    /// density on twice its grid with its transform.
    private func densities(_ plan: IterationPlan) -> Double {
        let frame = DensityFrame(
            imageSize: source.boxSize, boxLength: source.boxLength, ringCount: plan.ringCount)
        func ball(_ padding: Double) -> Double {
            let reach = padding * Double(plan.ringCount) + 2
            return 8 * (reach + 1) * pow(2 * reach + 1, 2)
        }
        let grid = 4 * pow(2 * Double(frame.gridSize), 3)
        // SAGD keeps the last gradient of every minibatch.
        let stored =
            parameters.optimizer == .sagd
            ? (split.learning.count + plan.batchSize - 1) / max(1, plan.batchSize) : 0
        return 6 * ball(2) + (8 + Double(stored)) * ball(1) + 4 * grid
    }
}
