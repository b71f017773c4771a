extension ContrastTransferFunction {
    /// Why no microscope has this function, in the form of `set-aside.star`; nil if one may.
    ///
    /// The limits are wide: tomograms are taken 20 µm under focus, and lenses of light optics have 100 mm. Beyond them
    /// the function overflows or averages to nothing, and one such image would spoil a minibatch.
    package var objection: String? {
        let values: [(name: String, value: Double, range: ClosedRange<Double>)] = [
            ("defocus U in Å", defocusU, -1e6...1e6), ("defocus V in Å", defocusV, -1e6...1e6),
            ("spherical aberration in mm", sphericalAberration / 1e7, -100...100),
            ("CTF B factor in Å²", bFactor, -100...1e5), ("CTF scale", abs(scale), 1e-3...1e3),
        ]
        for (name, value, range) in values where !range.contains(value) {
            return "\(name) out of range: \(value), outside \(range.lowerBound) to \(range.upperBound)"
        }
        return nil
    }
}
