import CryoKernelInterface

// ★ The hot path. Goals, in order: exact (float rounding only); no memory traffic beyond the block's slices and
// the column pair; vectors full. See ``PoseKernels`` for the algebra and the layouts.

// Safe, in this file: spans of orders lie within the rows of slices, columns and gradient (`AngularLayout` makes all of them),
// the work space holds both columns of `transform.count` elements, and norms and masses `normOrderCount` orders.

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
    let work = unsafe pair.workspace + firstLane
    let slices = unsafe pair.slices + firstLane
    for m in 0..<pair.orderCount {
        let span = unsafe pair.orders[m]
        var p = unsafe slices + Int(span.offset) &* elementStride
        var d = unsafe pair.columns + Int(span.offset) &* 4
        var (ap0, bq0, aq0, bp0) = (Lane.zero, Lane.zero, Lane.zero, Lane.zero)
        var (ap1, bq1, aq1, bp1) = (Lane.zero, Lane.zero, Lane.zero, Lane.zero)
        for _ in 0..<Int(span.count) {
            let (re, im) = unsafe (load(p), load(p + lanes))
            let (a0, b0, a1, b1) = unsafe (splat(d[0]), splat(d[1]), splat(d[2]), splat(d[3]))
            ap0 = fused(a0, re, ap0)
            bq0 = fused(b0, im, bq0)
            aq0 = fused(a0, im, aq0)
            bp0 = fused(b0, re, bp0)
            ap1 = fused(a1, re, ap1)
            bq1 = fused(b1, im, bq1)
            aq1 = fused(a1, im, aq1)
            bp1 = fused(b1, re, bp1)
            unsafe p += elementStride
            unsafe d += 4
        }
        unsafe storeOrder(work, count, m, ap0, bq0, aq0, bp0)
        unsafe storeOrder(work + second, count, m, ap1, bq1, aq1, bp1)
    }
    for index in pair.orderCount..<max(pair.orderCount, count &- pair.orderCount &+ 1) {
        for column in 0..<2 {
            let p = unsafe work + column &* second + index &* elementStride
            unsafe store(Lane.zero, p)
            unsafe store(Lane.zero, p + lanes)
        }
    }
    unsafe addNorms(pair, work, firstLane)
    unsafe addNorms(pair, work + second, firstLane)
    for column in 0..<pair.width {
        unsafe transformOneVector(
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
    let plus = unsafe work + m &* elementStride
    if m == 0 {
        unsafe store(real, plus)
        unsafe store(realOpposite, plus + lanes)
        return
    }
    let minus = unsafe work + (count &- m) &* elementStride
    unsafe store(real - imaginaryOpposite, plus)
    unsafe store(imaginary + realOpposite, plus + lanes)
    unsafe store(real + imaginaryOpposite, minus)
    unsafe store(realOpposite - imaginary, minus + lanes)
}

/// Adds the norm term −½ Σ C²|T|², whose even orders are given as four real sums.
@inline(__always)
private func addNorms(_ pair: ColumnPair, _ work: UnsafeMutablePointer<Float>, _ firstLane: Int) {
    for index in 0..<pair.normOrderCount {
        let norms = unsafe pair.norms + index &* 4 &* lanes + firstLane
        let (pc, qs) = unsafe (load(norms), load(norms + lanes))
        let (ps, qc) = unsafe (load(norms + 2 &* lanes), load(norms + 3 &* lanes))
        // |T|² has coefficients p + iq, C² has c + is; the product is with conj(c + is).
        let (real, imaginary) = (pc + qs, qc - ps)
        let (realOpposite, imaginaryOpposite) = (pc - qs, -(qc + ps))
        let m = 2 &* index
        let plus = unsafe work + m &* elementStride
        if m == 0 {
            unsafe store(load(plus) + real, plus)
            unsafe store(load(plus + lanes) + realOpposite, plus + lanes)
            continue
        }
        let minus = unsafe work + (pair.transform.count &- m) &* elementStride
        unsafe store(load(plus) + real - imaginaryOpposite, plus)
        unsafe store(load(plus + lanes) + imaginary + realOpposite, plus + lanes)
        unsafe store(load(minus) + real + imaginaryOpposite, minus)
        unsafe store(load(minus + lanes) + realOpposite - imaginary, minus + lanes)
    }
}

/// Adds both columns to the running evidence of an image.
func accumulateEvidence(_ pair: ColumnPair, _ target: EvidenceTarget) {
    let running = unsafe target.running
    for first in stride(from: 0, to: lanes, by: Lane.scalarCount) {
        evaluateCircles(pair, firstLane: first)
    }
    for column in 0..<pair.width {
        let logPrior = column == 0 ? pair.logPrior.0 : pair.logPrior.1
        let values = unsafe pair.workspace + column &* pair.transform.count &* elementStride
        let peak = unsafe pair.beta * maximum(values, pair.transform.count, target.laneWeights) + logPrior
        guard unsafe peak > running.pointee.peak - negligible else {
            unsafe target.columnLogMass[column] =
                peak + logarithm(Float(pair.transform.count &* elementStride))
            continue
        }
        if unsafe peak > running.pointee.peak {
            let shrink = unsafe exponential(splat(running.pointee.peak - peak))[0]
            unsafe running.pointee.sum *= shrink
            unsafe running.pointee.squareSum *= shrink * shrink
            unsafe running.pointee.peak = peak
        }
        let offset = unsafe splat(logPrior - running.pointee.peak)
        let beta = splat(pair.beta)
        var (columnSum, columnSquares): (Float, Float) = (0, 0)
        for first in stride(from: 0, to: lanes, by: Lane.scalarCount) {
            var (sum, squares, sum2, squares2) = (Lane.zero, Lane.zero, Lane.zero, Lane.zero)
            var p = unsafe values + first
            for _ in 0..<pair.transform.count {
                let e = unsafe exponential(fused(beta, load(p), offset))
                let opposite = unsafe exponential(fused(beta, load(p + lanes), offset))
                sum += e
                squares = fused(e, e, squares)
                sum2 += opposite
                squares2 = fused(opposite, opposite, squares2)
                unsafe p += elementStride
            }
            let weights = unsafe load(target.laneWeights + first)
            columnSum += horizontalSum((sum + sum2) * weights)
            columnSquares += horizontalSum((squares + squares2) * weights)
        }
        unsafe running.pointee.sum += columnSum
        unsafe running.pointee.squareSum += columnSquares
        unsafe target.columnLogMass[column] =
            unsafe columnSum > 0
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
        var p = unsafe values + first
        var (a, b) = unsafe (load(p), load(p + lanes))
        for _ in 1..<count {
            unsafe p += elementStride
            a = unsafe larger(a, load(p))
            b = unsafe larger(b, load(p + lanes))
        }
        let lowest = splat(-Float.greatestFiniteMagnitude)
        let real = unsafe lowest.replacing(
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
        let weights = unsafe load(target.laneWeights + first)
        for column in 0..<2 {
            let p = unsafe pair.workspace + first + column &* second
            guard column < pair.width else {
                for i in 0..<count {
                    unsafe store(Lane.zero, p + i &* elementStride)
                    unsafe store(Lane.zero, p + i &* elementStride + lanes)
                }
                continue
            }
            let offset = splat((column == 0 ? pair.logPrior.0 : pair.logPrior.1) - target.logEvidence)
            let beta = splat(pair.beta)
            for i in 0..<count {
                let q = unsafe p + i &* elementStride
                unsafe store(exponential(fused(beta, load(q), offset)) * weights, q)
                unsafe store(exponential(fused(beta, load(q + lanes), offset)) * weights, q + lanes)
            }
            unsafe transformOneVector(forward, p, pair.transform.scratch + first)
        }
        unsafe addMasses(pair, target.masses + first, pair.workspace + first)
        unsafe addGradient(pair, target.gradient + first, pair.workspace + first)
    }
}

/// The coefficients P(m), P′(m) of the two real sequences packed into Z.
@inline(__always)
private func unpack(_ work: UnsafeMutablePointer<Float>, _ count: Int, _ m: Int) -> (
    x: Lane, y: Lane, xOpposite: Lane, yOpposite: Lane
) {
    let plus = unsafe work + m &* elementStride
    let minus = unsafe work + ((count &- m) % count) &* elementStride
    let half = splat(0.5)
    let (pr, pi, mr, mi) = unsafe (load(plus), load(plus + lanes), load(minus), load(minus + lanes))
    return ((pr + mr) * half, (pi - mi) * half, (pi + mi) * half, (mr - pr) * half)
}

@inline(__always)
private func addMasses(
    _ pair: ColumnPair, _ masses: UnsafeMutablePointer<Float>, _ work: UnsafeMutablePointer<Float>
) {
    let count = pair.transform.count
    for index in 0..<pair.normOrderCount {
        let p = unsafe masses + index &* 4 &* lanes
        let a = unsafe unpack(work, count, 2 &* index)
        let b = unsafe unpack(work + count &* elementStride, count, 2 &* index)
        unsafe store(load(p) + (a.x + b.x), p)
        unsafe store(load(p + lanes) + (a.y + b.y), p + lanes)
        unsafe store(load(p + 2 &* lanes) + (a.xOpposite + b.xOpposite), p + 2 &* lanes)
        unsafe store(load(p + 3 &* lanes) + (a.yOpposite + b.yOpposite), p + 3 &* lanes)
    }
}

@inline(__always)
private func addGradient(
    _ pair: ColumnPair, _ gradient: UnsafeMutablePointer<Float>, _ work: UnsafeMutablePointer<Float>
) {
    let count = pair.transform.count
    for m in 0..<pair.orderCount {
        let a = unsafe unpack(work, count, m)
        let b = unsafe unpack(work + count &* elementStride, count, m)
        let sign = splat(m & 1 == 0 ? 1 : -1)
        let (u0, v0) = (fused(sign, a.xOpposite, a.x), fused(sign, a.yOpposite, a.y))
        let (s0, t0) = (a.y - sign * a.yOpposite, a.x - sign * a.xOpposite)
        let (u1, v1) = (fused(sign, b.xOpposite, b.x), fused(sign, b.yOpposite, b.y))
        let (s1, t1) = (b.y - sign * b.yOpposite, b.x - sign * b.xOpposite)
        let span = unsafe pair.orders[m]
        var g = unsafe gradient + Int(span.offset) &* elementStride
        var d = unsafe pair.columns + Int(span.offset) &* 4
        for _ in 0..<Int(span.count) {
            let (a0, b0, a1, b1) = unsafe (splat(d[0]), splat(d[1]), splat(d[2]), splat(d[3]))
            var (real, imaginary) = unsafe (load(g), load(g + lanes))
            real = fused(a0, u0, real)
            imaginary = fused(a0, s0, imaginary)
            real = fused(-b0, v0, real)
            imaginary = fused(b0, t0, imaginary)
            real = fused(a1, u1, real)
            imaginary = fused(a1, s1, imaginary)
            real = fused(-b1, v1, real)
            imaginary = fused(b1, t1, imaginary)
            unsafe store(real, g)
            unsafe store(imaginary, g + lanes)
            unsafe g += elementStride
            unsafe d += 4
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
        let values = unsafe pair.workspace + column &* pair.transform.count &* elementStride
        for index in 0..<pair.transform.count &* elementStride {
            let value = unsafe pair.beta * values[index] + logPrior
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
        unsafe PoseKernels(
            name: name, transform: transformLanes, accumulateEvidence: accumulateEvidence,
            accumulateGradient: accumulateGradient, findPeak: findPeak,
            nodes: NodeKernels(
                correlate: correlateNode, sumCircle: sumCircle,
                fillResponsibilities: fillResponsibilities, addGradient: addNodeGradient))
    }
}
