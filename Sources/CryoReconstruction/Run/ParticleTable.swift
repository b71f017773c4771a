/// Values of some of a set's particles, by the particle's place in the set.
///
/// A dictionary of 50,000 poses takes two and a half times their memory; this one keeps only where they are in a dictionary, and
/// takes half as much.
struct ParticleTable<Value: Sendable>: Sendable {
    /// Where in ``values`` each particle's stands.
    private var places = [Int32: Int32]()
    private var values = [Value]()
    /// The particle of each value.
    private var owners = [Int32]()

    /// The value of a particle; nil if there is none.
    subscript(particle: Int) -> Value? {
        get { places[Int32(particle)].map { values[Int($0)] } }
        set {
            switch (places[Int32(particle)], newValue) {
            case (nil, nil): break
            case (nil, let value?): append(value, of: Int32(particle))
            case (let place?, let value?): values[Int(place)] = value
            case (let place?, nil): remove(Int(place), of: Int32(particle))
            }
        }
    }

    /// The particles that have a value, in order.
    var particles: [Int] { owners.sorted().map(Int.init) }

    /// Their values, in that order.
    var inOrder: [Value] { owners.indices.sorted { owners[$0] < owners[$1] }.map { values[$0] } }

    private mutating func append(_ value: Value, of particle: Int32) {
        if values.count == values.capacity {
            // Arrays grow to twice their size by themselves.
            values.reserveCapacity(values.count + max(64, values.count / 8))
        }
        places[particle] = Int32(values.count)
        values.append(value)
        owners.append(particle)
    }

    /// The last value takes the place of the one that goes.
    private mutating func remove(_ place: Int, of particle: Int32) {
        places[particle] = nil
        let (value, owner) = (values.removeLast(), owners.removeLast())
        guard place < values.count else { return }
        (values[place], owners[place]) = (value, owner)
        places[owner] = Int32(place)
    }
}
