import CryoCore
import CryoFourier
import CryoTestSupport
import Foundation
import Testing

@Suite struct MapAlignmentTests {
    private let scatterers = Phantom(diameter: 170).scatterers

    /// The phantom moved exactly, by its coordinates: r ↦ ± Q r + t.
    private func moved(_ superposition: Superposition) -> [PointScatterer] {
        scatterers.map { scatterer in
            var moved = scatterer
            let hand: Double = superposition.isMirrored ? -1 : 1
            moved.position =
                superposition.rotation.apply(scatterer.position * hand) + superposition.shift
            return moved
        }
    }

    private func placement(_ seed: UInt64, mirrored: Bool) -> Superposition {
        var random = RandomStream(seed: seed)
        let shift = SIMD3(random.normal(), random.normal(), random.normal()) * 4
        return Superposition(rotation: .random(&random), shift: shift, isMirrored: mirrored)
    }

    /// Moved and moved back: what is lost is the interpolation's.
    @Test func placementsHaveInverses() {
        let map = Volume(scatterers: scatterers, boxSize: 48, pixelSize: 4.5)
        let there = placement(4, mirrored: false)
        let moved = map.moved(by: there, parallel: Parallel(threads: 2))
        let exact = Volume(scatterers: self.moved(there), boxSize: 48, pixelSize: 4.5)
        #expect(correlation(moved.voxels, exact.voxels) > 0.97)
        let back = moved.moved(by: there.inverse, parallel: Parallel(threads: 2))
        #expect(correlation(back.voxels, map.voxels) > 0.97)
        #expect(correlation(moved.voxels, map.voxels) < 0.8)
    }

    @Test(arguments: [(1, false, 48), (2, true, 48), (3, false, 47)])
    func placementIsRecovered(seed: UInt64, mirrored: Bool, boxSize: Int) {
        let truth = placement(seed, mirrored: mirrored)
        let map = Volume(scatterers: scatterers, boxSize: boxSize, pixelSize: 4.5)
        let reference = Volume(scatterers: moved(truth), boxSize: boxSize, pixelSize: 4.5)
        let found = MapAlignment(map, to: reference)
        #expect(found.superposition.isMirrored == mirrored)
        #expect(found.superposition.rotation.angle(to: truth.rotation).degrees < 1)
        let difference = found.superposition.shift - truth.shift
        #expect(dot(difference, difference).squareRoot() < 0.3 * 4.5)
        #expect(found.fsc.correlations.prefix(boxSize / 3).allSatisfy { $0 > 0.95 })
        #expect(found.fsc.resolution(at: 0.5) < found.otherHand.resolution(at: 0.5))
        #expect(correlation(found.aligned.voxels, reference.voxels) > 0.97)
    }

    @Test func boxAndPixelSizeMayDiffer() {
        let truth = placement(5, mirrored: true)
        let map = Volume(scatterers: scatterers, boxSize: 56, pixelSize: 5.1)
        let reference = Volume(scatterers: moved(truth), boxSize: 48, pixelSize: 4.5)
        let found = MapAlignment(map, to: reference, diameter: 180)
        #expect(found.superposition.isMirrored)
        #expect(found.superposition.rotation.angle(to: truth.rotation).degrees < 1)
        let difference = found.superposition.shift - truth.shift
        #expect(dot(difference, difference).squareRoot() < 0.3 * 4.5)
        #expect(found.aligned.boxSize == 48 && found.fsc.correlations[10] > 0.95)
        // Densities keep their units: weight per reference voxel, not per voxel of the map.
        let peak = found.aligned.voxels.max() ?? 0
        #expect(peak > 0.5 * (map.voxels.max() ?? 0) && peak < 2 * (map.voxels.max() ?? 0))
    }

    @Test func resultDoesNotDependOnTheThreads() {
        let map = Volume.random(boxSize: 20, pixelSize: 4, seed: 3)
        let reference = Volume.random(boxSize: 20, pixelSize: 4, seed: 4)
        let one = MapAlignment(map, to: reference, parallel: Parallel(threads: 1))
        let three = MapAlignment(map, to: reference, parallel: Parallel(threads: 3))
        #expect(one.superposition == three.superposition && one.aligned == three.aligned)
    }

    @Test func senselessHeadersAndEmptyMapsDoNotTrap() {
        let reference = Volume.random(boxSize: 12, pixelSize: 4, seed: 4)
        for pixelSize in [0, .nan, 1e-200, 1e200, 4] {
            let empty = Volume(boxSize: 10, pixelSize: pixelSize)
            #expect(MapAlignment(empty, to: reference).aligned.boxSize == 12)
        }
        #expect(MapAlignment(reference, to: Volume(boxSize: 4, pixelSize: 0)).fsc.correlations.count == 2)
    }
}
