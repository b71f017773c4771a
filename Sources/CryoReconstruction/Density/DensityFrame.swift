import CryoCore
import CryoFourier
import Foundation

/// The grid on which the density is held at one frequency limit, and its relation to the images.
///
/// A density band-limited to r frequencies needs far fewer voxels than the images have pixels; the box is the same
/// in Å. Densities are per voxel of the image's own grid, so that they mean the same at every limit.
public struct DensityFrame: Sendable, Equatable {
    /// Pixels along an edge of the images.
    public let imageSize: Int
    /// The edge of the box, in Å.
    public let boxLength: Double
    /// The frequency limit, in units of 1/box.
    public let ringCount: Int
    /// Voxels along an edge of the density.
    public let gridSize: Int

    /// Makes the frame of a frequency limit.
    public init(imageSize: Int, boxLength: Double, ringCount: Int) {
        self.imageSize = imageSize
        self.boxLength = boxLength
        self.ringCount = ringCount
        // Half again as many voxels as Nyquist asks for: positivity needs to see between the samples.
        gridSize = min(imageSize, FastLength.even(atLeast: 3 * ringCount + 2))
    }

    /// The voxel size, in Å.
    public var pixelSize: Double { boxLength / Double(gridSize) }

    /// The resolution of the frequency limit, in Å.
    public var resolution: Double { boxLength / Double(ringCount) }

    /// From Σ over voxels to the unitary transform of a projection: (1/n)(n/m)³.
    public var sliceScale: Float {
        let ratio = Double(imageSize) / Double(gridSize)
        return Float(ratio * ratio * ratio / Double(imageSize))
    }

    /// The second derivative along a coefficient c of what has `curvature` along each voxel: V = F⁻¹(c)/s.
    func coefficientCurvature(ofVoxels curvature: Double) -> Float {
        let scale = Double(sliceScale)
        return Float(curvature / (scale * scale * pow(Double(gridSize), 3)))
    }

    /// The transform that slices are read from.
    public func ball(of density: Volume) -> FourierBall {
        FourierBall(density, radius: Double(ringCount) + 0.01, scale: sliceScale)
    }
}
