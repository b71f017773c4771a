import CryoCore

/// Opened stacks, of which only the most recently used keep a descriptor.
///
/// Data sets have a stack for each of ten thousand micrographs; a process may open about a thousand files. A
/// reader holds its own copy of a stack, so closing one here never interrupts it.
final class StackPool: Sendable {
    /// The stacks' paths.
    let paths: [String]

    private struct State {
        var stacks: [Int: (stack: ImageStack, use: Int)] = [:]
        var clock = 0
    }

    private let capacity: Int
    private let state = Mutex(State())

    init(paths: [String], capacity: Int = 256) {
        self.paths = paths
        self.capacity = max(1, capacity)
    }

    /// The number of stacks that are open.
    var openCount: Int { state.withLock { $0.stacks.count } }

    /// The stack of a number, opened if need be.
    func stack(_ index: Int) throws(FileError) -> ImageStack {
        let known = state.withLock { state -> ImageStack? in
            state.clock += 1
            guard let entry = state.stacks[index] else { return nil }
            state.stacks[index]?.use = state.clock
            return entry.stack
        }
        if let known { return known }
        // Opened outside the lock: a slow disk must not stop the other readers.
        let stack = try ImageStack(path: paths[index])
        state.withLock { state in
            if state.stacks.count >= capacity,
                let oldest = state.stacks.min(by: { $0.value.use < $1.value.use })
            {
                state.stacks[oldest.key] = nil
            }
            state.stacks[index] = (stack, state.clock)
        }
        return stack
    }
}
