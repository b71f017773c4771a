import CryoKernelInterface

// ★ The hot path. Goals, in order: exact (float rounding only); no memory traffic beyond the block's slices and
// the column pair; vectors full. See ``PoseKernels`` for the algebra and the layouts.

private let lanes = PoseKernels.laneCount
private let elementStride = 2 * PoseKernels.laneCount

/// A column whose largest log-weight lies this far below the largest so far adds less than float precision holds:
/// some 4,000 points times exp(−27) is 10⁻⁸.
private let negligible: Float = 27

/// Fills the work space with β-free log-likelihoods E_d(ψ) + i·E₋d(ψ) of both columns, for one vector of lanes.
///
/// Relative to pure noise: Σ Re conj(D)T − ½ Σ C²|T|².
@inline(__always)
private func evaluateCircles(_ pair: ColumnPair, firstLane: Int) {
    let count = pair.transform.count
    let second = count &* elementStride
    let work = pair.workspace + firstLane
    let slices = pair.slices + firstLane
    for m in 0..<pair.orderCount {
        let span = pair.orders[m]
        var p = slices + Int(span.offset) &* elementStride
        var d = pair.columns + Int(span.offset) &* 4
        var (ap0, bq0, aq0, bp0) = (Lane.zero, Lane.zero, Lane.zero, Lane.zero)
        var (ap1, bq1, aq1, bp1) = (Lane.zero, Lane.zero, Lane.zero, Lane.zero)
        for _ in 0..<Int(span.count) {
            let (re, im) = (load(p), load(p + lanes))
            let (a0, b0, a1, b1) = (splat(d[0]), splat(d[1]), splat(d[2]), splat(d[3]))
            ap0 = fused(a0, re, ap0)
            bq0 = fused(b0, im, bq0)
            aq0 = fused(a0, im, aq0)
            bp0 = fused(b0, re, bp0)
            ap1 = fused(a1, re, ap1)
            bq1 = fused(b1, im, bq1)
            aq1 = fused(a1, im, aq1)
            bp1 = fused(b1, re, bp1)
            p += elementStride
            d += 4
        }
        storeOrder(work, count, m, ap0, bq0, aq0, bp0)
        storeOrder(work + second, count, m, ap1, bq1, aq1, bp1)
    }
    for index in pair.orderCount..<max(pair.orderCount, count &- pair.orderCount &+ 1) {
        for column in 0..<2 {
            let p = work + column &* second + index &* elementStride
            store(Lane.zero, p)
            store(Lane.zero, p + lanes)
        }
    }
    addNorms(pair, work, firstLane)
    addNorms(pair, work + second, firstLane)
    for column in 0..<pair.width {
        transformOneVector(
            pair.transform, work + column &* second, pair.transform.scratch + firstLane)
    }
}

/// Packs H = Σ conj(D)T and H′ = (−1)^m Σ conj(D)conj(T) as Z(±m) = H(±m) + i·H′(±m).
@inline(__always)
private func storeOrder(
    _ work: UnsafeMutablePointer<Float>, _ count: Int, _ m: Int, _ ap: Lane, _ bq: Lane, _ aq: Lane,
    _ bp: Lane
) {
    let (real, imaginary) = (ap + bq, aq - bp)
    let sign = splat(m & 1 == 0 ? 1 : -1)
    let (realOpposite, imaginaryOpposite) = (sign * (ap - bq), -(sign * (aq + bp)))
    let plus = work + m &* elementStride
    if m == 0 {
        store(real, plus)
        store(realOpposite, plus + lanes)
        return
    }
    let minus = work + (count &- m) &* elementStride
    store(real - imaginaryOpposite, plus)
    store(imaginary + realOpposite, plus + lanes)
    store(real + imaginaryOpposite, minus)
    store(realOpposite - imaginary, minus + lanes)
}

/// Adds the norm term −½ Σ C²|T|², whose even orders are given as four real sums.
@inline(__always)
private func addNorms(_ pair: ColumnPair, _ work: UnsafeMutablePointer<Float>, _ firstLane: Int) {
    for index in 0..<pair.normOrderCount {
        let norms = pair.norms + index &* 4 &* lanes + firstLane
        let (pc, qs) = (load(norms), load(norms + lanes))
        let (ps, qc) = (load(norms + 2 &* lanes), load(norms + 3 &* lanes))
        // |T|² has coefficients p + iq, C² has c + is; the product is with conj(c + is).
        let (real, imaginary) = (pc + qs, qc - ps)
        let (realOpposite, imaginaryOpposite) = (pc - qs, -(qc + ps))
        let m = 2 &* index
        let plus = work + m &* elementStride
        if m == 0 {
            store(load(plus) + real, plus)
            store(load(plus + lanes) + realOpposite, plus + lanes)
            continue
        }
        let minus = work + (pair.transform.count &- m) &* elementStride
        store(load(plus) + real - imaginaryOpposite, plus)
        store(load(plus + lanes) + imaginary + realOpposite, plus + lanes)
        store(load(minus) + real + imaginaryOpposite, minus)
        store(load(minus + lanes) + realOpposite - imaginary, minus + lanes)
    }
}

/// Adds both columns to the running evidence of an image.
func accumulateEvidence(
    _ pair: ColumnPair, _ settings: EvidenceSettings, _ running: UnsafeMutablePointer<RunningEvidence>
) {
    for first in stride(from: 0, to: lanes, by: Lane.scalarCount) {
        evaluateCircles(pair, firstLane: first)
    }
    for column in 0..<pair.width {
        let logPrior = column == 0 ? pair.logPrior.0 : pair.logPrior.1
        let values = pair.workspace + column &* pair.transform.count &* elementStride
        let peak = pair.beta * maximum(values, pair.transform.count, settings.laneWeights) + logPrior
        guard peak > running.pointee.peak - negligible else {
            settings.columnLogMass[column] = peak + logarithm(Float(pair.transform.count &* elementStride))
            continue
        }
        if peak > running.pointee.peak {
            let shrink = exponential(splat(running.pointee.peak - peak))[0]
            running.pointee.sum *= shrink
            running.pointee.squareSum *= shrink * shrink
            running.pointee.peak = peak
        }
        let offset = splat(logPrior - running.pointee.peak)
        let beta = splat(pair.beta)
        var (columnSum, columnSquares): (Float, Float) = (0, 0)
        for first in stride(from: 0, to: lanes, by: Lane.scalarCount) {
            var (sum, squares, sum2, squares2) = (Lane.zero, Lane.zero, Lane.zero, Lane.zero)
            var p = values + first
            for _ in 0..<pair.transform.count {
                let e = exponential(fused(beta, load(p), offset))
                let opposite = exponential(fused(beta, load(p + lanes), offset))
                sum += e
                squares = fused(e, e, squares)
                sum2 += opposite
                squares2 = fused(opposite, opposite, squares2)
                p += elementStride
            }
            let weights = load(settings.laneWeights + first)
            columnSum += horizontalSum((sum + sum2) * weights)
            columnSquares += horizontalSum((squares + squares2) * weights)
        }
        running.pointee.sum += columnSum
        running.pointee.squareSum += columnSquares
        settings.columnLogMass[column] =
            columnSum > 0
            ? running.pointee.peak + logarithm(columnSum) : -Float.greatestFiniteMagnitude
    }
}

/// An upper bound of ln x, at most 0.06 too large: enough to decide what may be neglected, without libm.
@inline(__always)
private func logarithm(_ x: Float) -> Float {
    Float(x.exponent) * 0.693_147_2 + (x.significand - 1) * 0.693_147_2 + 0.06
}

/// The largest value over all real lanes and angles.
@inline(__always)
private func maximum(
    _ values: UnsafeMutablePointer<Float>, _ count: Int, _ laneWeights: UnsafePointer<Float>
) -> Float {
    var best = -Float.greatestFiniteMagnitude
    for first in stride(from: 0, to: lanes, by: Lane.scalarCount) {
        var p = values + first
        var (a, b) = (load(p), load(p + lanes))
        for _ in 1..<count {
            p += elementStride
            a = larger(a, load(p))
            b = larger(b, load(p + lanes))
        }
        let lowest = splat(-Float.greatestFiniteMagnitude)
        let real = lowest.replacing(
            with: larger(a, b), where: load(laneWeights + first) .> Lane.zero)
        best = max(best, horizontalMaximum(real))
    }
    return best
}

/// Adds both columns' responsibilities, times the data, to a block's gradient.
///
/// With P, P′ the angular coefficients of the responsibilities of d and −d, the slice's gradient receives
/// D·P + (−1)^m conj(D·P′).
func accumulateGradient(_ pair: ColumnPair, _ target: GradientTarget) {
    let count = pair.transform.count
    let second = count &* elementStride
    var forward = pair.transform
    forward.isInverse = false
    for first in stride(from: 0, to: lanes, by: Lane.scalarCount) {
        evaluateCircles(pair, firstLane: first)
        let weights = load(target.laneWeights + first)
        for column in 0..<2 {
            let p = pair.workspace + first + column &* second
            guard column < pair.width else {
                for i in 0..<count {
                    store(Lane.zero, p + i &* elementStride)
                    store(Lane.zero, p + i &* elementStride + lanes)
                }
                continue
            }
            let offset = splat((column == 0 ? pair.logPrior.0 : pair.logPrior.1) - target.logEvidence)
            let beta = splat(pair.beta)
            for i in 0..<count {
                let q = p + i &* elementStride
                store(exponential(fused(beta, load(q), offset)) * weights, q)
                store(exponential(fused(beta, load(q + lanes), offset)) * weights, q + lanes)
            }
            transformOneVector(forward, p, pair.transform.scratch + first)
        }
        addMasses(pair, target.masses + first, pair.workspace + first)
        addGradient(pair, target.gradient + first, pair.workspace + first)
    }
}

/// The coefficients P(m), P′(m) of the two real sequences packed into Z.
@inline(__always)
private func unpack(_ work: UnsafeMutablePointer<Float>, _ count: Int, _ m: Int) -> (
    x: Lane, y: Lane, xOpposite: Lane, yOpposite: Lane
) {
    let plus = work + m &* elementStride
    let minus = work + ((count &- m) % count) &* elementStride
    let half = splat(0.5)
    let (pr, pi, mr, mi) = (load(plus), load(plus + lanes), load(minus), load(minus + lanes))
    return ((pr + mr) * half, (pi - mi) * half, (pi + mi) * half, (mr - pr) * half)
}

@inline(__always)
private func addMasses(
    _ pair: ColumnPair, _ masses: UnsafeMutablePointer<Float>, _ work: UnsafeMutablePointer<Float>
) {
    let count = pair.transform.count
    for index in 0..<pair.normOrderCount {
        let p = masses + index &* 4 &* lanes
        let a = unpack(work, count, 2 &* index)
        let b = unpack(work + count &* elementStride, count, 2 &* index)
        store(load(p) + (a.x + b.x), p)
        store(load(p + lanes) + (a.y + b.y), p + lanes)
        store(load(p + 2 &* lanes) + (a.xOpposite + b.xOpposite), p + 2 &* lanes)
        store(load(p + 3 &* lanes) + (a.yOpposite + b.yOpposite), p + 3 &* lanes)
    }
}

@inline(__always)
private func addGradient(
    _ pair: ColumnPair, _ gradient: UnsafeMutablePointer<Float>, _ work: UnsafeMutablePointer<Float>
) {
    let count = pair.transform.count
    for m in 0..<pair.orderCount {
        let a = unpack(work, count, m)
        let b = unpack(work + count &* elementStride, count, m)
        let sign = splat(m & 1 == 0 ? 1 : -1)
        let (u0, v0) = (fused(sign, a.xOpposite, a.x), fused(sign, a.yOpposite, a.y))
        let (s0, t0) = (a.y - sign * a.yOpposite, a.x - sign * a.xOpposite)
        let (u1, v1) = (fused(sign, b.xOpposite, b.x), fused(sign, b.yOpposite, b.y))
        let (s1, t1) = (b.y - sign * b.yOpposite, b.x - sign * b.xOpposite)
        let span = pair.orders[m]
        var g = gradient + Int(span.offset) &* elementStride
        var d = pair.columns + Int(span.offset) &* 4
        for _ in 0..<Int(span.count) {
            let (a0, b0, a1, b1) = (splat(d[0]), splat(d[1]), splat(d[2]), splat(d[3]))
            var (real, imaginary) = (load(g), load(g + lanes))
            real = fused(a0, u0, real)
            imaginary = fused(a0, s0, imaginary)
            real = fused(-b0, v0, real)
            imaginary = fused(b0, t0, imaginary)
            real = fused(a1, u1, real)
            imaginary = fused(a1, s1, imaginary)
            real = fused(-b1, v1, real)
            imaginary = fused(b1, t1, imaginary)
            store(real, g)
            store(imaginary, g + lanes)
            g += elementStride
            d += 4
        }
    }
}

/// Finds the best point of both columns; slow, for one pair an image.
func findPeak(_ pair: ColumnPair) -> PosePeak {
    for first in stride(from: 0, to: lanes, by: Lane.scalarCount) {
        evaluateCircles(pair, firstLane: first)
    }
    var best = PosePeak(
        value: -Float.greatestFiniteMagnitude, lane: 0, isOpposite: false, column: 0, angle: 0)
    for column in 0..<pair.width {
        let logPrior = column == 0 ? pair.logPrior.0 : pair.logPrior.1
        let values = pair.workspace + column &* pair.transform.count &* elementStride
        for index in 0..<pair.transform.count &* elementStride {
            let value = pair.beta * values[index] + logPrior
            guard value > best.value else { continue }
            let (angle, rest) = index.quotientAndRemainder(dividingBy: elementStride)
            best = PosePeak(
                value: value, lane: Int32(rest % lanes), isOpposite: rest >= lanes, column: Int32(column),
                angle: Int32(angle))
        }
    }
    return best
}

/// This module's table of kernels.
public enum KernelModule {
    /// The table; `name` is the instruction set that the module was compiled for.
    public static func table(name: String) -> PoseKernels {
        PoseKernels(
            name: name, transform: transformLanes, accumulateEvidence: accumulateEvidence,
            accumulateGradient: accumulateGradient, findPeak: findPeak,
            nodes: NodeKernels(
                correlate: correlateNode, sumCircle: sumCircle,
                fillResponsibilities: fillResponsibilities, addGradient: addNodeGradient))
    }
}
