/// Minimises a function of a few parameters without derivatives (Nelder & Mead, Computer Journal 1965).
package struct NelderMead {
    /// Stops after this many evaluations.
    package var evaluationLimit = 200
    /// Stops when the values at the corners differ by less.
    package var valueTolerance = 1e-6

    /// Makes a search.
    package init(evaluationLimit: Int = 200) { self.evaluationLimit = evaluationLimit }

    /// The best parameters found and the function's value there.
    package struct Minimum {
        package var parameters: [Double]
        package var value: Double
    }

    /// Starts from a simplex with one corner at `start` and the others one `step` away along each axis.
    package func minimise(from start: [Double], step: Double = 1, _ function: ([Double]) -> Double) -> Minimum
    {
        var corners = [Minimum(parameters: start, value: function(start))]
        for axis in start.indices {
            var point = start
            point[axis] += step
            corners.append(Minimum(parameters: point, value: function(point)))
        }
        var evaluations = corners.count
        while evaluations < evaluationLimit {
            corners.sort { $0.value < $1.value }
            let worst = corners[corners.count - 1]
            if worst.value - corners[0].value < valueTolerance { break }
            let centre = Self.centre(corners.dropLast())
            func probe(_ factor: Double) -> Minimum {
                evaluations += 1
                let point = zip(centre, worst.parameters).map { $0 + factor * ($0 - $1) }
                return Minimum(parameters: point, value: function(point))
            }
            let reflected = probe(1)
            if reflected.value < corners[0].value {
                let expanded = probe(2)
                corners[corners.count - 1] = expanded.value < reflected.value ? expanded : reflected
            } else if reflected.value < corners[corners.count - 2].value {
                corners[corners.count - 1] = reflected
            } else {
                let contracted = reflected.value < worst.value ? probe(0.5) : probe(-0.5)
                if contracted.value < min(reflected.value, worst.value) {
                    corners[corners.count - 1] = contracted
                } else {
                    Self.shrink(&corners, function)
                    evaluations += corners.count - 1
                }
            }
        }
        return corners.min { $0.value < $1.value } ?? corners[0]
    }

    private static func centre(_ corners: ArraySlice<Minimum>) -> [Double] {
        var sum = [Double](repeating: 0, count: corners.first?.parameters.count ?? 0)
        for corner in corners { for axis in sum.indices { sum[axis] += corner.parameters[axis] } }
        return sum.map { $0 / Double(corners.count) }
    }

    /// Moves every corner half-way to the best, which comes first.
    private static func shrink(_ corners: inout [Minimum], _ function: ([Double]) -> Double) {
        let best = corners[0].parameters
        for index in corners.indices.dropFirst() {
            let point = zip(best, corners[index].parameters).map { 0.5 * ($0 + $1) }
            corners[index] = Minimum(parameters: point, value: function(point))
        }
    }
}
