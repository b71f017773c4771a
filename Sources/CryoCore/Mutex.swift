#if THREAD_SANITIZER
    import Foundation

    /// A value behind a lock that the thread sanitizer sees; the library's is a futex, which it does not.
    public final class Mutex<Value>: @unchecked Sendable {
        private let lock = NSLock()
        private var value: Value

        /// Puts a value behind a lock.
        public init(_ value: sending Value) { self.value = value }

        /// Calls `body` with the value while no other thread has it.
        public func withLock<Result, Failure: Error>(
            _ body: (inout Value) throws(Failure) -> Result
        ) throws(Failure) -> Result {
            lock.lock()
            defer { lock.unlock() }
            return try body(&value)
        }
    }
#else
    public import Synchronization

    /// A value behind a lock; one name for it, so that `make sanitize` can put another one here.
    public typealias Mutex = Synchronization.Mutex
#endif
