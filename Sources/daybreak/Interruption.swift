import CryoReport
import Foundation
import Synchronization

/// SIGINT, SIGTERM, and SIGHUP of a terminal that goes, as a wish to stop after the iteration, or within one over very many
/// particles; a second one ends the program at once.
enum Interruption {
    private static let received = Atomic<Int32>(0)

    /// The signal that came, if one did.
    static var signal: Int32? {
        let number = received.load(ordering: .relaxed)
        return number == 0 ? nil : number
    }

    /// Stops after the iteration, as SIGINT does; asked for again it changes nothing.
    static func stop() { _ = received.compareExchange(expected: 0, desired: SIGINT, ordering: .relaxed) }

    /// Whether the program is to outlive its terminal, as nohup has it.
    private static var isHangUpIgnored: Bool {
        var present = sigaction()
        unsafe sigaction(SIGHUP, nil, &present)
        return unsafe present.__sigaction_handler.sa_handler != nil
    }

    /// Listens from now on.
    static func listen() {
        let numbers = [SIGINT, SIGTERM] + (isHangUpIgnored ? [] : [SIGHUP])
        // Whoever started the program may have blocked them.
        var wanted = sigset_t()
        unsafe sigemptyset(&wanted)
        for number in numbers { unsafe sigaddset(&wanted, number) }
        unsafe pthread_sigmask(SIG_UNBLOCK, &wanted, nil)
        // Who reads the events may go before the run ends.
        Foundation.signal(SIGPIPE, SIG_IGN)
        for number in numbers {
            Foundation.signal(number) { number in
                // Whatever is interrupted may be about to look at its own error.
                let before = errno
                defer { errno = before }
                let earlier = Interruption.received.exchange(number, ordering: .relaxed)
                if earlier != 0 { _exit(128 + number) }
                // Safe: a literal's own bytes; `write` may be called here.
                let notice: StaticString =
                    "\nstopping soon; once more stops at once, and --resume goes on from the last checkpoint\n"
                if isatty(STDERR_FILENO) == 1 {
                    _ = unsafe write(STDERR_FILENO, notice.utf8Start, notice.utf8CodeUnitCount)
                }
            }
        }
    }
}

/// The end of a run that was asked to stop; it can go on.
struct Interrupted: Error {
    let signal: Int32
    let iteration: Int
    /// Whether there was a map to write.
    let hasMap: Bool
    let folder: String

    /// One line: what to do.
    var message: String {
        "stopped after iteration \(iteration)\(hasMap ? "; current.mrc is the map so far" : ""); "
            + "go on with: daybreak reconstruct --resume \(ShellWord.quoted(folder))"
    }
}
