import CryoCore
import CryoFiles
import CryoTestSupport
import Foundation
import Testing

@testable import CryoReconstruction

/// Results do not depend on the order of particles in their file.
struct CanonicalOrderTests {
    /// The same particles in another order.
    private func shuffled(_ source: TestSource, seed: UInt64) -> (source: TestSource, rows: [Int]) {
        var stream = RandomStream(seed: seed)
        let rows = Array(source.particles.indices).shuffled(using: &stream)
        let result = TestSource(
            particles: rows.map { source.particles[$0] }, images: rows.map { source.images[$0] },
            boxSize: source.boxSize, pixelSize: source.pixelSize)
        return (result, rows)
    }

    /// The image of a file that holds one is the first, whether its name has the number or not.
    @Test func oneImageIsOneImageByEitherName() throws {
        let names = ["1@b.mrc", "a.mrc", "2@b.mrcs", "1@a.mrc", "b.mrc", "b.mrcs"]
        let source = TestSource(
            particles: names.map { Particle(imageName: $0, ctf: TestScene.ctf()) },
            images: names.map { _ in nil }, boxSize: 16, pixelSize: 2)
        let order = CanonicalOrder(source)
        #expect(
            order.repetitions.map { ImageName(order.particles[$0].imageName)?.path } == ["a.mrc", "b.mrc"])
    }

    @Test func rowsDoNotMatter() throws {
        var source = try TestSource(EndToEndTests.phantom, count: 120, diameter: 140, signalToNoise: 1)
        // One is set aside.
        source.images[17]?.pixels[5] = .nan
        var parameters = EndToEndTests.reduced
        (parameters.annealIterations, parameters.annealBatch, parameters.maxResolution) = (6, 30, 26)
        let run = try Reconstruction(source: source, parameters: parameters)
        var seen: RunSnapshot?
        let result = try run.run(checkpoint: { seen = run.snapshot(of: $0) })
        let (other, rows) = shuffled(source, seed: 5)
        var end: RunProgress?
        let again = try Reconstruction(source: other, parameters: parameters).run(checkpoint: { end = $0 })
        #expect(again.map == result.map && again.halves?.second == result.halves?.second)
        #expect(again.estimates == rows.map { result.estimates[$0] })
        // Whoever looks at a run sees each particle with its own pose.
        let (snapshot, otherEnd) = (try #require(seen), try #require(end))
        let otherSnapshot = RunSnapshot(otherEnd, of: other)
        #expect(snapshot.poses.count == 119 && !snapshot.isDark)
        for (row, particle) in rows.enumerated() {
            #expect(otherSnapshot.poses[row] == snapshot.poses[particle])
            // The second half-set's are laid upon the first one's only in the end.
            guard again.halfSets?[row] == 1 else { continue }
            #expect(otherSnapshot.poses[row] == again.estimates[row]?.pose)
        }
        #expect(again.halfSets == rows.map { result.halfSets?[$0] ?? 0 })
        #expect(again.junk.share == result.junk.share && again.nullCheck == result.nullCheck)
        #expect(Array(result.setAside.keys) == [17])
        #expect(Array(again.setAside.keys) == [try #require(rows.firstIndex(of: 17))])
    }

    /// By stack, by number in it, by what else is known.
    @Test func particlesAreOrdered() throws {
        let image = Image(boxSize: 4, pixelSize: 1, pixels: [Float](repeating: 0, count: 16))
        let particles = [
            Particle(imageName: "10@b.mrcs", ctf: TestScene.ctf()),
            Particle(imageName: "000002@b.mrcs", ctf: TestScene.ctf(defocus: 9000)),
            Particle(imageName: "2@b.mrcs", ctf: TestScene.ctf(defocus: 8000)),
            Particle(imageName: "3@a.mrcs", ctf: TestScene.ctf()),
            Particle(imageName: "1@b.mrcs", ctf: TestScene.ctf()),
        ]
        let source = TestSource(
            particles: particles,
            images: particles.indices.map { index in
                var image = image
                image.pixels[0] = Float(index)
                return image
            }, boxSize: 4, pixelSize: 1)
        let order = CanonicalOrder(source)
        let expected = [3, 4, 2, 1, 0]
        #expect(order.particles == expected.map { particles[$0] })
        #expect(
            try order.particles.indices.map { try order.image($0).pixels[0] } == expected.map { Float($0) })
        #expect(order.inSourceOrder([30, 40, 20, 10, 0]) == [0, 10, 20, 30, 40])
        #expect(order.inSourceOrder([0: "a", 2: "b"]) == [3: "a", 2: "b"])
    }
}
