import CCPU
import Dispatch
import Synchronization

/// The parallel loop: how many threads work, and how indices reach them.
///
/// Results must not depend on the number of threads, so a body may write only what belongs to its index.
public struct Parallel: Sendable {
    /// Threads that work at once; at least 1.
    public let threads: Int

    /// Makes a loop of `threads` threads, or of one a CPU that this process may use.
    public init(threads: Int? = nil) {
        self.threads = max(1, threads ?? Int(cpu_allowed_count()))
    }

    /// Calls `body` once for each index in `0..<count`; indices are claimed one by one.
    public func forEach(_ count: Int, _ body: @Sendable (_ index: Int) -> Void) {
        forEachWorker(count) { _, index in body(index) }
    }

    /// Calls `body` once for each index, with the number (below ``threads``) of the worker that runs it.
    ///
    /// A worker runs one body at a time, so it can own scratch memory.
    public func forEachWorker(_ count: Int, _ body: @Sendable (_ worker: Int, _ index: Int) -> Void) {
        guard threads > 1, count > 1 else {
            for index in 0..<count { body(0, index) }
            return
        }
        let next = Atomic<Int>(0)
        DispatchQueue.concurrentPerform(iterations: min(threads, count)) { worker in
            while true {
                let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
                if index >= count { break }
                body(worker, index)
            }
        }
    }

    /// The results of `body` for each index, in order.
    public func map<Result: Sendable>(
        _ count: Int, _ body: @Sendable (_ index: Int) -> Result
    ) -> [Result] {
        mapWorker(count) { _, index in body(index) }
    }

    /// The results of `body` for each index, in order; see ``forEachWorker(_:_:)``.
    public func mapWorker<Result: Sendable>(
        _ count: Int, _ body: @Sendable (_ worker: Int, _ index: Int) -> Result
    ) -> [Result] {
        let slots = Mutex([Result?](repeating: nil, count: count))
        forEachWorker(count) { worker, index in
            let result = body(worker, index)
            slots.withLock { $0[index] = result }
        }
        return slots.withLock { $0.compactMap { $0 } }
    }
}
