import CFFTW
import CryoCore

/// A single-precision complex number: (real, imaginary).
public typealias Complex = SIMD2<Float>

/// The product of two complex numbers.
@inline(__always) public func multiply(_ a: Complex, _ b: Complex) -> Complex {
    Complex(a.x * b.x - a.y * b.y, a.x * b.y + a.y * b.x)
}

/// The complex conjugate.
@inline(__always) public func conjugate(_ a: Complex) -> Complex { Complex(a.x, -a.y) }

/// The plans made so far, under one lock: FFTW's planner is not safe to call from several threads, its plans are.
private struct PlanCache {
    var real: [[Int]: RealFFT] = [:]
    var complex: [Int: ComplexFFT] = [:]
}

private let plans = Mutex(PlanCache())

/// A real-to-complex transform of one shape and its inverse; this file alone knows FFTW.
///
///     forward:  X(k) = Σ_x f(x) exp(−2πi k·x/n)          inverse:  f(x) = Σ_k X(k) exp(+2πi k·x/n)
///
/// Neither direction is scaled. The last axis of the complex array is halved (k = 0 … n/2).
/// Plans are made with `FFTW_ESTIMATE`: measured plans differ from run to run, and with them the last bits of
/// every result, which would break "the same input gives the same bytes".
@safe public final class RealFFT: @unchecked Sendable {
    /// The lengths of the axes, slowest first.
    public let shape: [Int]
    /// The number of real values.
    public let realCount: Int
    /// The number of complex values.
    public let complexCount: Int
    private let forwardPlan: fftwf_plan
    private let inversePlan: fftwf_plan

    /// The shared transform of a shape.
    public static func ofShape(_ shape: [Int]) -> RealFFT {
        plans.withLock { plans in
            if let known = plans.real[shape] { return known }
            let made = RealFFT(shape)
            plans.real[shape] = made
            return made
        }
    }

    private init(_ shape: [Int]) {
        self.shape = shape
        let last = shape[shape.count - 1]
        realCount = shape.reduce(1, *)
        complexCount = realCount / last * (last / 2 + 1)
        let lengths = shape.map { CInt($0) }
        let real = AlignedBuffer<Float>(count: realCount, repeating: 0)
        let complex = AlignedBuffer<Complex>(count: complexCount, repeating: .zero)
        // Safe: both buffers have the lengths of the plan.
        let (reals, numbers) = unsafe (
            real.pointer(from: 0, length: realCount), complex.numbers(complexCount)
        )
        unsafe forwardPlan = fftwf_plan_dft_r2c(
            CInt(lengths.count), lengths, reals, numbers, FFTW_ESTIMATE | UInt32(FFTW_DESTROY_INPUT))
        unsafe inversePlan = fftwf_plan_dft_c2r(
            CInt(lengths.count), lengths, numbers, reals, FFTW_ESTIMATE | UInt32(FFTW_DESTROY_INPUT))
    }

    /// Transforms `real` into `complex`; destroys `real`.
    ///
    /// Safe to call from any thread.
    public func forward(_ real: AlignedBuffer<Float>, _ complex: AlignedBuffer<Complex>) {
        // Safe, here and in the inverse: the lengths are checked, and buffers are aligned as those of the plan.
        unsafe fftwf_execute_dft_r2c(
            forwardPlan, real.pointer(from: 0, length: realCount), complex.numbers(complexCount))
    }

    /// Transforms `complex` into `real`; destroys `complex`.
    ///
    /// Safe to call from any thread.
    public func inverse(_ complex: AlignedBuffer<Complex>, _ real: AlignedBuffer<Float>) {
        unsafe fftwf_execute_dft_c2r(
            inversePlan, complex.numbers(complexCount), real.pointer(from: 0, length: realCount))
    }
}

/// A complex transform of one length, in place and unscaled; plans as ``RealFFT`` does.
@safe public final class ComplexFFT: @unchecked Sendable {
    /// The length.
    public let count: Int
    private let forwardPlan: fftwf_plan
    private let inversePlan: fftwf_plan

    /// The shared transform of a length.
    public static func ofCount(_ count: Int) -> ComplexFFT {
        plans.withLock { plans in
            if let known = plans.complex[count] { return known }
            let made = ComplexFFT(count)
            plans.complex[count] = made
            return made
        }
    }

    private init(_ count: Int) {
        self.count = count
        let buffer = AlignedBuffer<Float>(count: 2 * count, repeating: 0)
        // Safe: the buffer has the length of the plan.
        let numbers = unsafe buffer.numbers(count)
        unsafe forwardPlan = fftwf_plan_dft_1d(CInt(count), numbers, numbers, FFTW_FORWARD, FFTW_ESTIMATE)
        unsafe inversePlan = fftwf_plan_dft_1d(CInt(count), numbers, numbers, FFTW_BACKWARD, FFTW_ESTIMATE)
    }

    /// Transforms `count` interleaved numbers with exp(−2πi jk/n).
    ///
    /// Safe to call from any thread.
    public func forward(_ values: AlignedBuffer<Float>) { unsafe execute(forwardPlan, values) }

    /// The same with exp(+2πi jk/n).
    public func inverse(_ values: AlignedBuffer<Float>) { unsafe execute(inversePlan, values) }

    private func execute(_ plan: fftwf_plan, _ values: AlignedBuffer<Float>) {
        // Safe: the length is checked, and buffers are aligned as that of the plan.
        let numbers = unsafe values.numbers(count)
        unsafe fftwf_execute_dft(plan, numbers, numbers)
    }
}

// Safe: FFTW's complex numbers are pairs of floats too, and the length is checked.

extension AlignedBuffer<Complex> {
    fileprivate func numbers(_ count: Int) -> UnsafeMutablePointer<fftwf_complex> {
        unsafe UnsafeMutableRawPointer(pointer(from: 0, length: count)).assumingMemoryBound(
            to: fftwf_complex.self)
    }
}

extension AlignedBuffer<Float> {
    /// Interleaved.
    fileprivate func numbers(_ count: Int) -> UnsafeMutablePointer<fftwf_complex> {
        unsafe UnsafeMutableRawPointer(pointer(from: 0, length: 2 * count)).assumingMemoryBound(
            to: fftwf_complex.self)
    }
}

/// Lengths that FFTW handles fast.
public enum FastLength {
    /// The smallest even number ≥ `minimum` whose prime factors are 2, 3 and 5.
    public static func even(atLeast minimum: Int) -> Int {
        var length = max(2, minimum + minimum % 2)
        while !isSmooth(length) { length += 2 }
        return length
    }

    private static func isSmooth(_ number: Int) -> Bool {
        var rest = number
        for factor in [2, 3, 5] { while rest % factor == 0 { rest /= factor } }
        return rest == 1
    }
}
