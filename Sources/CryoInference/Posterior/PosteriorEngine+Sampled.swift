import CryoCore
import CryoFourier
import CryoKernelInterface
import Foundation

/// ★ Images evaluated on drawn nodes only: each image by itself, node by node.
extension PosteriorEngine {
    /// The posterior of images on drawn nodes; adds its gradient to `gradient` if given.
    ///
    /// Every image belongs to one worker, and what they give to a direction is added in their order, so results do not
    /// depend on the number of threads.
    ///
    /// - Parameters:
    ///   - images: The images.
    ///   - draws: For each image its nodes.
    ///   - noiseVariance: σ_k² of a Fourier coefficient on each ring.
    ///   - beta: The inverse temperature of the likelihood.
    ///   - gradient: Where the gradient goes.
    public func posterior(
        of images: [PolarImage], draws: [NodeDraw], noiseVariance: [Double], beta: Double = 1,
        gradient: SliceGradient? = nil
    ) -> [ImagePosterior] {
        precondition(slices.rows.count > 0, "the engine was made without sampling")
        precondition(draws.count == images.count && draws.allSatisfy { $0.fits(self) })
        slices.read(draws.lazy.flatMap(\.nodes).map { Int($0.direction) }, parallel, scratch, kernels)
        let weights = (1...grid.ringCount).map { grid.measure(ring: $0) / noiseVariance[$0 - 1] }
        var results = [ImagePosterior]()
        for start in stride(from: 0, to: images.count, by: Self.batchSize) {
            let range = start..<min(start + Self.batchSize, images.count)
            let sampled = parallel.mapWorker(range.count) { worker, place in
                NodeEvaluation(
                    engine: self, worker: worker, image: images[start + place], draw: draws[start + place],
                    ringWeights: weights, beta: Float(beta)
                ).evaluate(hasGradient: gradient != nil)
            }
            if let gradient { add(sampled, to: gradient) }
            results += sampled.map(\.posterior)
        }
        return results
    }

    private func add(_ images: [SampledImage], to gradient: SliceGradient) {
        let parts = images.indices.flatMap { slot in images[slot].parts.map { (slot: slot, part: $0) } }
            .sorted { ($0.part.direction, $0.slot) < ($1.part.direction, $1.slot) }
        let firsts = parts.indices.filter { index in
            index == 0 || parts[index].part.direction != parts[index - 1].part.direction
        }
        let starts = firsts + [parts.count]
        gradient.prepare(firsts.map { Int(parts[$0].part.direction) })
        parallel.forEach(starts.count - 1) { run in
            for index in starts[run]..<starts[run + 1] {
                gradient.add(parts[index].part, of: images[parts[index].slot])
            }
        }
        for image in images { gradient.addImagePowers(image.imagePowers) }
    }
}
