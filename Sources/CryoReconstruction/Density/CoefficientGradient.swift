import CryoCore
import CryoFourier
import CryoInference

/// A gradient in the density's Fourier coefficients c(k) = s·V̂(k), band-limited (only |k| ≤ r is held).
///
/// At integer frequencies c is what a slice through k reads, so the curvature's diagonal is Σ p w C² itself.
/// Written with G = ∂ℓ/∂c*, averaged over images.
public struct CoefficientGradient: Sendable {
    /// ∂ℓ/∂c* per image.
    public var gradient: FourierBall
    /// Σ p w C² per image.
    public var curvature: FourierBall
    /// The frame it belongs to.
    public let frame: DensityFrame

    /// Takes a gradient of slices to coefficients; see ``CryoFourier/FourierBall`` for the chain of adjoints.
    public init(_ density: DensityGradient, frame: DensityFrame) {
        self.frame = frame
        let volume = density.gradient.adjointVolume(
            boxSize: frame.gridSize, pixelSize: frame.pixelSize, scale: frame.sliceScale)
        let perImage = 1 / Float(max(1, density.imageCount))
        gradient = Self.coefficientGradient(ofVoxels: volume, frame: frame, scale: perImage)
        let completed = density.curvature.withCompleteCentralPlane()
        curvature = FourierBall(radius: Double(frame.ringCount), padding: 1)
        curvature.mapFrequencies { completed[$0, $1, $2] * perImage }
    }

    /// The gradient in coefficients of what has the gradient `scale` · `volume` in voxels.
    public func coefficientGradient(ofVoxels volume: Volume, scale: Float) -> FourierBall {
        Self.coefficientGradient(ofVoxels: volume, frame: frame, scale: scale)
    }

    /// ∂ℓ/∂c* = F(∂ℓ/∂V) / (s m³), since V = F⁻¹(c) / s.
    private static func coefficientGradient(
        ofVoxels volume: Volume, frame: DensityFrame, scale: Float
    ) -> FourierBall {
        let size = Float(frame.gridSize)
        return FourierBall(
            samplesOf: FourierVolume(volume), radius: Double(frame.ringCount),
            scale: scale / (frame.sliceScale * size * size * size))
    }

    /// The density whose coefficients are those of `ball`.
    public static func density(of ball: FourierBall, frame: DensityFrame) -> Volume {
        var transform = FourierVolume(boxSize: frame.gridSize, pixelSize: frame.pixelSize)
        let limit = frame.ringCount
        transform.update { coefficient, kx, ky, kz in
            guard kx * kx + ky * ky + kz * kz <= limit * limit else { return }
            coefficient = ball[kx, ky, kz] * (1 / frame.sliceScale)
        }
        return transform.volume()
    }

    /// The coefficients of a density.
    public static func coefficients(of density: Volume, frame: DensityFrame) -> FourierBall {
        FourierBall(
            samplesOf: FourierVolume(density), radius: Double(frame.ringCount), scale: frame.sliceScale)
    }
}
