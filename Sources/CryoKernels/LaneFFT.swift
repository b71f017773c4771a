import CryoKernelInterface

// A Stockham FFT over interleaved lanes: output in natural order, no bit reversal, radices 4, 3 and 2.
// Backward is forward with real and imaginary parts exchanged, so one body serves both signs.

// Safe, in this file: data and scratch hold `count` elements of 32 floats, the twiddles those of all passes, whose radices
// multiply to `count`; so each pass reads and writes every element once and no others.

private let elementStride = 2 * PoseKernels.laneCount

/// Transforms `data` in place, for all 16 lanes.
func transformLanes(_ plan: LaneTransform, _ data: UnsafeMutablePointer<Float>) {
    for first in stride(from: 0, to: PoseKernels.laneCount, by: Lane.scalarCount) {
        unsafe transformOneVector(plan, data + first, plan.scratch + first)
    }
}

/// Transforms one vector's worth of lanes; `data` and `scratch` point at the first of them.
@inline(__always)
func transformOneVector(
    _ plan: LaneTransform, _ data: UnsafeMutablePointer<Float>, _ scratch: UnsafeMutablePointer<Float>
) {
    let (re, im) = plan.isInverse ? (PoseKernels.laneCount, 0) : (0, PoseKernels.laneCount)
    var (source, target) = unsafe (data, scratch)
    var (length, step) = (plan.count, 1)
    var twiddle = unsafe plan.twiddles
    for pass in 0..<plan.passCount {
        let radix = unsafe Int(plan.radices[pass])
        switch radix {
        case 4: unsafe radix4(source, target, length, step, twiddle, re, im)
        case 3: unsafe radix3(source, target, length, step, twiddle, re, im)
        default: unsafe radix2(source, target, length, step, twiddle, re, im)
        }
        unsafe twiddle += 2 &* (radix &- 1) &* (length / radix)
        length /= radix
        step = step &* radix
        unsafe (source, target) = (target, source)
    }
    guard unsafe source != data else { return }
    for i in 0..<plan.count {
        unsafe store(load(source + i &* elementStride), data + i &* elementStride)
        let imaginary = i &* elementStride &+ PoseKernels.laneCount
        unsafe store(load(source + imaginary), data + imaginary)
    }
}

@inline(__always)
private func storeTwisted(
    _ p: UnsafeMutablePointer<Float>, _ xr: Lane, _ xi: Lane, _ w: UnsafePointer<Float>, _ re: Int,
    _ im: Int
) {
    let (wr, wi) = unsafe (splat(w[0]), splat(w[1]))
    unsafe store(fused(xr, wr, -(xi * wi)), p + re)
    unsafe store(fused(xr, wi, xi * wr), p + im)
}

@inline(__always)
private func radix4(
    _ x: UnsafeMutablePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ length: Int, _ step: Int,
    _ twiddles: UnsafePointer<Float>, _ re: Int, _ im: Int
) {
    let quarter = length / 4
    let hop = step &* quarter &* elementStride
    let out = step &* elementStride
    var (w, source, target) = unsafe (twiddles, x, y)
    for _ in 0..<quarter {
        for _ in 0..<step {
            let (ar, ai) = unsafe (load(source + re), load(source + im))
            let (br, bi) = unsafe (load(source + hop + re), load(source + hop + im))
            let (cr, ci) = unsafe (load(source + 2 &* hop + re), load(source + 2 &* hop + im))
            let (dr, di) = unsafe (load(source + 3 &* hop + re), load(source + 3 &* hop + im))
            let (sumACr, sumACi, diffACr, diffACi) = (ar + cr, ai + ci, ar - cr, ai - ci)
            let (sumBDr, sumBDi, diffBDr, diffBDi) = (br + dr, bi + di, br - dr, bi - di)
            unsafe store(sumACr + sumBDr, target + re)
            unsafe store(sumACi + sumBDi, target + im)
            unsafe storeTwisted(target + out, diffACr + diffBDi, diffACi - diffBDr, w, re, im)
            unsafe storeTwisted(target + 2 &* out, sumACr - sumBDr, sumACi - sumBDi, w + 2, re, im)
            unsafe storeTwisted(target + 3 &* out, diffACr - diffBDi, diffACi + diffBDr, w + 4, re, im)
            unsafe source += elementStride
            unsafe target += elementStride
        }
        unsafe target += 3 &* out
        unsafe w += 6
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
    var (w, source, target) = unsafe (twiddles, x, y)
    for _ in 0..<third {
        for _ in 0..<step {
            let (ar, ai) = unsafe (load(source + re), load(source + im))
            let (br, bi) = unsafe (load(source + hop + re), load(source + hop + im))
            let (cr, ci) = unsafe (load(source + 2 &* hop + re), load(source + 2 &* hop + im))
            let (sumR, sumI) = (br + cr, bi + ci)
            let (turnR, turnI) = ((bi - ci) * root, (cr - br) * root)
            let (baseR, baseI) = (fused(sumR, half, ar), fused(sumI, half, ai))
            unsafe store(ar + sumR, target + re)
            unsafe store(ai + sumI, target + im)
            unsafe storeTwisted(target + out, baseR + turnR, baseI + turnI, w, re, im)
            unsafe storeTwisted(target + 2 &* out, baseR - turnR, baseI - turnI, w + 2, re, im)
            unsafe source += elementStride
            unsafe target += elementStride
        }
        unsafe target += 2 &* out
        unsafe w += 4
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
    var (w, source, target) = unsafe (twiddles, x, y)
    for _ in 0..<half {
        for _ in 0..<step {
            let (ar, ai) = unsafe (load(source + re), load(source + im))
            let (br, bi) = unsafe (load(source + hop + re), load(source + hop + im))
            unsafe store(ar + br, target + re)
            unsafe store(ai + bi, target + im)
            unsafe storeTwisted(target + out, ar - br, ai - bi, w, re, im)
            unsafe source += elementStride
            unsafe target += elementStride
        }
        unsafe target += out
        unsafe w += 2
    }
}
