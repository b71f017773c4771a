import CryoCore

extension Volume {
    /// The density moved to where a superposition puts it, on its own grid.
    package func moved(by superposition: Superposition, parallel: Parallel) -> Volume {
        guard superposition != Superposition(rotation: .identity) else { return self }
        return AlignmentPair(self, self, diameter: 2 * Double(boxSize) * pixelSize)
            .moved(superposition, like: self, parallel)
    }

    /// The density moved by a little turn and shift to where it agrees best with a reference on the same grid.
    ///
    /// - Parameters:
    ///   - reference: The fixed density.
    ///   - shellLimit: The largest shell that counts.
    ///   - freedom: Which of the turns about x, y and z and the shifts along them are free; none leaves the density as it is.
    ///   - parallel: The result does not depend on it.
    package func nudged(
        onto reference: Volume, shellLimit: Int, freedom: [Int] = Array(0..<6), parallel: Parallel
    ) -> (density: Volume, superposition: Superposition) {
        var superposition = Superposition(rotation: .identity)
        guard !freedom.isEmpty else { return (self, superposition) }
        let pair = AlignmentPair(self, reference, diameter: 2 * Double(boxSize) * pixelSize)
        let last = min(shellLimit, pair.shellLimit)
        let levels = [
            (shells: min(last, 10), angle: 2.0, shift: 0.02 * pair.boxLength),
            (shells: last, angle: 0.5, shift: 0.005 * pair.boxLength),
        ]
        for level in levels where level.shells > 0 {
            superposition =
                PlacementRefinement(pair: pair, shellLimit: level.shells, pointLimit: 8000).refined(
                    superposition, angle: Angle(degrees: level.angle), shift: level.shift, evaluations: 150,
                    freedom: freedom
                ).superposition
        }
        return (pair.moved(superposition, like: reference, parallel), superposition)
    }
}
