import CryoCore

/// The frequencies of a box up to a radius, half of each Friedel pair, sorted into shells.
package struct ShellLattice: Sendable {
    /// The largest shell.
    package let shellLimit: Int
    /// The frequencies, in units of 1/box; shape `[point]`.
    package let points: [SIMD3<Float>]
    /// The shell of each point.
    package let shells: [Int]
    /// The square root of the number of points of each shell: how much a shell's correlation counts.
    ///
    /// The noise of a correlation falls with that root, so it is the weight of a score.
    package let weights: [Double]

    /// Makes the lattice of shells 1 … `shellLimit`; of larger ones, evenly spread points are kept.
    package init(shellLimit: Int, pointLimit: Int = .max) {
        self.shellLimit = shellLimit
        var (points, shells) = ([SIMD3<Float>](), [Int]())
        let reach = shellLimit + 1
        for kx in 0...reach {
            for ky in -reach...reach {
                for kz in -reach...reach {
                    guard kx > 0 || ky > 0 || (ky == 0 && kz > 0) else { continue }
                    let shell = FourierShellCorrelation.shell(kx, ky, kz)
                    guard shell <= shellLimit else { continue }
                    points.append([Float(kx), Float(ky), Float(kz)])
                    shells.append(shell)
                }
            }
        }
        if points.count > pointLimit {
            // The golden ratio strides through the rows without falling into step with them.
            let kept = points.indices.filter { index in
                let position = Double(index) * 0.618_033_988_749_895
                return position - position.rounded(.down) < Double(pointLimit) / Double(points.count)
            }
            (points, shells) = (kept.map { points[$0] }, kept.map { shells[$0] })
        }
        var counts = [Double](repeating: 0, count: shellLimit + 1)
        for shell in shells { counts[shell] += 1 }
        self.points = points
        self.shells = shells
        weights = counts.map { $0.squareRoot() }
    }

    /// The mean power of each shell.
    package func power(_ values: [Complex]) -> [Double] {
        var sums = [Double](repeating: 0, count: shellLimit + 1)
        for (index, value) in values.enumerated() { sums[shells[index]] += Double((value * value).sum()) }
        return zip(sums, weights).map { $1 > 0 ? $0 / ($1 * $1) : 0 }
    }

    /// The values divided by the root of their shell's mean power.
    package func whitened(_ values: [Complex]) -> [Complex] {
        let scales = power(values).map { $0 > 0 ? Float(1 / $0.squareRoot()) : 0 }
        return values.indices.map { values[$0] * scales[shells[$0]] }
    }
}
