/// An atom of a model.
public struct Atom: Sendable, Equatable {
    /// The chemical element.
    public var element: ChemicalElement
    /// Where the atom is, in Å.
    public var position: SIMD3<Double>
    /// The fraction of molecules that have the atom here.
    public var occupancy: Double
    /// The atom's displacement 8π²⟨u²⟩, in Å².
    public var bFactor: Double

    /// Makes an atom; Å and Å².
    public init(element: ChemicalElement, position: SIMD3<Double>, occupancy: Double = 1, bFactor: Double = 0)
    {
        self.element = element
        self.position = position
        self.occupancy = occupancy
        self.bFactor = bFactor
    }
}

/// A chemical element.
public struct ChemicalElement: Sendable, Hashable {
    /// The number of protons.
    public let atomicNumber: Int

    /// The symbol, such as `Fe`.
    public var symbol: String { Self.symbols[atomicNumber - 1] }

    /// Looks up a symbol in either case; nil if there is no such element.
    ///
    /// Deuterium counts as hydrogen.
    public init?(symbol: String) {
        let name = symbol.prefix(1).uppercased() + symbol.dropFirst().lowercased()
        guard let number = Self.numbers[name] else { return nil }
        atomicNumber = number
    }

    private static let symbols = """
        H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se \
        Br Kr Rb Sr Y Zr Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb \
        Dy Ho Er Tm Yb Lu Hf Ta W Re Os Ir Pt Au Hg Tl Pb Bi Po At Rn Fr Ra Ac Th Pa U Np Pu Am Cm \
        Bk Cf Es Fm
        """.split(separator: " ").map(String.init)

    private static let numbers: [String: Int] = {
        var numbers = ["D": 1]
        for (index, symbol) in symbols.enumerated() { numbers[symbol] = index + 1 }
        return numbers
    }()
}
