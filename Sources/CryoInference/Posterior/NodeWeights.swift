/// The weights of a batch's quadrature nodes: the shift prior, and those of the cells that were drawn.
struct NodeWeights: Sendable {
    /// Logarithms of the shifts' prior weights; shape `[image][shift]`.
    let logPriors: [[Float]]
    /// −ln π of each drawn cell, −∞ for the others; shape `[image][block][pair]`.
    ///
    /// Nil if all cells are evaluated.
    let cells: [[Float]]?
    /// Pairs of shifts.
    let pairCount: Int

    /// The same without the weights of drawn cells.
    var unweighted: NodeWeights {
        NodeWeights(logPriors: logPriors, cells: nil, pairCount: pairCount)
    }

    /// The images of the batch.
    var slots: Range<Int> { logPriors.indices }

    /// Whether every cell of every image is evaluated.
    var isExact: Bool { cells == nil }

    /// The logarithm of a cell's weight; −∞ if it is not evaluated.
    func logWeight(slot: Int, block: Int, pair: Int) -> Float {
        cells.map { $0[slot][block * pairCount + pair] } ?? 0
    }

    /// Whether any cell of a block is evaluated for an image.
    func touches(slot: Int, block: Int) -> Bool {
        guard let cells else { return true }
        return cells[slot][(block * pairCount)..<((block + 1) * pairCount)].contains { $0 > -.infinity }
    }

    /// The part of an image's cells that is evaluated.
    func evaluatedFraction(slot: Int) -> Double {
        guard let cells else { return 1 }
        return Double(cells[slot].count { $0 > -.infinity }) / Double(max(1, cells[slot].count))
    }
}
