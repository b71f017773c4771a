import CryoCore
import CryoInference
import CryoReconstruction

/// Images on drawn nodes.
extension Stations {
    /// Sampled images against the exact sum over the same quadrature.
    func measureSampled() {
        let (engine, count) = (scene.engine, scene.images.count)
        let work = engine.arithmetic
        var memories = [PoseMemory]()
        let exact = Measurement(count: max(1, runs / 2)) {
            memories = engine.posterior(
                of: scene.images, noiseVariance: scene.noise, gradient: SliceGradient(engine: engine)
            ).map(\.memory)
        }
        report.line(
            "\(label): exact evidence and gradient", exact, items: count, of: "image",
            flops: Double(count) * work.total)
        let census = PoseCensus(imageCount: count, extent: 10)
        let proposal = NodeProposal(
            engine: engine, census: census, places: census.places(of: engine.directions),
            settings: ReconstructionParameters.standard.samplingSettings(iteration: 0))
        // One for all, as for the images of a minibatch.
        let gradient = SliceGradient(engine: engine)
        var visit: UInt32 = 0
        let sampled = Measurement(count: runs) {
            visit += 1
            let draws = scene.parallel.map(count) { [memories, visit] index -> NodeDraw? in
                var stream = RandomStream(seed: 1, stream: UInt32(index), substream: visit)
                return proposal.draw(memory: memories[index], centre: scene.images[index].centre, &stream)
            }
            let drawn = draws.indices.filter { draws[$0] != nil }
            let posteriors = engine.posterior(
                of: drawn.map { scene.images[$0] }, draws: drawn.compactMap { draws[$0] },
                noiseVariance: scene.noise, gradient: gradient)
            for (index, posterior) in zip(drawn, posteriors) { memories[index] = posterior.memory }
        }
        report.line(
            "\(label): sampled (\((exact.median / sampled.median).formatted(0)) × faster than exact)",
            sampled,
            items: count, of: "image")
    }
}
