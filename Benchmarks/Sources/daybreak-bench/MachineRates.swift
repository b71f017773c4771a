import COpenBLAS
import CryoCore

/// What this machine can do at best, measured in the same process as everything else.
struct MachineRates {
    /// Single-precision matrix products of OpenBLAS on one thread, in 10⁹ operations a second.
    let sgemm: Double
    /// a ← b + s·c on arrays far larger than any cache, one thread, in 10⁹ bytes a second.
    let bandwidth: Double

    init(runs: Int) {
        openblas_set_num_threads(1)
        let n = 1024
        let a = AlignedBuffer<Float>(count: n * n, repeating: 0.5)
        let b = AlignedBuffer<Float>(count: n * n, repeating: 0.25)
        let c = AlignedBuffer<Float>(count: n * n, repeating: 0)
        let product = Measurement(count: runs) {
            cblas_sgemm(
                CblasRowMajor, CblasNoTrans, CblasTrans, CInt(n), CInt(n), CInt(n), 1, a.start, CInt(n),
                b.start, CInt(n), 0, c.start, CInt(n))
        }
        sgemm = 2e-9 * Double(n * n * n) / product.least
        let length = 32 << 20
        let x = AlignedBuffer<Float>(count: length, repeating: 1)
        let y = AlignedBuffer<Float>(count: length, repeating: 2)
        let z = AlignedBuffer<Float>(count: length, repeating: 0)
        let triad = Measurement(count: runs) {
            let (x, y, z) = (x.start, y.start, z.start)
            for index in 0..<length { z[index] = x[index] + 3 * y[index] }
        }
        bandwidth = 1e-9 * 12 * Double(length) / triad.least
    }

    /// The kernel that OpenBLAS chose.
    static var openBLAS: String { String(cString: openblas_get_corename()) }
}

extension AlignedBuffer {
    /// All of it.
    var start: UnsafeMutablePointer<Element> { pointer(from: 0, length: count) }
}
