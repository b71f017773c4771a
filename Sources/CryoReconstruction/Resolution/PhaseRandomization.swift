import CryoCore
import CryoFourier

extension Volume {
    /// The density with the phases of all frequencies from a shell on replaced by random ones; powers stay.
    ///
    /// What two such densities still agree on within a mask is the mask's doing (`[C13]`). Phases are a pure function of
    /// seed and frequency, and F(−k) = F(k)* is kept, also in the plane kx = 0 that stores both.
    func withRandomPhases(from shell: Int, seed: UInt64) -> Volume {
        var transform = FourierVolume(self)
        let n = boxSize
        transform.update { coefficient, kx, ky, kz in
            guard FourierShellCorrelation.shell(kx, ky, kz) >= shell else { return }
            // Of k and −k one decides; planes at Nyquist have no partner to agree with and carry nothing.
            guard 2 * kx < n, 2 * abs(ky) < n, 2 * abs(kz) < n else {
                coefficient = .zero
                return
            }
            let isFirst = kx > 0 || ky > 0 || (ky == 0 && kz >= 0)
            let (y, z) = isFirst ? (ky, kz) : (-ky, -kz)
            var stream = RandomStream(
                seed: seed, stream: UInt32(truncatingIfNeeded: kx * n + y + n / 2),
                substream: UInt32(truncatingIfNeeded: z + n / 2))
            let factor = Phase.factor(cycles: stream.uniform())
            coefficient = multiply(coefficient, isFirst ? factor : conjugate(factor))
        }
        return transform.volume()
    }

    /// The density times a mask of the same box.
    public func masked(by mask: Volume) -> Volume {
        var result = self
        for index in result.voxels.indices { result.voxels[index] *= mask.voxels[index] }
        return result
    }
}
