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
        let result = run.run()
        let alignment = MapAlignment(result.map, to: Self.phantom)
        let resolution = alignment.fsc.resolution(at: 0.5)
        print("DBG", resolution, result.statistics.last?.seconds ?? 0)
        // Images reach to 21 Å; a map in a wrong minimum stays beyond 40 Å, another seed's blobs beyond 60 Å.
        #expect(resolution < 26)
        #expect(result.estimates.allSatisfy { $0 != nil } && result.setAside.isEmpty)
        let truth = source.particles.compactMap(\.pose)
        let estimates = result.estimates.compactMap { $0?.pose }
        let error = PoseError(truth: truth, estimates: estimates, symmetry: PointGroup.c1.operations)
        print("DBG", error.medianAngle.degrees, error.medianShift)
    }
}
