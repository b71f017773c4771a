import CryoCore
import CryoFourier
import CryoInference
import CryoReconstruction

/// The stations of one iteration in a scene.
struct Stations {
    let scene: Scene
    let runs: Int
    let label: String
    let report: Report

    /// Every station, with exact sums.
    func measureExact() {
        let (engine, count) = (scene.engine, scene.images.count)
        let resampling = Measurement(count: runs) {
            _ = scene.parallel.map(count) { index in
                scene.preparation.prepare(scene.raw[index], ctf: scene.ctfs[index], sign: 1)
            }
        }
        report.line("\(label): polar resampling", resampling, items: count, of: "image")
        let ball = scene.frame.ball(of: scene.density)
        let slices = engine.directions.pairCount
        let sliceBytes = 8 * Double(engine.grid.ringCount * engine.grid.angleCount / 2)
        let extraction = Measurement(count: runs) {
            engine.setDensity(ball)
            engine.readSlices()
        }
        report.line(
            "\(label): slices read and transformed", extraction, items: slices, of: "slice",
            bytes: 2 * sliceBytes * Double(slices))
        posterior(count)
        measureProducts()
        let gradient = SliceGradient(engine: engine)
        _ = engine.posterior(of: scene.images, noiseVariance: scene.noise, gradient: gradient)
        var inserted: DensityGradient?
        let insertion = Measurement(count: runs) {
            inserted = engine.densityGradient(of: gradient, noiseVariance: scene.noise)
        }
        report.line("\(label): slices inserted", insertion, items: slices, of: "slice")
        if let inserted { update(inserted) }
    }

    private func posterior(_ count: Int) {
        let engine = scene.engine
        let work = engine.arithmetic
        let evidence = Measurement(count: runs) {
            _ = engine.posterior(of: scene.images, noiseVariance: scene.noise)
        }
        report.line(
            "\(label): exact evidence (1/\((work.fullProduct / work.total).formatted(0)) of the full product)",
            evidence, items: count, of: "image", flops: Double(count) * work.total)
        let both = Measurement(count: runs) {
            _ = engine.posterior(
                of: scene.images, noiseVariance: scene.noise, gradient: SliceGradient(engine: engine))
        }
        report.line(
            "\(label): exact evidence and gradient", both, items: count, of: "image",
            flops: Double(count) * work.total)
    }

    private func update(_ inserted: DensityGradient) {
        let optimizers: [(name: String, optimizer: any Optimizer)] = [
            ("SAGD", SAGD()),
            (
                "preconditioned SGD",
                PreconditionedSGD(signalFloor: ReconstructionParameters.standard.signalFloor)
            ),
        ]
        for (name, start) in optimizers {
            let situation = OptimizerSituation(
                density: scene.density, gradient: CoefficientGradient(inserted, frame: scene.frame),
                symmetryOrder: 1, batch: 0, batchSize: scene.images.count, particleCount: 1000, iteration: 0,
                weight: 0.2, prior: UniformPrior(),
                objective: { _ in 0 })
            var optimizer = start
            let step = Measurement(count: runs) { _ = optimizer.step(situation) }
            report.line("\(label): \(name) update", step, items: 1, of: "step")
        }
    }
}
