/// What the anneals of a run differ in besides their random starts.
struct AnnealKind: Equatable {
    /// The limit as a resolution, in Å.
    var resolution: Double
    /// Images in its largest minibatch.
    var batchSize: Int
}

extension AnnealKind {
    /// The kind of a plan's anneal; nil for an empty plan.
    init?(_ plans: [IterationPlan], boxLength: Double) {
        guard let last = plans.endOfAnneal ?? plans.first else { return nil }
        let largest = plans.lazy.filter { $0.phase == .anneal }.map(\.batchSize).max()
        self.init(resolution: boxLength / Double(last.ringCount), batchSize: largest ?? last.batchSize)
    }
}
