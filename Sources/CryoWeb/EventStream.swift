import CryoCore
import FlyingSocks
import Foundation

/// A page's server-sent events: asks its feed twice a second, and writes only what is new.
struct EventStream: AsyncBufferedSequence {
    typealias Element = UInt8
    let feed: RunFeed
    let seat: Seat

    func makeAsyncIterator() -> Iterator { Iterator(feed: feed, seat: seat) }

    struct Iterator: AsyncBufferedIteratorProtocol {
        private let feed: RunFeed
        private let seat: Seat
        private var seen = RunFeed.Seen()
        private var hasBegun = false
        private var isOver = false
        private var pending: ArraySlice<UInt8> = []

        init(feed: RunFeed, seat: Seat) {
            self.feed = feed
            self.seat = seat
        }

        mutating func next() async throws -> UInt8? {
            if pending.isEmpty { pending = ArraySlice(try await nextBuffer(suggested: 1) ?? []) }
            return pending.popFirst()
        }

        mutating func nextBuffer(suggested count: Int) async throws -> [UInt8]? {
            guard !isOver else { return nil }
            if !hasBegun {
                hasBegun = true
                return Array("retry: 2000\n\n".utf8)
            }
            // A line every ten seconds finds out who has gone.
            for _ in 0..<20 {
                let (events, isLast) = await feed.news(&seen)
                isOver = isLast
                if !events.isEmpty { return events }
                try await Task.sleep(for: .milliseconds(500))
            }
            return Array(": still here\n\n".utf8)
        }
    }
}

/// The right to listen to events; so many and no more.
final class Seat: Sendable {
    private let room: Room

    /// How many seats there are.
    final class Room: Sendable {
        private let taken = Mutex(0)
        private let limit: Int

        init(limit: Int) { self.limit = limit }

        /// A seat, if one is free.
        func seat() -> Seat? {
            let isFree = taken.withLock { count in
                guard count < limit else { return false }
                count += 1
                return true
            }
            return isFree ? Seat(self) : nil
        }

        /// How many listen.
        var count: Int { taken.withLock { $0 } }

        fileprivate func leave() { taken.withLock { $0 -= 1 } }
    }

    private init(_ room: Room) { self.room = room }

    deinit { room.leave() }
}
