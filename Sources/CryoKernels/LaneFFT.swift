import CryoKernelInterface

// A Stockham FFT over interleaved lanes: output in natural order, no bit reversal, radices 4, 3 and 2.
// Backward is forward with real and imaginary parts exchanged, so one body serves both signs.

private let elementStride = 2 * PoseKernels.laneCount

/// Transforms `data` in place, for all 16 lanes.
func transformLanes(_ plan: LaneTransform, _ data: UnsafeMutablePointer<Float>) {
    for first in stride(from: 0, to: PoseKernels.laneCount, by: Lane.scalarCount) {
        transformOneVector(plan, data + first, plan.scratch + first)
    }
}

/// Transforms one vector's worth of lanes; `data` and `scratch` point at the first of them.
@inline(__always)
func transformOneVector(
    _ plan: LaneTransform, _ data: UnsafeMutablePointer<Float>, _ scratch: UnsafeMutablePointer<Float>
) {
    let (re, im) = plan.isInverse ? (PoseKernels.laneCount, 0) : (0, PoseKernels.laneCount)
    var (source, target) = (data, scratch)
    var (length, step) = (plan.count, 1)
    var twiddle = plan.twiddles
    for pass in 0..<plan.passCount {
        let radix = Int(plan.radices[pass])
        switch radix {
        case 4: radix4(source, target, length, step, twiddle, re, im)
        case 3: radix3(source, target, length, step, twiddle, re, im)
        default: radix2(source, target, length, step, twiddle, re, im)
        }
        twiddle += 2 &* (radix &- 1) &* (length / radix)
        length /= radix
        step = step &* radix
        (source, target) = (target, source)
    }
    guard source != data else { return }
    for i in 0..<plan.count {
        store(load(source + i &* elementStride), data + i &* elementStride)
        let imaginary = i &* elementStride &+ PoseKernels.laneCount
        store(load(source + imaginary), data + imaginary)
    }
}

@inline(__always)
private func storeTwisted(
    _ p: UnsafeMutablePointer<Float>, _ xr: Lane, _ xi: Lane, _ w: UnsafePointer<Float>, _ re: Int,
    _ im: Int
) {
    let (wr, wi) = (splat(w[0]), splat(w[1]))
    store(fused(xr, wr, -(xi * wi)), p + re)
    store(fused(xr, wi, xi * wr), p + im)
}

@inline(__always)
private func radix4(
    _ x: UnsafeMutablePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ length: Int, _ step: Int,
    _ twiddles: UnsafePointer<Float>, _ re: Int, _ im: Int
) {
    let quarter = length / 4
    let hop = step &* quarter &* elementStride
    let out = step &* elementStride
    var (w, source, target) = (twiddles, x, y)
    for _ in 0..<quarter {
        for _ in 0..<step {
            let (ar, ai) = (load(source + re), load(source + im))
            let (br, bi) = (load(source + hop + re), load(source + hop + im))
            let (cr, ci) = (load(source + 2 &* hop + re), load(source + 2 &* hop + im))
            let (dr, di) = (load(source + 3 &* hop + re), load(source + 3 &* hop + im))
            let (sumACr, sumACi, diffACr, diffACi) = (ar + cr, ai + ci, ar - cr, ai - ci)
            let (sumBDr, sumBDi, diffBDr, diffBDi) = (br + dr, bi + di, br - dr, bi - di)
            store(sumACr + sumBDr, target + re)
            store(sumACi + sumBDi, target + im)
            storeTwisted(target + out, diffACr + diffBDi, diffACi - diffBDr, w, re, im)
            storeTwisted(target + 2 &* out, sumACr - sumBDr, sumACi - sumBDi, w + 2, re, im)
            storeTwisted(target + 3 &* out, diffACr - diffBDi, diffACi + diffBDr, w + 4, re, im)
            source += elementStride
            target += elementStride
        }
        target += 3 &* out
        w += 6
    }
}

@inline(__always)
private func radix3(
    _ x: UnsafeMutablePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ length: Int, _ step: Int,
    _ twiddles: UnsafePointer<Float>, _ re: Int, _ im: Int
) {
    let third = length / 3
    let hop = step &* third &* elementStride
    let out = step &* elementStride
    let (half, root) = (splat(-0.5), splat(0.866_025_4))
    var (w, source, target) = (twiddles, x, y)
    for _ in 0..<third {
        for _ in 0..<step {
            let (ar, ai) = (load(source + re), load(source + im))
            let (br, bi) = (load(source + hop + re), load(source + hop + im))
            let (cr, ci) = (load(source + 2 &* hop + re), load(source + 2 &* hop + im))
            let (sumR, sumI) = (br + cr, bi + ci)
            let (turnR, turnI) = ((bi - ci) * root, (cr - br) * root)
            let (baseR, baseI) = (fused(sumR, half, ar), fused(sumI, half, ai))
            store(ar + sumR, target + re)
            store(ai + sumI, target + im)
            storeTwisted(target + out, baseR + turnR, baseI + turnI, w, re, im)
            storeTwisted(target + 2 &* out, baseR - turnR, baseI - turnI, w + 2, re, im)
            source += elementStride
            target += elementStride
        }
        target += 2 &* out
        w += 4
    }
}

@inline(__always)
private func radix2(
    _ x: UnsafeMutablePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ length: Int, _ step: Int,
    _ twiddles: UnsafePointer<Float>, _ re: Int, _ im: Int
) {
    let half = length / 2
    let hop = step &* half &* elementStride
    let out = step &* elementStride
    var (w, source, target) = (twiddles, x, y)
    for _ in 0..<half {
        for _ in 0..<step {
            let (ar, ai) = (load(source + re), load(source + im))
            let (br, bi) = (load(source + hop + re), load(source + hop + im))
            store(ar + br, target + re)
            store(ai + bi, target + im)
            storeTwisted(target + out, ar - br, ai - bi, w, re, im)
            source += elementStride
            target += elementStride
        }
        target += out
        w += 2
    }
}
