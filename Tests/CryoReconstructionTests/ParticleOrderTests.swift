import Testing

@testable import CryoReconstruction

/// The order in which particles are visited.
struct ParticleOrderTests {
    /// Iterations with momentum see the same images, spread over the set.
    @Test func someParticlesAreTheSameEachTime() {
        var order = ParticleOrder(particles: Array(0..<1000), seed: 3, hasFixedBatches: false)
        let some = order.some(100, seed: 5)
        _ = order.next(300)
        #expect(order.some(100, seed: 5).indices == some.indices && Set(some.indices).count == 100)
        #expect(some.indices == some.indices.sorted())
        // Of a hundred at random out of a thousand, 50 ± 5 are in its first half.
        #expect((30...70).contains(some.indices.count { $0 < 500 }))
        #expect(order.some(1000, seed: 5).indices == Array(0..<1000))
    }

    @Test(arguments: [(10, 3), (100, 7), (64, 64), (5, 1), (99, 98)])
    func everyEpochVisitsEachParticleOnce(count: Int, size: Int) {
        var order = ParticleOrder(particles: Array(0..<count), seed: 3, hasFixedBatches: false)
        var visits = [Int]()
        while visits.count < 4 * count { visits += order.next(size).indices }
        for epoch in 0..<4 {
            let part = visits[(epoch * count)..<((epoch + 1) * count)]
            #expect(part.sorted() == Array(0..<count))
        }
    }

    /// A batch lies within an epoch or across two, and never visits a particle twice.
    @Test(arguments: [(10, 3), (99, 98), (100, 60)]) func noBatchHoldsAParticleTwice(count: Int, size: Int) {
        var order = ParticleOrder(particles: Array(0..<count), seed: 8, hasFixedBatches: false)
        for _ in 0..<50 {
            let batch = order.next(size).indices
            #expect(batch.count == size && Set(batch).count == size)
        }
    }

    @Test func thoseThatSitOutArePassedOver() {
        var order = ParticleOrder(particles: Array(0..<20), seed: 8, hasFixedBatches: false)
        for _ in 0..<10 {
            let batch = order.next(6) { $0 < 10 }
            #expect(batch.indices.count == 6 && batch.indices.allSatisfy { $0 >= 10 })
        }
        #expect(order.next(15) { $0 < 10 }.indices.sorted() == Array(10..<20))
        #expect(order.next(6) { _ in true }.indices.isEmpty)
    }

    @Test func orderIsAFunctionOfTheSeed() {
        func visits(_ seed: UInt64) -> [[Int]] {
            var order = ParticleOrder(particles: Array(0..<50), seed: seed, hasFixedBatches: false)
            return (0..<20).map { _ in order.next(12).indices }
        }
        #expect(visits(1) == visits(1))
        #expect(visits(1) != visits(2))
        let first = visits(1).flatMap { $0 }
        #expect(Array(first[0..<50]) != Array(first[50..<100]), "each epoch has its own order")
    }

    /// Methods that store a gradient for each minibatch need the same one to come again.
    @Test(arguments: [(10, 3), (100, 7), (64, 32), (5, 1), (99, 98)])
    func fixedBatchesComeAgainAsTheyWere(count: Int, size: Int) {
        var order = ParticleOrder(particles: Array(0..<count), seed: 3, hasFixedBatches: true)
        let batches = count / size
        let epochs = (0..<3).map { _ in (0..<batches).map { _ in order.next(size) } }
        for epoch in epochs {
            #expect(epoch.map(\.number) == Array(0..<batches))
            #expect(epoch.map(\.indices) == epochs[0].map(\.indices))
            #expect(epoch.flatMap(\.indices).sorted() == Array(0..<count))
            // What does not divide evenly is shared out.
            #expect(
                epoch.allSatisfy {
                    (size...(size + (count % size + batches - 1) / batches)).contains($0.indices.count)
                })
        }
    }

    @Test func heldOutParticlesAreNeverLearntFrom() {
        let split = ParticleOrder.split(100, heldOut: 10, seed: 4)
        #expect(split.heldOut.count == 10)
        #expect((split.learning + split.heldOut).sorted() == Array(0..<100))
        #expect(split.heldOut != ParticleOrder.split(100, heldOut: 10, seed: 5).heldOut)
        #expect(ParticleOrder.split(7, heldOut: 0, seed: 4).learning == Array(0..<7))
        var order = ParticleOrder(particles: split.learning, seed: 1, hasFixedBatches: false)
        for _ in 0..<20 { #expect(Set(order.next(30).indices).isDisjoint(with: split.heldOut)) }
    }

    @Test(arguments: [5, 6, 1000]) func aBatchAsLargeAsTheSetIsTheSet(size: Int) {
        var order = ParticleOrder(particles: Array(0..<5), seed: 1, hasFixedBatches: false)
        for _ in 0..<3 { #expect(order.next(size).indices == [0, 1, 2, 3, 4]) }
    }
}
