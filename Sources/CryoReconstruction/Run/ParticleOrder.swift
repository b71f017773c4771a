import CryoCore

/// The order in which particles are visited: a new permutation every epoch, a pure function of the seed.
struct ParticleOrder: Sendable {
    private let count: Int
    private let seed: UInt64
    private var epoch: UInt32 = 0
    private var position = 0
    private var permutation: [Int] = []

    /// A minibatch.
    struct Batch: Sendable {
        /// The particles.
        var indices: [Int]
        /// Its number within the epoch.
        var number: Int
    }

    init(count: Int, seed: UInt64) {
        self.count = count
        self.seed = seed
        shuffle()
    }

    /// The next `size` particles; an epoch's last ones are joined by the first of the next.
    mutating func next(_ size: Int) -> Batch {
        let number = position / max(1, size)
        guard size < count else { return Batch(indices: Array(0..<count), number: 0) }
        var indices = [Int]()
        while indices.count < size {
            if position == count {
                epoch += 1
                shuffle()
            }
            let taken = min(size - indices.count, count - position)
            indices += permutation[position..<(position + taken)]
            position += taken
        }
        return Batch(indices: indices, number: number)
    }

    private mutating func shuffle() {
        var stream = RandomStream(seed: seed, stream: 0x0DE5, substream: epoch)
        permutation = Array(0..<count).shuffled(using: &stream)
        position = 0
    }
}
