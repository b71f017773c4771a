import CryoCore
import Testing

@Suite struct ParallelTests {
    @Test(arguments: [1, 2, 5])
    func everyIndexIsVisitedOnce(threads: Int) {
        for count in [0, 1, 2, 7, 1000] {
            let visits = Mutex([Int](repeating: 0, count: count))
            Parallel(threads: threads).forEach(count) { index in visits.withLock { $0[index] += 1 } }
            #expect(visits.withLock { $0.allSatisfy { $0 == 1 } })
        }
    }

    @Test func workersAreNumberedBelowTheirCountAndRunOneBodyAtATime() {
        let parallel = Parallel(threads: 3)
        let busy = Mutex([Bool](repeating: false, count: 3))
        let clashes = Mutex(0)
        parallel.forEachWorker(500) { worker, _ in
            let wasBusy = busy.withLock { busy in
                defer { busy[worker] = true }
                return busy[worker]
            }
            if wasBusy { clashes.withLock { $0 += 1 } }
            busy.withLock { $0[worker] = false }
        }
        #expect(clashes.withLock { $0 } == 0)
    }

    @Test func resultsKeepTheirOrder() {
        #expect(Parallel(threads: 4).map(100) { $0 * $0 } == (0..<100).map { $0 * $0 })
        #expect(Parallel(threads: 0).threads == 1)
    }
}
