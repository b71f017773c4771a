import CryoCore
import CryoFourier

extension Volume {
    /// A density of independent standard normal voxels.
    public static func random(boxSize n: Int, pixelSize: Double = 1, seed: UInt64) -> Volume {
        var random = RandomStream(seed: seed)
        return Volume(
            boxSize: n, pixelSize: pixelSize, voxels: (0..<n * n * n).map { _ in Float(random.normal()) })
    }
}

extension Image {
    /// An image of independent standard normal pixels.
    public static func random(boxSize n: Int, pixelSize: Double = 1, seed: UInt64) -> Image {
        var random = RandomStream(seed: seed)
        return Image(
            boxSize: n, pixelSize: pixelSize, pixels: (0..<n * n).map { _ in Float(random.normal()) })
    }
}

extension Rotation {
    /// A uniformly distributed rotation.
    public static func random(_ random: inout RandomStream) -> Rotation {
        OrientationDistribution.uniform.draw(&random)
    }
}

/// Standard normal complex numbers.
public func randomComplex(_ count: Int, seed: UInt64) -> [Complex] {
    var random = RandomStream(seed: seed)
    return (0..<count).map { _ in [Float(random.normal()), Float(random.normal())] }
}

/// Re Σ a b*, in double precision.
public func innerProduct(_ a: [Complex], _ b: [Complex]) -> Double {
    zip(a, b).reduce(0) { $0 + Double($1.0.x) * Double($1.1.x) + Double($1.0.y) * Double($1.1.y) }
}

/// Σ a b, in double precision.
public func innerProduct(_ a: [Float], _ b: [Float]) -> Double {
    zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) }
}

/// Pearson's correlation of two arrays.
public func correlation(_ a: [Float], _ b: [Float]) -> Double {
    let count = Double(max(a.count, 1))
    let meanA = a.reduce(0) { $0 + Double($1) } / count
    let meanB = b.reduce(0) { $0 + Double($1) } / count
    var (cross, powerA, powerB) = (0.0, 0.0, 0.0)
    for (x, y) in zip(a, b) {
        let (dx, dy) = (Double(x) - meanA, Double(y) - meanB)
        cross += dx * dy
        powerA += dx * dx
        powerB += dy * dy
    }
    return powerA * powerB > 0 ? cross / (powerA * powerB).squareRoot() : 0
}

/// The largest |a − b| relative to the largest |b|.
public func relativeDifference(_ a: [Complex], _ b: [Complex]) -> Double {
    let largest = b.map { Double(($0 * $0).sum()).squareRoot() }.max() ?? 0
    let difference = zip(a, b).map { Double((($0 - $1) * ($0 - $1)).sum()).squareRoot() }.max() ?? 0
    return largest > 0 ? difference / largest : difference
}
