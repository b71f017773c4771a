import CryoCore
import Foundation

/// The coarse search: every rotation of a grid, every shift by one transform, both hands.
package struct RotationSearch: Sendable {
    private let pair: AlignmentPair
    private let lattice: ShellLattice
    private let rotations: [Rotation]
    /// Where each point, and on the plane kx = 0 its partner, goes in the transform of the cross-spectrum.
    private let offsets: [(point: Int, offset: Int, isPartner: Bool)]
    private let edge: Int

    package init(pair: AlignmentPair, shellLimit: Int, rotations: [Rotation] = grid(step: Angle(degrees: 14)))
    {
        self.pair = pair
        lattice = ShellLattice(shellLimit: shellLimit)
        self.rotations = rotations
        let edge = FastLength.even(atLeast: 2 * shellLimit + 8)
        self.edge = edge
        func offset(_ k: SIMD3<Float>, sign: Int) -> Int {
            let (ky, kz) = (sign * Int(k.y), sign * Int(k.z))
            return (((kz + edge) % edge) * edge + (ky + edge) % edge) * (edge / 2 + 1) + Int(k.x)
        }
        offsets = lattice.points.enumerated().flatMap { index, k in
            let own = (index, offset(k, sign: 1), false)
            return k.x == 0 ? [own, (index, offset(k, sign: -1), true)] : [own]
        }
    }

    /// The best shift of each rotation; best first, at most `count`, each more than 20° from all before it.
    package func candidates(mirrored: Bool, count: Int, _ parallel: Parallel) -> [Placement] {
        var chosen: [Placement] = []
        // Sorting by index where scores are equal keeps the order the same on every run.
        let order = placements(mirrored: mirrored, parallel).enumerated().sorted {
            $0.element.score != $1.element.score
                ? $0.element.score > $1.element.score : $0.offset < $1.offset
        }
        let apart = Angle(degrees: 20).radians
        for (_, candidate) in order.prefix(400) {
            let isNew = chosen.allSatisfy {
                $0.superposition.rotation.angle(to: candidate.superposition.rotation).radians > apart
            }
            if isNew { chosen.append(candidate) }
            if chosen.count == count { break }
        }
        return chosen
    }

    /// The best shift of each rotation, in their order.
    package func placements(mirrored: Bool, _ parallel: Parallel) -> [Placement] {
        let target = targetValues(mirrored: mirrored)
        let chunk = 128
        return parallel.map((rotations.count + chunk - 1) / chunk) { index in
            let range = index * chunk..<min(rotations.count, (index + 1) * chunk)
            return best(of: range, mirrored: mirrored, target: target)
        }.flatMap { $0 }
    }

    /// The reference's conjugate, with all that turns a product with the map's values into a score.
    private func targetValues(mirrored: Bool) -> [Complex] {
        let target = lattice.whitened(pair.referenceValues(lattice.points))
        let map = pair.mapValues(.identity, mirrored: mirrored, lattice.points)
        let scales = zip(lattice.power(map), lattice.weights).map { power, weight in
            power > 0 && weight > 0 ? Float(1 / (power.squareRoot() * weight)) : 0
        }
        return target.indices.map { conjugate(target[$0]) * scales[lattice.shells[$0]] }
    }

    private func best(of range: Range<Int>, mirrored: Bool, target: [Complex]) -> [Placement] {
        let fft = RealFFT.ofShape([edge, edge, edge])
        let spectrum = AlignedBuffer<Complex>(count: fft.complexCount, repeating: .zero)
        let scores = AlignedBuffer<Float>(count: fft.realCount, repeating: 0)
        return range.map { index in
            let values = pair.mapValues(rotations[index], mirrored: mirrored, lattice.points)
            spectrum.fill(.zero)
            for (point, offset, isPartner) in offsets {
                let product = multiply(values[point], target[point])
                spectrum[offset] = isPartner ? conjugate(product) : product
            }
            fft.inverse(spectrum, scores)
            var (best, place) = (-Float.infinity, 0)
            for voxel in 0..<fft.realCount where scores[voxel] > best {
                (best, place) = (scores[voxel], voxel)
            }
            return Placement(
                score: Double(best),
                superposition: Superposition(
                    rotation: rotations[index], shift: shift(of: place), isMirrored: mirrored))
        }
    }

    /// The shift that a place in the correlation stands for; the transform's sign is the shift's opposite.
    private func shift(of place: Int) -> SIMD3<Double> {
        let voxel = SIMD3(place % edge, place / edge % edge, place / (edge * edge))
        var shift = SIMD3<Double>.zero
        for axis in 0..<3 {
            let signed = voxel[axis] > edge / 2 ? voxel[axis] - edge : voxel[axis]
            shift[axis] = -Double(signed) * pair.boxLength / Double(edge)
        }
        return shift
    }

    /// Rotations about `step` apart: directions on a Fibonacci spiral, and turns in the plane.
    package static func grid(step: Angle) -> [Rotation] {
        let directionCount = max(1, Int((4 * .pi / (step.radians * step.radians)).rounded()))
        let turnCount = max(1, Int((2 * .pi / step.radians).rounded(.up)))
        return (0..<directionCount).flatMap { index in
            let z = 1 - 2 * (Double(index) + 0.5) / Double(directionCount)
            // The golden angle.
            let azimuth = Angle(radians: .pi * (3 - 5.squareRoot()) * Double(index))
            let tilt = Angle(radians: acos(z))
            return (0..<turnCount).map { turn in
                Rotation(
                    rot: azimuth, tilt: tilt, psi: Angle(radians: 2 * .pi * Double(turn) / Double(turnCount)))
            }
        }
    }
}
