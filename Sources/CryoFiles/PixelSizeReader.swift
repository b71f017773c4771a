/// Finds the one pixel size of a STAR file's images, in Å.
enum PixelSizeReader {
    /// Relative differences below this do not matter at the resolution of an initial model.
    static let tolerance = 1e-3

    /// No image of a molecule has others, in Å: some name nm or m instead.
    private static let believable = 0.1...1000.0

    /// The pixel size of all particles.
    ///
    /// Of the labels of RELION 3.1 the most specific is taken; files of RELION 3.0 give the detector's pixel
    /// in µm and the magnification. Of sizes that differ within the tolerance the least is taken, so that the order of
    /// rows does not matter.
    static func pixelSize(
        of metadata: ParticleMetadata, warnings: inout [String]
    ) throws(FileError) -> Double {
        let direct = ["rlnImagePixelSize", "rlnMicrographPixelSize", "rlnMicrographOriginalPixelSize"]
            .map { metadata.field($0) }.first { $0.isPresent }
        let detector = metadata.field("rlnDetectorPixelSize")
        let magnification = metadata.field("rlnMagnification")
        if let direct, direct.label != "rlnImagePixelSize" {
            warnings.append("the pixel size is _\(direct.label), which is wrong for binned images")
        }
        guard let field = direct ?? (detector.isPresent && magnification.isPresent ? detector : nil) else {
            throw .malformed(
                path: metadata.path, place: .whole, found: "no pixel size",
                expected: "_rlnImagePixelSize, or _rlnDetectorPixelSize and _rlnMagnification",
                advice: "add a column _rlnImagePixelSize in Å")
        }
        var (least, most) = (Double.infinity, 0.0)
        // RELION takes the optics group's where a particle has one of its own too, so they must agree.
        let fields =
            [field] + (field.particleColumn != nil && field.opticsColumn != nil ? [field.ofGroup] : [])
        for field in fields {
            for row in 0..<metadata.particles.rowCount {
                var size = try metadata.number(field, row) ?? .nan
                if direct == nil { size *= 1e4 / (try metadata.number(magnification, row) ?? .nan) }
                guard believable.contains(size) else {
                    throw .malformed(
                        path: metadata.path, place: metadata.place(field, row),
                        found: "a pixel size of \(size) Å",
                        expected: "\(believable.lowerBound) to \(believable.upperBound) Å",
                        advice: "correct _\(field.label)")
                }
                let other = size > least ? least : most
                (least, most) = (min(least, size), max(most, size))
                guard most - least <= tolerance * least else {
                    throw .unsupported(
                        path: metadata.path, place: metadata.place(field, row),
                        found: "a pixel size of \(size) Å after one of \(other) Å",
                        expected: "one pixel size for all particles",
                        advice: "rescale the images, or reconstruct each optics group on its own")
                }
            }
        }
        return least
    }
}
