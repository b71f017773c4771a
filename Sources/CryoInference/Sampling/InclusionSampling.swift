import CryoCore

/// Systematic sampling without replacement: item i is drawn with probability π_i = min(1, s q_i) and weighs 1/π_i
/// (Horvitz–Thompson), so sums over what is drawn are unbiased.
///
/// One uniform number decides for all items. Items that matter are certain and the others spread evenly; the paper's
/// multinomial draws put noise on the weights of the certain ones too.
enum InclusionSampling {
    /// π_i = min(1, s q_i) with s such that they sum to `count`.
    static func inclusions(_ probabilities: [Float], count: Double) -> [Float] {
        guard count < Double(probabilities.count) else {
            return probabilities.map { $0 > 0 ? 1 : 0 }
        }
        let total = probabilities.reduce(0.0) { $0 + Double($1) }
        guard total > 0 else { return probabilities }
        var scale = count / total
        for _ in 0..<50 {
            var (certain, rest) = (0.0, 0.0)
            for q in probabilities {
                let value = Double(q)
                if scale * value >= 1 { certain += 1 } else { rest += value }
            }
            guard rest > 0, certain < count else { break }
            let next = (count - certain) / rest
            if abs(next - scale) <= 1e-6 * scale { break }
            scale = next
        }
        return probabilities.map { Float(min(1, scale * Double($0))) }
    }

    /// The items drawn, in order; draws lie one unit apart on the line of cumulated π, from `start` in [0, 1).
    ///
    /// Where the π sum to one or more something is always drawn; should rounding prevent it, the likeliest.
    static func draw(_ inclusions: [Float], start: Double) -> [Int] {
        var drawn = [Int]()
        var position = start
        for (item, inclusion) in inclusions.enumerated() {
            let probability = Double(inclusion)
            if probability >= 1 {
                drawn.append(item)
            } else if position < probability {
                drawn.append(item)
                position += 1 - probability
            } else {
                position -= probability
            }
        }
        if drawn.isEmpty, inclusions.reduce(0.0, { $0 + Double($1) }) > 0.999 {
            return inclusions.indices.max { inclusions[$0] < inclusions[$1] }.map { [$0] } ?? []
        }
        return drawn
    }

    /// 1/Σq² of probabilities that need not sum to one.
    static func effectiveCount(_ probabilities: [Float]) -> Double {
        var (sum, squares) = (0.0, 0.0)
        for q in probabilities {
            sum += Double(q)
            squares += Double(q) * Double(q)
        }
        return squares > 0 ? sum * sum / squares : 0
    }
}
