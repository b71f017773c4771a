import CryoCore

/// One point of a molecule that scatters electrons: an atom, a residue or a bead.
public struct PointScatterer: Sendable, Equatable {
    /// The place, in Å; the origin is the centre of the box.
    public var position: SIMD3<Double>
    /// How strongly it scatters: its number of electrons, or any other unit.
    public var weight: Double
    /// The temperature factor B, in Å²: a Gaussian of variance B / 8π² along each axis.
    public var bFactor: Double

    /// Makes a scatterer; Å and Å².
    public init(position: SIMD3<Double>, weight: Double = 1, bFactor: Double = 0) {
        self.position = position
        self.weight = weight
        self.bFactor = bFactor
    }
}

extension [PointScatterer] {
    /// The mean position, weighted; the zero vector if the weights sum to nothing.
    public var centreOfMass: SIMD3<Double> {
        var (sum, total) = (SIMD3<Double>.zero, 0.0)
        for scatterer in self {
            sum += scatterer.position * scatterer.weight
            total += scatterer.weight
        }
        return total == 0 ? .zero : sum / total
    }

    /// The same scatterers with the centre of mass at the origin.
    public func centred() -> [PointScatterer] {
        let centre = centreOfMass
        return map { scatterer in
            var moved = scatterer
            moved.position -= centre
            return moved
        }
    }

    /// The largest distance of a scatterer from the origin, in Å.
    public var largestRadius: Double {
        (map { dot($0.position, $0.position) }.max() ?? 0).squareRoot()
    }
}
