import CryoCore

/// Whether the first iterations of a run come out the same when they are made again.
public struct Verification: Sendable {
    /// Iterations that were compared.
    public let count: Int
    /// The first that differs; nil if none does.
    public let difference: Difference?

    /// An iteration that came out otherwise.
    public struct Difference: Sendable {
        /// What the run recorded.
        public let recorded: IterationStatistics
        /// What it is now.
        public let found: IterationStatistics

        /// The number of the iteration and the values that differ.
        public var description: String {
            let values: [(String, String, String)] = [
                ("images", "\(recorded.batchSize)", "\(found.batchSize)"),
                ("log-evidence", "\(recorded.logEvidence)", "\(found.logEvidence)"),
                ("effective poses", "\(recorded.effectivePoses)", "\(found.effectivePoses)"),
                ("density", Self.short(recorded.densityHash), Self.short(found.densityHash)),
            ]
            let differences = values.filter { $0.1 != $0.2 }.map { "\($0.0) \($0.2) instead of \($0.1)" }
            return "iteration \(recorded.iteration + 1): \(differences.joined(separator: ", "))"
        }

        private static func short(_ hash: String?) -> String { String((hash ?? "none").prefix(12)) }

        init?(_ recorded: IterationStatistics, _ found: IterationStatistics) {
            let isSame =
                recorded.batchSize == found.batchSize && recorded.logEvidence == found.logEvidence
                && recorded.effectivePoses == found.effectivePoses
                && recorded.densityHash == found.densityHash
            guard !isSame else { return nil }
            (self.recorded, self.found) = (recorded, found)
        }
    }
}

extension RunRecord {
    /// How many iterations can be made again one by one.
    ///
    /// A run that was extended is another after that.
    ///
    /// - Parameter beginning: What the run was before it was extended; nil if it was not.
    public func verifiableIterations(before beginning: RunPlan.Beginning?) -> Int {
        min(iterations.count, beginning?.iterationCount ?? .max)
    }

    /// The iterations that took a tenth of the run's time; at least three.
    public var firstTenth: Int {
        var spent = 0.0
        let early = iterations.prefix { entry in
            spent += entry.duration ?? 0
            return spent <= seconds / 10
        }
        return max(3, early.count)
    }
}

extension Reconstruction {
    private struct Enough: Error {}

    /// Makes the first iterations of a run again and compares densities and evidence bit by bit.
    ///
    /// - Parameters:
    ///   - record: What the run recorded; with the settings of this one.
    ///   - count: Iterations, at most ``RunRecord/verifiableIterations(before:)``.
    ///   - report: Called after each iteration.
    /// - Throws: What ``run(from:report:checkpoint:)`` throws.
    public func verify(
        _ record: RunRecord, iterations count: Int, report: (IterationStatistics) -> Void = { _ in }
    ) throws -> Verification {
        var seen = 0
        var difference: Verification.Difference?
        do {
            try remake(record.starts) { entry in
                report(entry)
                guard seen < count else { return }
                difference = Verification.Difference(record.iterations[seen], entry)
                seen += 1
            } checkpoint: { _ in
                if difference != nil || seen >= count { throw Enough() }
            }
        } catch is Enough {}
        return Verification(count: seen, difference: difference)
    }
}
