import CryoInference
import Foundation

/// How the noise of each optics group differs from that of all.
///
/// An image and its CTF C are multiplied by g = σ / σ_group, ring by ring. Since |gX − gC·T|² / σ² = |X − C·T|² / σ_group²,
/// posteriors are those with each group's own noise, while one spectrum σ² serves all images and is learnt from all of them.
struct GroupGains: Sendable {
    /// g by optics group; empty where there is one group.
    private var gains: [Int32: RingGains] = [:]

    /// The images that the spectrum of all counts as in a group's, geometrically, lest few images make one of their own.
    ///
    /// Five images tell the third ring within some 15 %.
    private static let commonCount = 5.0

    /// No differences.
    init() {}

    /// Reads the differences off the backgrounds of some images of all groups.
    init(_ spectra: [BackgroundSpectrum]) {
        let groups = Dictionary(grouping: spectra, by: \.opticsGroup)
        guard groups.count > 1 else { return }
        let common = spectra.meanPower
        gains = groups.mapValues { spectra in
            let trust = Double(spectra.count) / (Double(spectra.count) + Self.commonCount)
            return RingGains(
                values: zip(common, spectra.meanPower).map { all, own in
                    own > 0 && all > 0 ? Float(pow(all / own, trust / 2)) : 1
                })
        }
    }

    /// g of a group; nil where there is one group.
    subscript(group: Int32) -> RingGains? { gains[group] }

    /// Multiplies an image of a group, and its CTF.
    func apply(to image: inout PolarImage, ofGroup group: Int32, pointsPerRing: Int) {
        guard let gains = gains[group] else { return }
        for point in image.values.indices {
            let gain = gains[1 + point / pointsPerRing]
            image.values[point] *= gain
            image.ctf[point] *= gain
        }
    }
}

/// g of one group by ring.
struct RingGains: Sendable {
    /// From ring 1 on.
    let values: [Float]

    /// g on a ring; beyond the last that was seen as there.
    subscript(ring: Int) -> Float { values[min(max(1, ring), values.count) - 1] }
}

/// The background of one image.
struct BackgroundSpectrum: Sendable {
    /// The image's optics group.
    var opticsGroup: Int32
    /// The variance of a Fourier coefficient; shape `[ring]`.
    var power: [Double]
}

extension [BackgroundSpectrum] {
    /// The mean over the images; shape `[ring]`.
    var meanPower: [Double] {
        (0..<(first?.power.count ?? 0)).map { ring in reduce(0) { $0 + $1.power[ring] } / Double(count) }
    }
}
