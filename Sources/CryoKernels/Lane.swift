// Vectors of the width that suits the instruction set. Rules that keep them in registers: everything is inlined
// inside this module; maxima by `replacing`; fused multiply-add only where the CPU has it.

// Safe, in this file: a vector is read or written where its caller has as many floats; a bit pattern is one of the same size.

#if LANE_WIDTH_16
    typealias Lane = SIMD16<Float>
    typealias LaneBits = SIMD16<Int32>
#elseif LANE_WIDTH_8
    typealias Lane = SIMD8<Float>
    typealias LaneBits = SIMD8<Int32>
#else
    typealias Lane = SIMD4<Float>
    typealias LaneBits = SIMD4<Int32>
#endif

/// a·b + c.
@inline(__always) func fused(_ a: Lane, _ b: Lane, _ c: Lane) -> Lane {
    #if HAVE_FMA
        c.addingProduct(a, b)
    #else
        a * b + c
    #endif
}

@inline(__always) func splat(_ x: Float) -> Lane { Lane(repeating: x) }

@inline(__always) func larger(_ a: Lane, _ b: Lane) -> Lane { a.replacing(with: b, where: b .> a) }

@inline(__always) func load(_ p: UnsafePointer<Float>) -> Lane {
    unsafe UnsafeRawPointer(p).loadUnaligned(as: Lane.self)
}

@inline(__always) func load(_ p: UnsafeMutablePointer<Float>) -> Lane {
    unsafe UnsafeRawPointer(p).loadUnaligned(as: Lane.self)
}

@inline(__always) func store(_ v: Lane, _ p: UnsafeMutablePointer<Float>) {
    unsafe UnsafeMutableRawPointer(p).storeBytes(of: v, as: Lane.self)
}

@inline(__always) func horizontalMaximum(_ v: Lane) -> Float {
    var best = v[0]
    for i in 1..<Lane.scalarCount where v[i] > best { best = v[i] }
    return best
}

@inline(__always) func horizontalSum(_ v: Lane) -> Float {
    var sum: Float = 0
    for i in 0..<Lane.scalarCount { sum += v[i] }
    return sum
}

/// eˣ, relative error below 2.5·10⁻⁷ on [−87.3, 88.3], clamped outside (Cephes' polynomial).
@_transparent func exponential(_ argument: Lane) -> Lane {
    let (high, low) = (splat(88.376_26), splat(-87.336_55))
    var x = argument.replacing(with: high, where: argument .> high)
    x = x.replacing(with: low, where: x .< low)
    // Adding 1.5·2²³ rounds to the nearest integer and leaves it in the low bits.
    let magic = splat(12_582_912)
    let shifted = fused(x, splat(1.442_695), magic)
    let n = shifted - magic
    var r = fused(n, splat(-0.693_359_375), x)
    r = fused(n, splat(2.121_944_4e-4), r)
    var p = splat(1.987_569_1e-4)
    p = fused(p, r, splat(1.398_199_9e-3))
    p = fused(p, r, splat(8.333_452e-3))
    p = fused(p, r, splat(4.166_579_6e-2))
    p = fused(p, r, splat(1.666_666_5e-1))
    p = fused(p, r, splat(5.0e-1))
    p = fused(p, r * r, r) + splat(1)
    let exponent = unsafe unsafeBitCast(shifted, to: LaneBits.self) &<< LaneBits(repeating: 23)
    return unsafe unsafeBitCast(unsafeBitCast(p, to: LaneBits.self) &+ exponent, to: Lane.self)
}
