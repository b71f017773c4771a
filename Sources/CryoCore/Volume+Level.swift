extension Volume {
    /// The value above which this part of the positive density lies; nil if none is positive.
    public func level(enclosing part: Double) -> Float? {
        let positive = voxels.filter { $0 > 0 }.sorted(by: >)
        let total = positive.reduce(0.0) { $0 + Double($1) }
        var sum = 0.0
        for value in positive {
            sum += Double(value)
            if sum >= part * total { return value }
        }
        return nil
    }
}
