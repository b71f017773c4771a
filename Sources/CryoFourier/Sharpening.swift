import CryoCore
import Foundation

extension Volume {
    /// The density with its transform times exp(b s²/4), s the frequency in Å⁻¹ and b in Å².
    public func sharpened(by b: Double) -> Volume {
        let unit = 1 / (Double(boxSize) * pixelSize)
        return filtered { kx, ky, kz in
            Float(exp(b * Double(kx * kx + ky * ky + kz * kz) * unit * unit / 4))
        }
    }
}
