import CryoCore
import CryoFiles
import CryoFourier
import CryoInference
import CryoReport
import CryoTestSupport
import Foundation
import Testing

@testable import CryoReconstruction

/// Two half-sets that do not see each other, and what they say of the resolution.
@Suite(.serialized) struct HalfSetTests {
    static func noise(_ seed: UInt64) -> Volume {
        var stream = RandomStream(seed: seed)
        let voxels = (0..<16 * 16 * 16).map { _ in Float(stream.normal()) }
        return Volume(boxSize: 16, pixelSize: 2, voxels: voxels)
    }

    @Test func equalHalvesAgreeToNyquist() {
        let halves = HalfMaps(Self.noise(1), Self.noise(1))
        #expect(halves.fsc.correlations.allSatisfy { abs($0 - 1) < 1e-9 })
        let record = ResolutionRecord(halves.resolution, isSupported: nil)
        // The last shell below Nyquist, and it is known that agreement ends with the curve.
        #expect(record.isAtLimit == true && abs(record.corrected0143 - 32.0 / 7) < 1e-9)
        #expect(record.supported == record.corrected0143)
        #expect(ResolutionRecord(halves.resolution, isSupported: false).supported == nil)
    }

    @Test func theFilterLeavesWhatIsCertainAndRemovesWhatIsNot() {
        let weights = HalfMaps.weights([1, 1, 0.5, 0.143, -0.1, 0.9])
        #expect(weights[0] == 1 && weights[1] == 1)
        #expect(abs(weights[2] - Float((2.0 / 3).squareRoot())) < 1e-6)
        // 0.143 of half-sets is 0.5 of the map with the truth.
        #expect(abs(weights[3] - 0.5) < 1e-3)
        // Behind the first shell without agreement a chance correlation is nothing.
        #expect(weights[4] == 0 && weights[5] == 0)
    }

    @Test func theMeanIsHalfOfEach() {
        let halves = HalfMaps(Self.noise(1), Self.noise(2))
        for (voxel, (a, b)) in zip(halves.mean.voxels, zip(halves.first.voxels, halves.second.voxels)) {
            #expect(abs(voxel - (a + b) / 2) < 1e-6)
        }
    }

    @Test func theMarchEndsWhereAgreementIsLost() {
        func plan(_ phase: IterationPlan.Phase, _ ring: Int) -> IterationPlan {
            IterationPlan(phase: phase, ringCount: ring, batchSize: 10, weight: 1)
        }
        func fsc(_ outer: Double) -> FourierShellCorrelation {
            FourierShellCorrelation(
                boxLength: 100, correlations: (0..<12).map { $0 < 6 ? 1 : outer })
        }
        var watch = AgreementWatch()
        func admitted(_ plan: IterationPlan) -> IterationPlan? { watch.admitted(plan) }
        func look(_ outer: Double, _ plan: IterationPlan) -> Double? {
            watch.look(at: fsc(outer), plan, effectivePoses: 3, .init(last: 12, leap: 1.2))
        }
        #expect(look(0.4, plan(.march, 7)) == 0.4)
        #expect(admitted(plan(.march, 8)) == plan(.march, 8))
        #expect(look(0.1, plan(.march, 8)) == 0.1)
        #expect(admitted(plan(.march, 9)) == nil)
        #expect(admitted(plan(.final, 10)) == plan(.final, 8))
        // With better poses it goes on where it ended, until agreement is lost again.
        #expect(admitted(plan(.march, 7).resumed) == nil)
        #expect(admitted(plan(.march, 8).resumed) == plan(.march, 8).resumed)
        #expect(admitted(plan(.march, 9).resumed) == plan(.march, 9).resumed)
        #expect(look(0.05, plan(.march, 9).resumed) == 0.05)
        #expect(admitted(plan(.march, 10).resumed) == nil)
        #expect(admitted(plan(.final, 10)) == plan(.final, 9))
        var neverEnded = AgreementWatch()
        let nothing = neverEnded.admitted(plan(.march, 8).resumed)
        #expect(nothing == nil)
    }

    /// What a watch knows after one ring.
    private func watch(
        _ agreement: Double, poses: Double = 3, ring: Int, _ sufficient: Int?
    ) -> AgreementWatch {
        var watch = AgreementWatch()
        _ = watch.look(
            at: .init(boxLength: 100, correlations: [Double](repeating: agreement, count: 20)),
            IterationPlan(phase: .march, ringCount: ring, batchSize: 10, weight: 1),
            effectivePoses: poses, .init(sufficient: sufficient, last: 15, leap: 1.2))
        return watch
    }

    /// Where halves agree well the limit leaps, but not beyond a ring at which the march may end.
    @Test func theMarchLeapsWhereHalvesAgree() {
        #expect(watch(0.6, ring: 10, nil).nextRing == 12)
        #expect(watch(0.4, ring: 10, nil).nextRing == 11)
        // With one pose an image any agreement is enough.
        #expect(watch(0.2, poses: 1.2, ring: 10, nil).nextRing == 12)
        #expect(watch(0.1, poses: 1.2, ring: 10, nil).nextRing == 11)
        // Where images fit hundreds halves agree in what they began with.
        #expect(
            watch(0.9, poses: 300, ring: 10, nil).nextRing == 11
                && watch(0.9, poses: 300, ring: 8, 8).lastRing == nil)
        #expect(watch(0.6, ring: 10, 11).nextRing == 11)
        #expect(watch(0.6, ring: 14, 11).nextRing == 15)
        var leaping = watch(0.6, ring: 10, nil)
        let admitted = [11, 12, 13].map { ring in
            leaping.admitted(IterationPlan(phase: .march, ringCount: ring, batchSize: 10, weight: 1))?
                .ringCount
        }
        #expect(admitted == [nil, 12, 13])
        // A run that was interrupted at the end of a ring was there, though it leaps from it.
        let done = [9, 10].map { IterationPlan(phase: .march, ringCount: $0, batchSize: 10, weight: 1) }
        #expect(watch(0.6, ring: 10, nil).lastAdmitted(of: done)?.ringCount == 10)
    }

    /// Where halves agree well poses need no finer detail; before that ring, or with less agreement, they do.
    @Test func theMarchEndsWhereAgreementIsEnough() {
        #expect(watch(0.6, ring: 8, 8).lastRing == 8 && watch(0.6, ring: 8, 8).isEnough == true)
        #expect(watch(0.6, ring: 7, 8).lastRing == nil)
        #expect(watch(0.4, ring: 9, 8).lastRing == nil)
        #expect(watch(0.2, poses: 1.2, ring: 9, 8).isEnough == true)
        #expect(watch(0.6, ring: 8, nil).lastRing == nil)
        #expect(watch(0.1, ring: 9, 8).lastRing == 9 && watch(0.1, ring: 9, 8).isEnough == false)
        // Three and a half pixels, at least 6 Å; a limit that was told is gone to.
        var parameters = ReconstructionParameters()
        func ring(_ pixelSize: Double) -> Int? {
            IterationSchedule.sufficientRing(parameters, boxLength: 100 * pixelSize, boxSize: 100)
        }
        #expect(ring(2) == 29 && ring(1) == 17)
        parameters.maxResolution = 8
        #expect(ring(2) == nil)
    }

    @Test func curvesAreWrittenAsOthersReadThem() throws {
        let resolution = HalfMaps(Self.noise(1), Self.noise(1)).resolution
        let document = try StarDocument(parsing: resolution.starDocument.encoded, path: "fsc.star")
        let table = try #require(document.blocks.first { $0.name == "fsc" }?.table)
        #expect(
            table.values(of: "rlnAngstromResolution")?.prefix(3) == ["999.000000", "32.000000", "16.000000"])
        let values = table.values(of: "rlnFourierShellCorrelationUnmaskedMaps")?.compactMap(Double.init)
        #expect(values == [Double](repeating: 1, count: 8))
        let fsc = FourierShellCorrelation(boxLength: 50, correlations: [1, 0.9, 0.25])
        #expect(coordinates(fsc.xml) == [0, 1, 0.02, 0.9, 0.04, 0.25])
    }

    @Test func randomPhasesKeepPowersAndLeaveNoCorrelation() {
        let map = Self.noise(4)
        let other = map.withRandomPhases(from: 3, seed: 9)
        let (before, after) = (FourierVolume(map), FourierVolume(other))
        // Up to the shell below Nyquist, where nothing is stored twice.
        before.forEachFrequency { offset, kx, ky, kz in
            guard max(kx, abs(ky), abs(kz)) < 8 else { return }
            let (a, b) = (before.coefficients[offset], after.coefficients[offset])
            let (p, q) = ((a * a).sum().squareRoot(), (b * b).sum().squareRoot())
            // Single-precision transforms of 4096 numbers of unit variance: √4096 · 1e-7 · some.
            #expect(abs(p - q) < 1e-3 * max(1, p))
        }
        let fsc = FourierShellCorrelation(map, other).correlations
        #expect(fsc[1...2].allSatisfy { $0 > 0.9999 })
        // Shell 7 has some 600 independent coefficients: four standard errors.
        #expect(abs(fsc[7]) < 4 / 600.squareRoot())
        #expect(map.withRandomPhases(from: 3, seed: 9) == other)
    }

    /// Two maps of independent noise agree within a tight mask; the correction takes that away.
    @Test func theMasksOwnCorrelationIsTakenAway() {
        var mask = Volume(boxSize: 16, pixelSize: 2)
        for z in 6..<11 { for y in 6..<11 { for x in 6..<11 { mask[x, y, z] = 1 } } }
        // A mean shared by both is what a mask spreads over the next shells.
        func map(_ seed: UInt64) -> Volume {
            var result = Self.noise(seed)
            for index in result.voxels.indices { result.voxels[index] += 3 }
            return result
        }
        let resolutions = (1...20).map { pair in
            MaskedResolution(map(UInt64(pair)), map(UInt64(100 + pair)), mask: mask)
        }
        func mean(_ curve: (MaskedResolution) -> FourierShellCorrelation) -> Double {
            resolutions.reduce(0) { $0 + curve($1).correlations[3] } / Double(resolutions.count)
        }
        #expect(resolutions.allSatisfy { $0.randomizedFrom == 1 })
        #expect(mean(\.masked) > 0.5, "\(mean(\.masked))")
        // Some 125 voxels make shell 3 rough, by 0.2 a pair; four standard errors of twenty pairs.
        #expect(abs(mean(\.corrected)) < 0.2, "\(mean(\.corrected))")
    }

    @Test func theMaskFollowsTheParticle() {
        let map = EndToEndTests.phantom
        let mask = ParticleMask.mask(of: map)
        #expect(mask.voxels.allSatisfy { (0...1).contains($0) })
        #expect(mask[0, 0, 0] == 0)
        let inside = zip(map.voxels, mask.voxels).reduce(0.0) { $0 + Double($1.0 * $1.1) }
        let whole = map.voxels.reduce(0.0) { $0 + Double($1) }
        #expect(inside > 0.95 * whole)
        // A ball of the phantom's diameter, widened, has some 0.4 of the box of 192 Å.
        func filled(_ mask: Volume) -> Double {
            mask.voxels.reduce(0.0) { $0 + Double($1) } / Double(mask.voxels.count)
        }
        #expect(filled(mask) < 0.4 && filled(mask) > 0.05)
        // The faint solvent of a map that must be positive is not the particle: of half the map's density here.
        var pedestal = map
        let faint = Float(0.5 * whole / Double(map.voxels.count))
        for index in pedestal.voxels.indices { pedestal.voxels[index] += faint }
        #expect(filled(ParticleMask.mask(of: pedestal)) < 1.2 * filled(mask))
    }

    /// Against all pairs of voxels; nothing is far from nothing.
    @Test func distancesAreThoseToTheNearest() {
        let n = 9
        var stream = RandomStream(seed: 3, stream: 0)
        for share in [0.01, 0.2] {
            let inside = (0..<n * n * n).map { _ in stream.uniform() < share }
            func place(_ index: Int) -> SIMD3<Int> { [index % n, index / n % n, index / n / n] }
            let marked = inside.indices.filter { inside[$0] }.map(place)
            let nearest = inside.indices.map { index in
                marked.map { Float((($0 &- place(index)) &* ($0 &- place(index))).wrappedSum()) }.min()
            }
            #expect(!marked.isEmpty && SquaredDistances.from(inside, boxSize: n) == nearest)
        }
        let none = SquaredDistances.from([Bool](repeating: false, count: 27), boxSize: 3)
        #expect(none.allSatisfy { $0 == .infinity })
    }

    @Test func otsusLevelPartsTwoKinds() {
        let values = (0..<1000).map { (index: Int) -> Float in
            let kind: Float = index % 4 == 0 ? 10 : 0
            return kind + Float(index % 7) / 7
        }
        let level = ParticleMask.otsuLevel(of: values)
        #expect(level > 0.85 && level < 10)
        #expect(ParticleMask.otsuLevel(of: [3, 3, 3]) == 3)
    }

    @Test func radialAveragesAreBalls() {
        let average = EndToEndTests.phantom.radialAverage
        let middle = 16
        #expect(average[middle + 5, middle, middle] == average[middle, middle - 5, middle])
        #expect(average[middle + 3, middle + 4, middle] == average[middle, middle, middle + 5])
        let (whole, other) = (EndToEndTests.phantom.voxels, average.voxels)
        let sums = [whole, other].map { $0.reduce(0.0) { $0 + Double($1) } }
        #expect(abs(sums[0] / sums[1] - 1) < 1e-4)
    }

    /// Halves that drifted apart are laid upon each other before they are compared.
    @Test func driftedHalvesAreBroughtTogether() {
        let map = EndToEndTests.phantom
        let turn = Rotation(axis: [0.6, 0, 0.8], angle: Angle(degrees: 3))
        let pair = AlignmentPair(map, map, diameter: nil)
        let drift = Superposition(rotation: turn, shift: [4, -3, 2])
        let moved = pair.moved(drift, like: map, Parallel())
        let (back, placement) = moved.nudged(onto: map, shellLimit: 12, parallel: Parallel())
        let (before, after) = (FourierShellCorrelation(moved, map), FourierShellCorrelation(back, map))
        #expect(before.correlations[10] < 0.7 && after.correlations[10] > 0.98)
        // The poses of one are brought to the other's frame by the same superposition.
        let angle = (placement.rotation * turn).angle(to: .identity)
        #expect(angle.degrees < 0.3)
        let (same, none) = moved.nudged(onto: map, shellLimit: 12, freedom: [], parallel: Parallel())
        #expect(same == moved && none.rotation == .identity)
    }

    /// A run that holds ten particles out, and a state that remembers all: those learnt from are in its census.
    private static func remembering(_ count: Int) throws -> (run: Reconstruction, state: RunState) {
        var parameters = EndToEndTests.reduced
        parameters.heldOut = 10
        let source = try TestSource(EndToEndTests.phantom, count: count, diameter: 140, signalToNoise: 1)
        let run = try Reconstruction(source: source, parameters: parameters)
        var state = run.startState(seed: 0)
        let memory = PoseMemory(
            entries: [.init(direction: [0, 0, 1], origin: [8, 8], mass: 1)], directionReach: 0.4,
            shiftReach: 8)
        for particle in source.particles.indices {
            if run.split.learning.contains(particle) {
                state.census.replace(nil, by: state.census.share(of: memory))
            }
            (state.memories[particle], state.visits[particle]) = (memory, 1)
        }
        return (run, state)
    }

    @Test func halvesShareNoParticleAndLeaveNoneOut() throws {
        let (run, start) = try Self.remembering(201)
        var states = run.halfStates(of: start)
        // Neither knows what the other's images said.
        #expect(states.map(\.census.visited) == states.map(\.census.imageCount))
        #expect(states.allSatisfy { state in state.particles.allSatisfy { state.memories[$0] != nil } })
        let batches = states.indices.map { Set(states[$0].order.next(1000).indices) }
        #expect(batches[0].isDisjoint(with: batches[1]))
        #expect(batches[0].union(batches[1]) == Set(run.split.learning))
        #expect(abs(batches[0].count - batches[1].count) <= 1)
    }

    /// What the images of one half-set show changes nothing in the density of the other, whether they share an engine or not.
    @Test(arguments: [1, 2]) func halvesLearnNothingFromEachOther(threads: Int) throws {
        let images = try TestSource(EndToEndTests.phantom, count: 200, diameter: 140, signalToNoise: 1)
        var parameters = EndToEndTests.reduced
        parameters.heldOut = 10
        /// Both densities after each iteration of the march, in which the second half's images may become noise.
        func densities(replacing: Bool) throws -> [[Volume?]] {
            let source = ReplacedSource(images)
            let run = try Reconstruction(
                source: source, parameters: parameters, parallel: Parallel(threads: threads))
            var found: [[Volume?]] = []
            _ = try run.run(checkpoint: { progress in
                guard progress.states.count == 2 else { return }
                if replacing { source.replaced.withLock { $0 = Set(progress.states[1].particles) } }
                found.append(progress.states.map(\.density))
            })
            return found
        }
        let (kept, other) = (try densities(replacing: false), try densities(replacing: true))
        // Halves that no longer agree end the march sooner.
        let common = min(kept.count, other.count)
        try #require(common > 2)
        #expect((0..<common).allSatisfy { kept[$0][0] == other[$0][0] })
        #expect(kept[common - 1][1] != other[common - 1][1])
    }

    /// A set of which any images can become noise.
    private final class ReplacedSource: ParticleSource {
        let replaced = Mutex<Set<Int>>([])
        private let images: TestSource

        init(_ images: TestSource) { self.images = images }

        var particles: [Particle] { images.particles }
        var boxSize: Int { images.boxSize }
        var pixelSize: Double { images.pixelSize }

        func image(_ index: Int) throws -> Image {
            let image = try images.image(index)
            guard replaced.withLock({ $0.contains(index) }) else { return image }
            let deviation = image.variance(withinDiameter: boxLength).squareRoot()
            var stream = RandomStream(seed: 9, stream: UInt32(index))
            return TestScene.noisy(
                Image(boxSize: boxSize, pixelSize: pixelSize), sigma: deviation, &stream)
        }
    }

    /// What was learnt at coarse limits, of images that an iteration with momentum leaves out, is forgotten; held-out ones never entered
    /// the census.
    @Test func imagesWithoutMomentumAreForgotten() throws {
        var (run, state) = try Self.remembering(120)
        let kept = Array(run.split.learning.prefix(30))
        state.keep(kept)
        #expect(state.known(among: run.split.learning) == kept)
        #expect(state.memories.particles == (kept + run.split.heldOut).sorted())
        #expect(abs(state.census.visited - 30) < 1e-9)
    }

    /// The half-sets' 0.143 is where the map's correlation with the truth falls to one half.
    @Test func resolutionIsThatOfTheTruth() throws {
        let source = try TestSource(EndToEndTests.phantom, count: 500, diameter: 140, signalToNoise: 0.5)
        var parameters = EndToEndTests.reduced
        parameters.maxResolution = nil
        let result = try Reconstruction(source: source, parameters: parameters).run()
        let halves = try #require(result.halves)
        let truth = MapAlignment(result.map, to: EndToEndTests.phantom).fsc
        // Equal within a shell or two of 1/192 Å⁻¹ at 1/16 Å⁻¹.
        let check = try #require(result.nullCheck)
        #expect(check.isPassed && check.gain > 3, "\(check)")
        // The phantom has no negative values, nor has its map, but for the ripples of its end in Fourier space.
        let positivity = try #require(result.positivityCheck)
        #expect(
            positivity.isKept && halves.first.voxels.min() ?? -1 > -0.2 * (halves.first.voxels.max() ?? 0))
        let numbers = try #require(result.halfSets)
        #expect(numbers.count { $0 == 1 } == 250 && numbers.count { $0 == 2 } == 250)
        let own = halves.fsc.resolution(at: 0.143)
        #expect(
            abs(1 / own - 1 / truth.resolution(at: 0.5)) < 2.5 / 192, "\(own), \(truth.resolution(at: 0.5))")
    }

    /// The phantom without a part of its lowest frequencies, and so with negative values.
    private static func phantom(without part: Float) -> Volume {
        var phantom = EndToEndTests.phantom
        let blurred = phantom.filtered { kx, ky, kz in
            Float(exp(-Double(kx * kx + ky * ky + kz * kz) / 8))
        }
        for index in phantom.voxels.indices { phantom.voxels[index] -= part * blurred.voxels[index] }
        return phantom
    }

    /// A molecule with negative values keeps them, since images that did not make the map ask for them.
    @Test func negativeValuesAreLeftWhereImagesWantThem() throws {
        let truth = Self.phantom(without: 0.6)
        let source = try TestSource(truth, count: 400, diameter: 140, signalToNoise: 0.5)
        var parameters = EndToEndTests.reduced
        parameters.maxResolution = 18
        (parameters.annealIterations, parameters.marchEpochs) = (4, 1)
        let run = try Reconstruction(source: source, parameters: parameters)
        run.initialDensity = truth
        let result = try run.run()
        let check = try #require(result.positivityCheck)
        #expect(!check.isKept && check.gain > 1, "\(check)")
        let halves = try #require(result.halves)
        let (free, clipped) = (result.map, result.map.nonNegative)
        #expect(halves.first.voxels.min() ?? 0 < -0.1 * (halves.first.voxels.max() ?? 0))
        let shells = 1...8
        func mean(_ map: Volume) -> Double {
            let fsc = FourierShellCorrelation(map, truth).correlations
            return shells.reduce(0) { $0 + fsc[$1] } / Double(shells.count)
        }
        // What is missing to a correlation of 1 is a third less.
        #expect(1 - mean(free) < 0.8 * (1 - mean(clipped)), "\(mean(free)) \(mean(clipped))")
    }

    /// Nothing but noise is not resolved beyond what the halves had in common.
    @Test func noiseDoesNotAgreeWithItself() throws {
        let source = TestSource.noise(count: 300, boxSize: 32, pixelSize: 6) { _ in 1 }
        var parameters = EndToEndTests.reduced
        parameters.maxResolution = 15
        parameters.contrast = 1
        let result = try Reconstruction(source: source, parameters: parameters).run()
        let halves = try #require(result.halves)
        // The anneal ends at 32 Å, and the halves have all of it in common.
        #expect(halves.fsc.resolution(at: 0.143) > 32)
        // Images that a map of noise never saw are no happier with it than with a ball.
        let check = try #require(result.nullCheck)
        #expect(!check.isPassed && check.imageCount > 100, "\(check)")
    }
}

/// The numbers in the elements of an FSC as the Electron Microscopy Data Bank has it, in order.
private func coordinates(_ xml: String) -> [Double] {
    xml.split(separator: "\n").compactMap { line in
        let trimmed = line.trimmingCharacters(in: .whitespaces)
        guard trimmed.hasPrefix("<x>") || trimmed.hasPrefix("<y>") else { return nil }
        return Double(trimmed.dropFirst(3).dropLast(4))
    }
}
