import ArgumentParser
import CryoCore
import CryoFiles
import CryoFourier
import CryoReconstruction
import Foundation

/// `daybreak simulate`.
struct Simulate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Makes noisy particle images of a known molecule.",
        discussion: """
            Writes particles.mrcs, particles.star (without poses), truth.star (with them, images of pure noise left \
            out) and truth.mrc.

            The signal-to-noise ratio is the variance of the noise-free, CTF-filtered image over the pixels inside \
            the particle's circle, averaged over particles, divided by the variance of the white noise per pixel.

            Example: daybreak simulate --output sim --model 1xnr.cif.gz --particles 5000 --box 64 --pixel-size 4
            """)

    enum Orientations: String, ExpressibleByArgument, CaseIterable { case uniform, preferred }

    @Option(
        name: .shortAndLong, help: "The folder to write to; created if it is missing.",
        completion: .directory)
    var output: String

    @Option(help: "A PDB, mmCIF or MRC file. (default: the built-in phantom)", completion: .file())
    var model: String?

    @Option(
        parsing: .unconditional, help: "The pixel size of an MRC model whose header is wrong or silent, in Å."
    )
    var modelPixelSize: Double?

    @Option(parsing: .unconditional, help: "The number of particles.")
    var particles = 2000

    @Option(parsing: .unconditional, help: "Pixels along an edge of the images.")
    var box = 64

    @Option(
        parsing: .unconditional,
        help: """
            The pixel size, in Å. (default: 5 for the phantom, 4 for atoms; for an MRC file, what puts its whole \
            box into --box)
            """)
    var pixelSize: Double?

    @Option(parsing: .unconditional, help: "The acceleration voltage, in kV.")
    var voltage = 300.0

    @Option(parsing: .unconditional, help: "The spherical aberration, in mm.")
    var cs = 2.7

    @Option(parsing: .unconditional, help: "The fraction of amplitude contrast.")
    var amplitudeContrast = 0.1

    @Option(parsing: .unconditional, help: "The range of defocus, in Å: lowest,highest.")
    var defocusRange = "10000,25000"

    @Option(
        help: "A text file with one defocus in Å a line, to draw from instead of the range.",
        completion: .file())
    var defoci: String?

    @Option(parsing: .unconditional, help: "The standard deviation of shifts along each axis, in Å.")
    var shiftSigma = 8.0

    @Option(parsing: .unconditional, help: "The signal-to-noise ratio, as defined above.")
    var snr = 0.05

    @Option(parsing: .unconditional, help: "The envelope exp(−B s²/4) of the images, in Å².")
    var bFactor = 0.0

    @Option(
        parsing: .unconditional,
        help: "The standard deviation of how strongly images show the particle, about 1.")
    var scaleSigma = 0.0

    @Option(help: "uniform, or preferred: views gather around two axes.")
    var orientations = Orientations.uniform

    @Option(parsing: .unconditional, help: "The fraction of images without a usable particle.")
    var junk = 0.0

    @Option(parsing: .unconditional, help: "The seed of everything random.")
    var seed: UInt64 = 1

    @Flag(help: "Replace files that exist.")
    var overwrite = false

    /// Beyond all that is recorded, in Å.
    private static let largestDefocus = 200_000.0

    private func defocus() throws -> ClosedRange<Double> {
        let parts = defocusRange.split(separator: ",", omittingEmptySubsequences: false)
        let values = parts.compactMap { Double($0) }
        guard parts.count == 2, values.count == 2, values[0] <= values[1],
            values.allSatisfy({ abs($0) <= Self.largestDefocus })
        else {
            throw ValidationError(
                "--defocus-range wants lowest,highest in Å, at most \(Int(Self.largestDefocus)), not '\(defocusRange)'"
            )
        }
        return values[0]...values[1]
    }

    /// The listed defoci; none without a list.
    private func listedDefoci() throws -> [Double] {
        guard let defoci else { return [] }
        guard let text = try? String(contentsOfFile: defoci, encoding: .utf8) else {
            throw InputProblem("\(defoci): found no readable text, expected one defocus in Å a line")
        }
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        let values = try lines.enumerated().compactMap { number, line -> Double? in
            let word = line.trimmingCharacters(in: .whitespaces)
            if word.isEmpty { return nil }
            guard let value = Double(word), abs(value) <= Self.largestDefocus else {
                throw InputProblem(
                    "\(defoci), line \(number + 1): found '\(word)', expected a defocus in Å, at most \(Int(Self.largestDefocus))"
                )
            }
            return value
        }
        guard !values.isEmpty else {
            throw InputProblem("\(defoci): found no line, expected one defocus in Å a line")
        }
        return values
    }

    func validate() throws {
        guard !output.isEmpty else { throw ValidationError("--output wants the name of a folder") }
        guard particles > 0 else { throw ValidationError("--particles must be at least 1") }
        guard (16...2048).contains(box), box % 2 == 0 else {
            throw ValidationError("--box must be even, 16 to 2048")
        }
        guard pixelSize.map({ (0.1...100).contains($0) }) ?? true else {
            throw ValidationError("--pixel-size is in Å, 0.1 to 100")
        }
        guard modelPixelSize == nil || model != nil else {
            throw ValidationError("--model-pixel-size belongs to --model; give that too")
        }
        guard modelPixelSize.map({ (0.1...100).contains($0) }) ?? true else {
            throw ValidationError("--model-pixel-size is in Å, 0.1 to 100")
        }
        _ = try defocus()
        let numbers: [(option: String, value: Double, isGood: Bool, expected: String)] = [
            ("--voltage", voltage, (1...5000).contains(voltage), "in kV, from 1 to 5000"),
            ("--cs", cs, abs(cs) <= 100, "in mm, at most 100"),
            ("--amplitude-contrast", amplitudeContrast, (0...1).contains(amplitudeContrast), "0 to 1"),
            ("--shift-sigma", shiftSigma, (0...1e4).contains(shiftSigma), "in Å, 0 to 10000"),
            ("--snr", snr, (1e-6...1e6).contains(snr), "0.000001 to 1000000"),
            ("--b-factor", bFactor, abs(bFactor) <= 1e4, "in Å², at most 10000"),
            ("--scale-sigma", scaleSigma, (0...2).contains(scaleSigma), "0 to 2"),
            ("--junk", junk, (0...1).contains(junk), "0 to 1"),
        ]
        for number in numbers where !number.isGood {
            throw ValidationError("\(number.option) is \(number.expected), not \(number.value)")
        }
    }

    /// Refuses what could not be held; counted are some copies of a density, what is known of each particle, and the transform and
    /// values of a model's whole box of so many voxels an edge.
    private func refuseWithoutMemory(resampling edge: Int = 0) throws {
        let needed = 40 * pow(Double(box), 3) + 20 * pow(Double(edge), 3) + 500 * Double(particles)
        let most = AvailableMemory().most
        guard needed > Double(most) else { return }
        throw InputProblem(
            "the simulation needs about \(MemoryEstimate.text(needed)) of memory and there are \(MemoryEstimate.text(Double(most))); "
                + (edge > 0
                    ? "the model has \(edge)³ voxels of that size: give a larger --pixel-size"
                    : "give a smaller --box or fewer --particles"))
    }

    func run() throws {
        try refuseWithoutMemory()
        let density = try makeDensity()
        var parameters = SimulationParameters()
        parameters.particleCount = particles
        parameters.diameter = 0.8 * Double(box) * density.pixelSize
        parameters.voltage = voltage * 1000
        parameters.sphericalAberration = cs * 1e7
        parameters.amplitudeContrast = amplitudeContrast
        parameters.defocusRange = try defocus()
        parameters.defoci = try listedDefoci()
        parameters.shiftSigma = shiftSigma
        parameters.signalToNoise = snr
        parameters.bFactor = bFactor
        parameters.scaleSigma = scaleSigma
        parameters.junkFraction = junk
        parameters.seed = seed
        if orientations == .preferred {
            parameters.orientations = .preferred(
                axes: [[0, 0, 1], [1, 0, 0]], concentration: 5, uniformFraction: 0.2)
        }
        let folder = try claimedFolder()
        let simulator = try ParticleSimulator(density, parameters: parameters)
        let truth = (0..<particles).map { simulator.particle($0) }
        guard truth.contains(where: { $0.pose != nil }) else {
            throw InputProblem("--junk \(junk) leaves no image of a particle; give less, or more --particles")
        }
        try folder.create()
        try write(truth, simulator, density: density, folder: folder)
        print(
            "wrote \(output): \(particles) particles of \(box) px, \(density.pixelSize) Å/px, SNR \(snr)")
    }

    private func write(
        _ truth: [Particle], _ simulator: ParticleSimulator, density: Volume, folder: RunFolder
    ) throws {
        let stack = try MRCStackWriter(
            path: folder.file("particles.mrcs"), boxSize: box, pixelSize: density.pixelSize)
        let parallel = Parallel()
        for start in stride(from: 0, to: particles, by: 256) {
            let images = parallel.map(min(256, particles - start)) { simulator.image(start + $0) }
            for image in images { try stack.append(image) }
        }
        try stack.finish()
        let blind = truth.map { particle -> Particle in
            var copy = particle
            copy.pose = nil
            return copy
        }
        try ParticleSet.write(
            particles: blind, boxSize: box, pixelSize: density.pixelSize, to: folder.file("particles.star"))
        // Images of pure noise have no pose, so the truth leaves them out.
        try ParticleSet.write(
            particles: truth.filter { $0.pose != nil }, boxSize: box, pixelSize: density.pixelSize,
            to: folder.file("truth.star"))
        try MRCFile.write(density, to: folder.file("truth.mrc"))
    }

    /// The output folder, which may hold other things but none of the files' names; nothing is created yet.
    private func claimedFolder() throws -> RunFolder {
        let folder = try RunFolder(path: output, mayOverwrite: true)
        let earlier = ["particles.star", "particles.mrcs", "truth.star", "truth.mrc"].map(folder.file).first {
            FileManager.default.fileExists(atPath: $0)
        }
        if let earlier, !overwrite {
            throw InputProblem("\(earlier): exists already; give another --output, or --overwrite")
        }
        try folder.refuseRun()
        try folder.refuseToReplace(model)
        return folder
    }

    private func makeDensity() throws -> Volume {
        guard let model else {
            let size = pixelSize ?? 5
            let phantom = Phantom(diameter: min(250, 0.75 * Double(box) * size))
            return Volume(scatterers: phantom.scatterers, boxSize: box, pixelSize: size)
        }
        let kind = try FileSummary(path: model).kind
        if kind == .pdb || kind == .mmCIF { return try atomicDensity(model) }
        let volume = try readMap(model, pixelSize: modelPixelSize)
        guard let pixelSize else { return volume.resampled(to: box) }
        let length = Double(volume.boxSize) * volume.pixelSize
        guard length / pixelSize <= 2048 else {
            throw InputProblem(
                "\(model): its edge of \(length) Å has more than 2048 voxels of \(pixelSize) Å; give a larger --pixel-size"
            )
        }
        let size = max(2, Int((length / pixelSize).rounded()))
        try refuseWithoutMemory(resampling: size)
        return volume.resampled(to: size).framed(in: box)
    }

    private func atomicDensity(_ path: String) throws -> Volume {
        let atoms = try AtomicModel(path: path).atoms.map { atom in
            // A scatterer's strength goes with its electrons; its width has a floor of a pixel or so.
            PointScatterer(
                position: atom.position, weight: Double(atom.element.atomicNumber) * atom.occupancy,
                bFactor: atom.bFactor)
        }
        guard atoms.contains(where: { $0.weight > 0 }) else {
            throw InputProblem("\(path): every occupancy is 0; expected atoms that are there")
        }
        let size = pixelSize ?? 4
        let centred = atoms.centred()
        let reach = centred.map { max(abs($0.position.x), abs($0.position.y), abs($0.position.z)) }.max() ?? 0
        guard 2 * reach <= Double(box) * size else {
            throw InputProblem(
                "\(path): reaches \(Int(2 * reach)) Å about its middle, beyond the box of \(Int(Double(box) * size)) Å; "
                    + "give a larger --box or --pixel-size")
        }
        return Volume(scatterers: centred, boxSize: box, pixelSize: size)
    }
}
