import CryoCore
import CryoFourier
import Foundation

/// The map, poses and optics of Fixtures/make_relion_fixture.py.
enum RelionFixture {
    static let boxSize = 32
    static let pixelSize = 4.0

    static var volume: Volume {
        let blobs: [(SIMD3<Double>, Double)] = [
            ([0, 0, 0], 1), ([22, 6, -10], 1.5), ([-14, 20, 8], 0.8), ([5, -24, 16], 1.2),
            ([-18, -9, -20], 0.6),
        ]
        return Volume(
            scatterers: blobs.map {
                PointScatterer(position: $0.0, weight: $0.1, bFactor: 8 * .pi * .pi * 36)
            },
            boxSize: boxSize, pixelSize: pixelSize)
    }

    static var particles: [Particle] {
        [
            particle(0, 0, 0, 0, 0, 15_000, 15_000, 0),
            particle(30, 50, 70, 8, -4, 12_000, 11_000, 25),
            particle(-110, 95, 160, -5.3, 6.9, 20_000, 18_500, -60),
            particle(200, 150, -35, 3.1, 10.2, 9_000, 8_800, 80),
        ]
    }

    /// Degrees and Å.
    static func particle(
        _ rot: Double, _ tilt: Double, _ psi: Double, _ originX: Double, _ originY: Double,
        _ defocusU: Double, _ defocusV: Double, _ defocusAngle: Double
    ) -> Particle {
        let rotation = Rotation(
            rot: Angle(degrees: rot), tilt: Angle(degrees: tilt), psi: Angle(degrees: psi))
        return Particle(
            imageName: "1@none.mrcs",
            ctf: ContrastTransferFunction(
                voltage: 200_000, sphericalAberration: 1.4e7, amplitudeContrast: 0.1, defocusU: defocusU,
                defocusV: defocusV, defocusAngle: Angle(degrees: defocusAngle)),
            pose: Pose(rotation: rotation, originX: originX, originY: originY))
    }

    /// Splits float32 data, little endian, into images.
    static func images(_ data: Data) -> [Image] {
        let size = boxSize * boxSize
        let values = data.withUnsafeBytes { bytes in
            (0..<data.count / 4).map {
                Float(
                    bitPattern: UInt32(
                        littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self)))
            }
        }
        return (0..<values.count / size).map {
            Image(boxSize: boxSize, pixelSize: pixelSize, pixels: Array(values[$0 * size..<($0 + 1) * size]))
        }
    }
}
