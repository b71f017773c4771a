import CryoCore
import CryoFourier
import CryoInference
import CryoReconstruction
import CryoReport
import CryoTestSupport
import Foundation
import Testing

/// From noisy images and nothing else to the molecule.
@Suite(.serialized) struct EndToEndTests {
    static let phantom = Volume(scatterers: Phantom(diameter: 140).scatterers, boxSize: 32, pixelSize: 6)

    /// The default settings, with fewer iterations.
    static let reduced: ReconstructionParameters = {
        var parameters = ReconstructionParameters()
        parameters.diameter = 150
        parameters.annealResolution = 32
        parameters.annealIterations = 60
        parameters.annealBatch = 60
        parameters.maxResolution = 21
        parameters.shiftExtent = 18
        return parameters
    }()

    @Test func moleculeIsFoundFromARandomStart() throws {
        let source = try TestSource(Self.phantom, count: 500, diameter: 140, signalToNoise: 1)
        let run = try Reconstruction(source: source, parameters: Self.reduced)
        #expect(run.contrast.sign == 1)
        let result = try run.run()
        let resolution = MapAlignment(result.map, to: Self.phantom).fsc.resolution(at: 0.5)
        // The run sees frequencies to 21 Å, and the map agrees to 16.8 Å with each of the three instruction sets; in
        // a wrong minimum it would agree to 40 Å or so.
        #expect(resolution < 22)
        #expect(result.setAside.isEmpty && result.statistics.last?.progress == 1)
        let estimates = result.estimates.compactMap { $0?.pose }
        #expect(estimates.count == 500)
        let error = PoseError(truth: source.particles.compactMap(\.pose), estimates: estimates)
        // Directions are 21 Å / 150 Å = 8° apart, shifts 5 Å; poses drawn at random are 120° off.
        #expect(error.medianAngle.degrees < 10)
        #expect(error.medianShift < 5)
    }

    /// Particles that the anneal had no time for find poses as good as the others'.
    @Test func newcomersFindTheirPoses() throws {
        let source = try TestSource(Self.phantom, count: 600, diameter: 140, signalToNoise: 1)
        var parameters = Self.reduced
        parameters.annealIterations = 4
        parameters.annealBatch = 75
        parameters.marchEpochs = 1
        let run = try Reconstruction(source: source, parameters: parameters)
        run.initialDensity = Self.phantom
        let result = try run.run()
        #expect(result.statistics.contains { $0.phase == .introduction && $0.batchSize >= 300 })
        let estimates = result.estimates.compactMap { $0?.pose }
        #expect(estimates.count == 600)
        let error = PoseError(truth: source.particles.compactMap(\.pose), estimates: estimates)
        // Half of them are newcomers: with random poses the median would be some 60°. Directions are 8° apart.
        #expect(error.medianAngle.degrees < 10)
        #expect(error.medianShift < 5)
    }

    /// How strongly images show the particle is found with their poses.
    @Test func imagesOfUnequalStrengthAreTold() throws {
        let source = try TestSource(
            Self.phantom, count: 300, diameter: 140, signalToNoise: 1, scaleSigma: 0.3)
        var truth = SimulationParameters()
        truth.scaleSigma = 0.3
        let scales = try ParticleSimulator(Self.phantom, parameters: truth)
        var parameters = Self.reduced
        (parameters.annealIterations, parameters.marchEpochs) = (4, 1)
        let run = try Reconstruction(source: source, parameters: parameters)
        run.initialDensity = Self.phantom
        let found = try #require(run.run().scales)
        let told = found.indices.map { Float(scales.scale($0)) }
        // Halves differ in overall scale a little, so that only the correlation is asked for.
        #expect(correlation(found, told) > 0.8)
    }

    /// The paper's optimizer and clock, cut short, go downhill too.
    @Test func theMethodOfThePaperImprovesTheEvidence() throws {
        let source = try TestSource(Self.phantom, count: 200, diameter: 140, signalToNoise: 1)
        var parameters = ReconstructionParameters.paper
        parameters.diameter = 150
        parameters.marchBatch = 50
        parameters.maxIterations = 40
        parameters.shiftExtent = 12
        let result = try Reconstruction(source: source, parameters: parameters).run()
        let evidence = result.statistics.map(\.logEvidence)
        let (first, last) = (evidence[0], evidence[evidence.count - 1])
        #expect(evidence.allSatisfy { $0.isFinite })
        // Rises by some 20 nats an image.
        #expect(last > first + 5)
    }

    @Test(arguments: [ReconstructionParameters.OptimizerKind.preconditionedSGD, .sagd])
    func resultsDoNotDependOnTheThreads(optimizer: ReconstructionParameters.OptimizerKind) throws {
        let source = try TestSource(Self.phantom, count: 70, diameter: 140, signalToNoise: 1)
        var parameters = Self.reduced
        if optimizer == .sagd {
            // The paper's sampler, past its first period, so that draws and line searches on them take part.
            (parameters.optimizer, parameters.schedule, parameters.sampling) = (
                .sagd, .frequencyMarching, .factorised
            )
            (parameters.samplingPeriod, parameters.maxIterations, parameters.heldOut) = (1, 8, 5)
        }
        (parameters.annealIterations, parameters.annealBatch, parameters.marchBatch) = (6, 40, 40)
        let results = try [1, 2, 3].map { threads in
            try Reconstruction(source: source, parameters: parameters, parallel: Parallel(threads: threads))
                .run()
        }
        for result in results.dropFirst() {
            #expect(result.map == results[0].map)
            #expect(result.estimates == results[0].estimates)
            #expect(result.noiseVariance == results[0].noiseVariance)
        }
        #expect(results[0].map.voxels.contains { $0 > 0 })
        #expect(results[0].estimates.allSatisfy { $0 != nil })
        // Somewhere particles were drawn, or this would say nothing about draws.
        #expect(results[0].statistics.contains { ($0.sampling?.pointFraction ?? 1) < 0.9 })
    }

    /// Plain gradient methods climb, and a best-match refinement runs by the same loop.
    @Test(arguments: [
        ReconstructionParameters.OptimizerKind.momentum, .batch, .projectionMatching,
    ])
    func everyOptimizerRuns(optimizer: ReconstructionParameters.OptimizerKind) throws {
        let source = try TestSource(Self.phantom, count: 120, diameter: 140, signalToNoise: 1)
        var parameters = ReconstructionParameters()
        (parameters.optimizer, parameters.schedule, parameters.sampling) = (
            optimizer, .frequencyMarching, .none
        )
        (parameters.diameter, parameters.shiftExtent, parameters.heldOut) = (150, 12, 12)
        // Re-estimated noise would make the evidence of one iteration incomparable with the next's.
        parameters.hasColouredNoise = false
        (parameters.marchBatch, parameters.maxIterations, parameters.maxResolution) = (40, 10, 40)
        let result = try Reconstruction(source: source, parameters: parameters).run()
        let seen = result.statistics.map(\.logEvidence)
        #expect(result.map.voxels.allSatisfy { $0.isFinite } && seen.allSatisfy { $0.isFinite })
        #expect(result.estimates.allSatisfy { $0 != nil })
        let unseen = result.statistics.compactMap(\.heldOutLogEvidence)
        #expect(unseen.count == 2)
        // Best matches from a random start fit their own noise; the others also explain images that they never saw.
        if optimizer == .projectionMatching {
            #expect(result.statistics.dropLast().allSatisfy { $0.effectivePoses < 1.5 })
        } else {
            #expect(unseen[1] > unseen[0] + 1)
        }
    }

    /// A prior far too strong for so few images: said, not written out as a map of nothing.
    @Test func aDensityThatVanishesIsReported() throws {
        let source = try TestSource(Self.phantom, count: 60, diameter: 140, signalToNoise: 1)
        var parameters = Self.reduced
        (parameters.prior, parameters.priorStrength) = (.exponential, 1e5)
        (parameters.annealBatch, parameters.annealIterations) = (30, 25)
        let run = try Reconstruction(source: source, parameters: parameters)
        let error = #expect(throws: ReconstructionError.self) { try run.run() }
        guard case .vanished = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(error?.description.contains("priorStrength") == true)
    }

    /// A symmetric run gives a symmetric map; D2 moves voxels onto voxels.
    @Test(arguments: [ReconstructionParameters.OptimizerKind.preconditionedSGD, .sagd])
    func mapsHaveTheSymmetryOfTheRun(optimizer: ReconstructionParameters.OptimizerKind) throws {
        let source = try TestSource(Self.phantom, count: 60, diameter: 140, signalToNoise: 1)
        var parameters = Self.reduced
        if optimizer == .sagd {
            (parameters.optimizer, parameters.schedule, parameters.sampling) = (
                .sagd, .frequencyMarching, .none
            )
        }
        parameters.symmetry = "D2"
        (parameters.maxIterations, parameters.annealBatch, parameters.marchBatch) = (4, 30, 30)
        let map = try Reconstruction(source: source, parameters: parameters).run().map
        let largest = map.voxels.max() ?? 0
        #expect(largest > 0)
        for z in 1..<32 {
            for y in 1..<32 {
                for x in 1..<32 {
                    let here = map[x, y, z]
                    // The plane x = −n/2 of the gradient has no partner in the box and disturbs the symmetry a little.
                    #expect(abs(map[32 - x, 32 - y, z] - here) < 0.02 * largest)
                    #expect(abs(map[x, 32 - y, 32 - z] - here) < 0.02 * largest)
                }
            }
        }
    }
}
