/// The other hand: z becomes −z.
///
/// Images cannot tell a density from its mirror image. With V′(x, y, z) = V(x, y, −z) and M = diag(1, 1, −1), the image of V
/// in the pose A is that of V′ in M A M: tilt changes its sign, rot and psi stay.
extension Volume {
    /// The density of the other hand.
    public var mirrored: Volume {
        var result = self
        let plane = boxSize * boxSize
        for z in 0..<boxSize {
            // The origin is at ⌊n/2⌋, so plane z of the one is plane 2⌊n/2⌋ − z of the other.
            let source = (2 * (boxSize / 2) - z) % boxSize
            for index in 0..<plane { result.voxels[z * plane + index] = voxels[source * plane + index] }
        }
        return result
    }
}

extension Pose {
    /// The pose in which the density of the other hand gives the same image.
    public var mirrored: Pose {
        var result = self
        func flipped(_ row: SIMD3<Double>) -> SIMD3<Double> { [row.x, row.y, -row.z] }
        result.rotation = Rotation(
            rows: flipped(rotation.row0), flipped(rotation.row1), -flipped(rotation.row2))
        return result
    }
}
