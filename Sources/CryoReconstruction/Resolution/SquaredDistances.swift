/// The distance of each voxel of a cube from the nearest of some of them, exactly, in a time that does not depend on the distances.
///
/// Felzenszwalb and Huttenlocher, Theory of Computing 8 (2012), 415: along a line the least of the parabolas
/// (p − q)² + f(q) is their lower envelope, and one axis follows the other.
enum SquaredDistances {
    /// The squares of the distances in voxels; shape `[z][y][x]`, infinite where nothing is inside.
    static func from(_ isInside: [Bool], boxSize n: Int) -> [Float] {
        var squares = isInside.map { $0 ? 0 : Float.infinity }
        var line = Line(count: n)
        for step in [1, n, n * n] {
            for first in 0..<n * n {
                // The first voxel of each line along this axis.
                let (outer, inner) = first.quotientAndRemainder(dividingBy: step)
                let start = outer * step * n + inner
                for place in 0..<n { line.values[place] = squares[start + place * step] }
                line.transform()
                for place in 0..<n { squares[start + place * step] = line.values[place] }
            }
        }
        return squares
    }

    private struct Line {
        var values: [Float]
        /// Where the envelope's parabolas stand, and from where on each is the least.
        private var stands: [Int]
        private var beginnings: [Float]

        init(count: Int) {
            values = [Float](repeating: 0, count: count)
            stands = [Int](repeating: 0, count: count)
            beginnings = [Float](repeating: 0, count: count)
        }

        mutating func transform() {
            var count = 0
            for place in values.indices where values[place] < .infinity {
                var beginning = -Float.infinity
                while count > 0 {
                    beginning = meeting(of: stands[count - 1], and: place)
                    if beginning > beginnings[count - 1] { break }
                    count -= 1
                }
                stands[count] = place
                beginnings[count] = count == 0 ? -.infinity : beginning
                count += 1
            }
            guard count > 0 else { return }
            let heights = values
            var parabola = 0
            for place in values.indices {
                while parabola + 1 < count, beginnings[parabola + 1] < Float(place) { parabola += 1 }
                let distance = Float(place - stands[parabola])
                values[place] = distance * distance + heights[stands[parabola]]
            }
        }

        /// Where the parabolas of two places cross.
        private func meeting(of p: Int, and q: Int) -> Float {
            let difference = values[q] - values[p] + Float(q * q - p * p)
            return difference / Float(2 * (q - p))
        }
    }
}
