import CryoCore
import CryoFourier
import CryoInference

/// How strong the density must be to account for the images' power above noise.
enum SignalPower {
    /// The factor that a density must be multiplied by.
    ///
    /// √( Σ_k k max(0, P_k − σ_k² m) / Σ_k k ⟨C²⟩_k ⟨|T|²⟩_k ), m the mask's mean square, over all rings; 1 where there is no such power.
    static func amplitude(
        of density: Volume, frame: DensityFrame, images: [PolarImage], noise: [Double],
        preparation: ImagePreparation, directions: DirectionGrid
    ) -> Double {
        let grid = preparation.grid
        let ball = frame.ball(of: density)
        let sampled = stride(
            from: 0, to: directions.rotations.count, by: max(1, directions.rotations.count / 50))
        var slicePower = [Double](repeating: 0, count: grid.ringCount)
        var sliceCount = 0.0
        for index in sampled {
            let slice = ball.slice(directions.rotations[index], at: grid.points)
            for (point, value) in slice.enumerated() {
                slicePower[point / grid.halfCount] += Double((value * value).sum())
            }
            sliceCount += 1
        }
        var (wanted, present) = (0.0, 0.0)
        for ring in 0..<grid.ringCount {
            var (power, ctf) = (0.0, 0.0)
            for image in images {
                for point in (ring * grid.halfCount)..<((ring + 1) * grid.halfCount) {
                    power += Double((image.values[point] * image.values[point]).sum())
                    ctf += Double(image.ctf[point] * image.ctf[point])
                }
            }
            let points = Double(max(1, images.count) * grid.halfCount)
            let signal = power / points - noise[ring] * preparation.maskPower
            wanted += Double(ring + 1) * max(0, signal)
            present +=
                Double(ring + 1) * ctf / points * slicePower[ring] / (sliceCount * Double(grid.halfCount))
        }
        return present > 0 && wanted > 0 ? (wanted / present).squareRoot() : 1
    }
}
