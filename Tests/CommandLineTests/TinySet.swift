import CryoCore
import CryoFiles
import Foundation

/// A small set of particles with whatever pixels and optics a test wants.
struct TinySet {
    var count = 24
    var boxSize = 32
    var pixelSize = "6"
    /// The columns after the image's name: defocus U, V and angle, B factor, scale.
    var optics: (_ index: Int) -> [String] = { _ in ["15000", "14500", "30", "0", "1"] }
    /// The pixels; noise with a blob by default.
    var pixels: (_ index: Int, _ noise: [Float]) -> [Float] = { $1 }
    /// The images' numbers in the stack, from 1; as many rows as images by default.
    var rows: [Int]?

    /// Writes `data/particles.star` and its stack.
    func write(in folder: WorkingFolder) throws {
        let path = folder.path + "/data"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        let pixel = Double(pixelSize) ?? 1
        let stack = try MRCStackWriter(path: path + "/particles.mrcs", boxSize: boxSize, pixelSize: pixel)
        for index in 0..<count {
            let image = pixels(index, noisyBlob(index))
            try stack.append(Image(boxSize: boxSize, pixelSize: pixel, pixels: image))
        }
        try stack.finish()
        try folder.write(Data(star.utf8), "data/particles.star")
    }

    private func noisyBlob(_ index: Int) -> [Float] {
        var stream = RandomStream(seed: 11, stream: UInt32(index))
        let (centre, width) = (Double(boxSize) / 2, Double(boxSize) / 8)
        return (0..<(boxSize * boxSize)).map { place in
            let (x, y) = (Double(place % boxSize) - centre, Double(place / boxSize) - centre)
            return Float(2 * exp(-(x * x + 2 * y * y) / (2 * width * width)) + stream.normal())
        }
    }

    private var star: String {
        let columns = [
            "ImageName", "OpticsGroup", "DefocusU", "DefocusV", "DefocusAngle", "CtfBfactor",
            "CtfScalefactor",
        ]
        let labels = columns.map { "_rln\($0)\n" }.joined()
        let lines = (rows ?? Array(1...count)).map { number in
            (["\(number)@data/particles.mrcs", "1"] + optics(number - 1)).joined(separator: " ") + "\n"
        }
        return """
            data_optics

            loop_
            _rlnOpticsGroup
            _rlnVoltage
            _rlnSphericalAberration
            _rlnAmplitudeContrast
            _rlnImagePixelSize
            1 300 2.7 0.1 \(pixelSize)

            data_particles

            loop_
            \(labels)
            """ + lines.joined() + "\n"
    }
}
