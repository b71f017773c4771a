import CryoCore

/// The order in which particles are visited, a pure function of the seed.
struct ParticleOrder: Sendable, Codable {
    private let particles: [Int]
    /// The particles that are visited.
    var count: Int { particles.count }
    private let seed: UInt64
    private let hasFixedBatches: Bool
    private var epoch: UInt32 = 0
    private var position = 0
    private var permutation: [Int] = []

    /// A minibatch.
    struct Batch: Sendable {
        /// The particles.
        var indices: [Int]
        /// Its number; with fixed batches, the same number means the same particles.
        var number: Int
    }

    /// Begins the first epoch.
    ///
    /// - Parameters:
    ///   - particles: The particles to visit.
    ///   - seed: The seed.
    ///   - hasFixedBatches: Whether every epoch visits the same minibatches in the same order, as methods need that
    ///     store a gradient for each; otherwise each epoch is a new permutation.
    init(particles: [Int], seed: UInt64, hasFixedBatches: Bool) {
        self.particles = particles
        self.seed = seed
        self.hasFixedBatches = hasFixedBatches
        shuffle()
    }

    /// The next minibatch, of about `size` particles; all of them if `size` says so.
    ///
    /// Those that `sitsOut` tells are passed over; fixed batches and whole sets have all.
    mutating func next(_ size: Int, without sitsOut: (Int) -> Bool = { _ in false }) -> Batch {
        guard size < count else { return Batch(indices: particles, number: 0) }
        return hasFixedBatches ? nextFixed(size) : nextShuffled(size, sitsOut)
    }

    /// Some `size` particles, the same at each call with a seed, whatever the order; all of them if `size` says so.
    func some(_ size: Int, seed: UInt64) -> Batch {
        guard size < count else { return Batch(indices: particles, number: 0) }
        var stream = RandomStream(seed: seed, stream: 0x0DE7)
        return Batch(indices: Array(particles.shuffled(using: &stream).prefix(size)).sorted(), number: 0)
    }

    /// One of ⌊count / size⌋ batches of nearly equal size.
    private mutating func nextFixed(_ size: Int) -> Batch {
        let batches = max(1, count / max(1, size))
        let number = position % batches
        position += 1
        return Batch(
            indices: Array(permutation[(number * count / batches)..<((number + 1) * count / batches)]),
            number: number)
    }

    /// The next `size` particles; an epoch's last ones are joined by the first of the next.
    private mutating func nextShuffled(_ size: Int, _ sitsOut: (Int) -> Bool) -> Batch {
        let number = position / max(1, size)
        var indices = [Int]()
        // Each is looked at once at most, so that a batch ends even if all sit out.
        for _ in 0..<count where indices.count < size {
            if position == count {
                epoch += 1
                shuffle()
                // No batch holds a particle twice.
                let taken = Set(indices)
                permutation = permutation.filter { !taken.contains($0) } + permutation.filter(taken.contains)
            }
            if !sitsOut(permutation[position]) { indices.append(permutation[position]) }
            position += 1
        }
        return Batch(indices: indices, number: number)
    }

    /// Splits the particles of a set into those to learn from and `count` others, held out; both ascending.
    static func split(_ particleCount: Int, heldOut count: Int, seed: UInt64) -> (
        learning: [Int], heldOut: [Int]
    ) {
        var stream = RandomStream(seed: seed, stream: 0x0DE6)
        let order = count > 0 ? Array(0..<particleCount).shuffled(using: &stream) : Array(0..<particleCount)
        return (order.dropFirst(count).sorted(), order.prefix(count).sorted())
    }

    private mutating func shuffle() {
        var stream = RandomStream(seed: seed, stream: 0x0DE5, substream: epoch)
        permutation = particles.shuffled(using: &stream)
        position = 0
    }
}
