import CryoCore
import CryoFiles

/// The particles of a source in an order of their own, which does not depend on the rows of a file.
///
/// Everything random in a run is keyed by a particle's place: minibatches, half-sets, draws, the images looked at first. A run
/// works in this order alone, so the same particles in other rows give the same map; only its result goes back to the rows.
/// Images of one stack are neighbours, which also suits the disk.
struct CanonicalOrder: ParticleSource {
    let particles: [Particle]
    let boxSize: Int
    let pixelSize: Double
    private let source: any ParticleSource
    /// The source's index of each particle.
    private let rows: [Int]

    /// Orders by stack, number in it, then whatever else is known of a particle.
    init(_ source: any ParticleSource) {
        let given = source.particles
        let keys = Self.keys(given)
        rows = given.indices.sorted { first, second in
            if keys[first] != keys[second] {
                return (keys[first].x, keys[first].y) < (keys[second].x, keys[second].y)
            }
            return Self.comesFirst(first, second, in: source) ?? (first < second)
        }
        particles = rows.map { given[$0] }
        (boxSize, pixelSize) = (source.boxSize, source.pixelSize)
        self.source = source
    }

    /// The particles whose image a particle before them has too.
    ///
    /// Copies would fall into both half-sets, which then agree on noise.
    var repetitions: [Int] {
        let names = particles.map { ImageName($0.imageName)?.numbered }
        // Neighbours in this order.
        return names.indices.dropFirst().filter { names[$0] != nil && names[$0] == names[$0 - 1] }
    }

    func image(_ index: Int) throws -> Image { try source.image(rows[index]) }

    /// The particles are held here again, with their rows.
    var metadataByteCount: Int {
        source.metadataByteCount + MemoryLayout<Particle>.stride + MemoryLayout<Int>.stride
    }

    /// Values by particle, in the order of the source.
    func inSourceOrder<Value>(_ values: [Value]) -> [Value] {
        var places = rows
        for (place, row) in rows.enumerated() { places[row] = place }
        return places.map { values[$0] }
    }

    /// Values of some particles, by their index in the source.
    func inSourceOrder<Value>(_ values: [Int: Value]) -> [Int: Value] {
        Dictionary(uniqueKeysWithValues: values.map { (rows[$0.key], $0.value) })
    }

    /// The stack, numbered by its name, and the number in it.
    private static func keys(_ particles: [Particle]) -> [SIMD2<Int>] {
        let names = particles.map { ImageName($0.imageName) }
        let paths = Set(names.map { $0?.path ?? "" }).sorted()
        let places = Dictionary(uniqueKeysWithValues: paths.enumerated().map { ($1, $0) })
        return names.map { SIMD2(places[$0?.path ?? ""] ?? 0, $0?.number ?? 1) }
    }

    /// Which of two particles of one image comes first; nil if nothing tells them apart.
    private static func comesFirst(_ first: Int, _ second: Int, in source: any ParticleSource) -> Bool? {
        let numbers = [first, second].map { Self.numbers(of: source.particles[$0]) }
        if numbers[0] != numbers[1] { return numbers[0].lexicographicallyPrecedes(numbers[1]) }
        let texts = [first, second].map { [source.particles[$0].imageName] + source.metadataText($0) }
        return texts[0] == texts[1] ? nil : texts[0].lexicographicallyPrecedes(texts[1])
    }

    private static func numbers(of particle: Particle) -> [Double] {
        let ctf = particle.ctf
        return [
            ctf.voltage, ctf.sphericalAberration, ctf.amplitudeContrast, ctf.defocusU, ctf.defocusV,
            ctf.defocusAngle.radians, ctf.phaseShift.radians, ctf.bFactor, ctf.scale,
        ]
    }
}
