import CryoCore
import Foundation

extension OrientationDistribution {
    /// Draws an orientation.
    public func draw(_ random: inout RandomStream) -> Rotation {
        let direction = drawDirection(&random)
        let psi = Angle(radians: 2 * .pi * random.uniform())
        return Rotation(direction: direction).turnedInPlane(by: psi)
    }

    private func drawDirection(_ random: inout RandomStream) -> SIMD3<Double> {
        guard case .preferred(let axes, let concentration, let uniformFraction) = self, !axes.isEmpty,
            random.uniform() >= uniformFraction
        else { return random.direction() }
        let chosen = axes[min(axes.count - 1, Int(random.uniform() * Double(axes.count)))]
        let axis = chosen / dot(chosen, chosen).squareRoot()
        // The cosine of the angle to the axis by inversion of its distribution on the sphere (von Mises–Fisher):
        // w = 1 + ln(u + (1 − u) exp(−2κ)) / κ.
        let u = random.uniform()
        let w = max(-1, 1 + log(max(u + (1 - u) * exp(-2 * concentration), 1e-300)) / concentration)
        let azimuth = 2 * .pi * random.uniform()
        let planar = max(0, 1 - w * w).squareRoot()
        let frame = Rotation(direction: axis)
        return frame.inverse.apply([planar * cos(azimuth), planar * sin(azimuth), w])
    }
}
