import CryoCore
import CryoFourier
import CryoInference
import Foundation
import Testing

@testable import CryoReconstruction

/// Optics groups of noise of their own.
struct GroupGainsTests {
    private static let grid = PolarGrid(ringCount: 12, angleCount: 56)

    /// After it the noise of two groups of different colours is one spectrum.
    @Test func noiseOfTwoGroupsBecomesOne() {
        let count = 150
        let falling = TestSource.noise(count: count, boxSize: 32, pixelSize: 5) {
            1 + 5 * exp2(-$0 * $0 / 30)
        }
        let rising = TestSource.noise(count: count, boxSize: 32, pixelSize: 5) { 1 + $0 * $0 / 40 }
        var second = rising.particles
        for index in second.indices {
            second[index].opticsGroup = 7
            second[index].imageName = "\(index + 1)@other.mrcs"
        }
        let source = TestSource(
            particles: falling.particles + second, images: falling.images + rising.images, boxSize: 32,
            pixelSize: 5)
        let images = ParticleImages(source: source, radius: 50)
        let parallel = Parallel(threads: 2)
        let preparation = ImagePreparation(
            boxSize: 32, pixelSize: 5, grid: Self.grid, mask: SoftMask(radius: 50, softness: 8))
        func ratios() -> [Double] {
            let made = images.polarImages(
                Array(source.particles.indices), preparation: preparation, parallel: parallel
            ).images
            return (0..<Self.grid.ringCount).map { ring in
                let points = (ring * Self.grid.halfCount)..<((ring + 1) * Self.grid.halfCount)
                let powers = made.map { image in
                    points.reduce(0.0) { $0 + Double((image.values[$1] * image.values[$1]).sum()) }
                }
                return powers[..<count].reduce(0, +) / powers[count...].reduce(0, +)
            }
        }
        let before = ratios()
        #expect(before[3] > 4 && before[11] < 1)
        images.gains = GroupGains(
            images.backgroundSpectra(ringCount: Self.grid.ringCount, parallel: parallel))
        // Between the background and what the mask passes lie the ramp that was taken off and some 2 % of chance; of a ratio
        // of nine, five common images of 155 leave 9^(1/31), 7 %.
        for (ring, ratio) in ratios().enumerated().dropFirst(3) {
            #expect(abs(ratio - 1) < 0.3, "ring \(ring + 1): \(before[ring]), then \(ratio)")
        }
    }

    /// Deviations count as with the group's own noise.
    @Test func deviationsCountByTheirGroupsNoise() {
        func spectra(_ group: Int32, _ count: Int, _ power: (Int) -> Double) -> [BackgroundSpectrum] {
            let spectrum = BackgroundSpectrum(
                opticsGroup: group, power: (0..<Self.grid.ringCount).map { power($0) })
            return [BackgroundSpectrum](repeating: spectrum, count: count)
        }
        let all = spectra(1, 380) { 2 + Double($0) } + spectra(2, 20) { 1 + 30 / Double(1 + $0) }
        let gains = GroupGains(all)
        var stream = RandomStream(seed: 4)
        let values = (0..<Self.grid.pointCount).map { _ in
            Complex(Float(stream.uniform()), Float(stream.uniform()))
        }
        let ctf = (0..<Self.grid.pointCount).map { _ in Float(stream.uniform()) }
        let model: Complex = [0.7, -0.4]
        for (group, count) in [(1, 380.0), (2, 20.0)] as [(Int32, Double)] {
            var image = PolarImage(values: values, ctf: ctf)
            gains.apply(to: &image, ofGroup: group, pointsPerRing: Self.grid.halfCount)
            let own = all.filter { $0.opticsGroup == group }[0].power
            for (ring, common) in all.meanPower.enumerated() {
                let variance = common * pow(own[ring] / common, count / (count + 5))
                let point = ring * Self.grid.halfCount + 3
                let scaled = image.values[point] - image.ctf[point] * model
                let plain = values[point] - ctf[point] * model
                let (here, there) = (
                    Double((scaled * scaled).sum()) / common, Double((plain * plain).sum()) / variance
                )
                // Single precision.
                #expect(abs(here - there) < 1e-5 * (1 + there))
            }
        }
        // A group that the sample does not hold, and sets of one group, stay as they are.
        var image = PolarImage(values: values, ctf: ctf)
        gains.apply(to: &image, ofGroup: 3, pointsPerRing: Self.grid.halfCount)
        GroupGains(spectra(1, 50) { Double(1 + $0) }).apply(
            to: &image, ofGroup: 1, pointsPerRing: Self.grid.halfCount)
        #expect(image.values == values && image.ctf == ctf)
    }
}
