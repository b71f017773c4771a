import CryoKernelInterface

// ★ The hot path of sampled images: one direction pair (d, −d) against one shifted image, vectorised over angular
// orders. Blocks of 16 directions (PosteriorKernels.swift) do twice the work in the time, but a sampled posterior
// lies on a handful of nodes, and a block holds 32 of them that nobody asked for.

// Safe, in this file: `NodePair`, `Circle` and `NodeTarget` say how long their rows are, and loops end there.

private let groupWidth = PoseKernels.laneCount
private let groupStride = 2 * PoseKernels.laneCount

/// (+1, −1, +1, …): the sign of order m, for vectors that begin at an even order.
@inline(__always) private func alternatingSigns() -> Lane {
    var signs = splat(1)
    for i in stride(from: 1, to: Lane.scalarCount, by: 2) { signs[i] = -1 }
    return signs
}

/// Fills the work space with the transform of E_d(ψ) + i·E₋d(ψ), interleaved complex numbers.
func correlateNode(_ node: NodePair) {
    let count = node.angleCount
    let work = unsafe node.workspace
    for i in 0..<(2 &* count) { unsafe work[i] = 0 }
    let signs = alternatingSigns()
    var firstRing = 0
    for group in 0..<node.groupCount {
        while unsafe Int(node.rings[firstRing].groups) <= group { firstRing += 1 }
        for first in stride(from: 0, to: groupWidth, by: Lane.scalarCount) {
            var (ap, bq, aq, bp) = (Lane.zero, Lane.zero, Lane.zero, Lane.zero)
            for ring in firstRing..<node.ringCount {
                let place = unsafe Int(node.rings[ring].offset) &+ group &* groupStride &+ first
                let (p, q) = unsafe (load(node.slice + place), load(node.slice + (place &+ groupWidth)))
                let (a, b) = unsafe (load(node.column + place), load(node.column + (place &+ groupWidth)))
                ap = fused(a, p, ap)
                bq = fused(b, q, bq)
                aq = fused(a, q, aq)
                bp = fused(b, p, bp)
            }
            let (real, imaginary) = (ap + bq, aq - bp)
            let (realOpposite, imaginaryOpposite) = (signs * (ap - bq), -(signs * (aq + bp)))
            let (plusReal, plusImaginary) = (real - imaginaryOpposite, imaginary + realOpposite)
            let (minusReal, minusImaginary) = (real + imaginaryOpposite, realOpposite - imaginary)
            let order = group &* groupWidth &+ first
            for i in 0..<min(Lane.scalarCount, max(0, node.orderCount &- order)) {
                let m = order &+ i
                if m == 0 {
                    unsafe work[0] = real[0]
                    unsafe work[1] = realOpposite[0]
                    continue
                }
                let (plus, minus) = unsafe (work + 2 &* m, work + 2 &* (count &- m))
                unsafe plus[0] = plusReal[i]
                unsafe plus[1] = plusImaginary[i]
                unsafe minus[0] = minusReal[i]
                unsafe minus[1] = minusImaginary[i]
            }
        }
    }
    addNodeNorms(node)
}

/// Adds the norm term −½ Σ C²|T|², whose even orders are given as four real sums.
private func addNodeNorms(_ node: NodePair) {
    for index in 0..<node.normOrderCount {
        let n = unsafe node.norms + 4 &* index
        let (real, imaginary) = unsafe (n[0] + n[1], n[3] - n[2])
        let (realOpposite, imaginaryOpposite) = unsafe (n[0] - n[1], -(n[3] + n[2]))
        let m = 2 &* index
        let plus = unsafe node.workspace + 2 &* m
        if m == 0 {
            unsafe plus[0] += real
            unsafe plus[1] += realOpposite
            continue
        }
        let minus = unsafe node.workspace + 2 &* (node.angleCount &- m)
        unsafe plus[0] += real - imaginaryOpposite
        unsafe plus[1] += imaginary + realOpposite
        unsafe minus[0] += real + imaginaryOpposite
        unsafe minus[1] += realOpposite - imaginary
    }
}

/// Sums a circle's exponentials relative to the largest; values are interleaved, d and −d.
func sumCircle(_ circle: Circle) -> CircleSum {
    let count = 2 &* circle.angleCount
    let (beta, offset) = (splat(circle.beta), splat(circle.offset))
    var highest = splat(-Float.greatestFiniteMagnitude)
    for i in stride(from: 0, to: count, by: Lane.scalarCount) {
        highest = unsafe larger(highest, fused(beta, load(circle.values + i), load(circle.logWeights + i)))
    }
    let peak = horizontalMaximum(highest) + circle.offset
    let shift = offset - splat(peak)
    var (sum, squares) = (Lane.zero, Lane.zero)
    for i in stride(from: 0, to: count, by: Lane.scalarCount) {
        let x = unsafe fused(beta, load(circle.values + i), load(circle.logWeights + i)) + shift
        let e = exponential(x)
        sum += e
        squares = unsafe fused(e * e, load(circle.inclusions + i), squares)
    }
    var (direct, opposite): (Float, Float) = (0, 0)
    for i in stride(from: 0, to: Lane.scalarCount, by: 2) {
        direct += sum[i]
        opposite += sum[i &+ 1]
    }
    return CircleSum(peak: peak, direct: direct, opposite: opposite, squares: horizontalSum(squares))
}

/// Turns a circle's values into responsibilities, exp(β E + weight + offset), and adds them to the histogram.
func fillResponsibilities(_ circle: Circle) {
    let histogram = unsafe circle.histogram
    let (beta, offset) = (splat(circle.beta), splat(circle.offset))
    for i in stride(from: 0, to: 2 &* circle.angleCount, by: Lane.scalarCount) {
        let x = unsafe fused(beta, load(circle.values + i), load(circle.logWeights + i)) + offset
        // Below the exponential's range a node weighs nothing; points beyond the circle's end are such.
        let p = exponential(x).replacing(with: Lane.zero, where: x .< splat(-87))
        unsafe store(p, circle.values + i)
        unsafe store(load(histogram + i) + p, histogram + i)
    }
}

/// Adds the transformed responsibilities, times the data, to the gradient of one direction pair.
///
/// D·P + (−1)^m conj(D·P′), as ``accumulateGradient(_:_:)`` does for 16.
func addNodeGradient(_ node: NodePair, _ target: NodeTarget) {
    let count = node.angleCount
    let work = unsafe node.workspace
    let factors = unsafe target.factors
    for m in 0..<node.orderCount {
        let (plus, minus) = unsafe (work + 2 &* m, work + 2 &* ((count &- m) % count))
        let (x, y) = unsafe ((plus[0] + minus[0]) / 2, (plus[1] - minus[1]) / 2)
        let (xOpposite, yOpposite) = unsafe ((plus[1] + minus[1]) / 2, (minus[0] - plus[0]) / 2)
        let sign: Float = m & 1 == 0 ? 1 : -1
        let place = (m / groupWidth) &* 4 &* groupWidth &+ m % groupWidth
        let f = unsafe factors + place
        unsafe f[0] = x + sign * xOpposite
        unsafe f[groupWidth] = y + sign * yOpposite
        unsafe f[2 &* groupWidth] = y - sign * yOpposite
        unsafe f[3 &* groupWidth] = x - sign * xOpposite
        guard m & 1 == 0, m / 2 < node.normOrderCount else { continue }
        let mass = unsafe target.masses + 2 &* m
        unsafe mass[0] += x
        unsafe mass[1] += y
        unsafe mass[2] += xOpposite
        unsafe mass[3] += yOpposite
    }
    for ring in 0..<node.ringCount {
        for group in unsafe 0..<Int(node.rings[ring].groups) {
            for first in stride(from: 0, to: groupWidth, by: Lane.scalarCount) {
                let f = unsafe factors + (group &* 4 &* groupWidth &+ first)
                let place = unsafe Int(node.rings[ring].offset) &+ group &* groupStride &+ first
                let (a, b) = unsafe (load(node.column + place), load(node.column + (place &+ groupWidth)))
                let g = unsafe target.gradient + place
                let (u, v) = unsafe (load(f), load(f + groupWidth))
                let (s, t) = unsafe (load(f + 2 &* groupWidth), load(f + 3 &* groupWidth))
                let real = unsafe fused(a, u, load(g))
                unsafe store(fused(-b, v, real), g)
                let imaginary = unsafe fused(a, s, load(g + groupWidth))
                unsafe store(fused(b, t, imaginary), g + groupWidth)
            }
        }
    }
}
