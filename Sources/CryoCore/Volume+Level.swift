extension Volume {
    /// The density less its mean outside the sphere that its box holds: what a mask would else cut to a ball.
    public var aboveBackground: Volume {
        let (n, middle) = (boxSize, boxSize / 2)
        var (sum, count) = (0.0, 0)
        for (place, value) in voxels.enumerated() {
            let (x, y, z) = (place % n - middle, place / n % n - middle, place / (n * n) - middle)
            guard x * x + y * y + z * z > middle * middle else { continue }
            sum += Double(value)
            count += 1
        }
        var result = self
        let level = Float(sum / Double(max(1, count)))
        if level != 0 { result.voxels = voxels.map { $0 - level } }
        return result
    }

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
