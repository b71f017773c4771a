import ArgumentParser
import CryoReconstruction
import Foundation

/// `daybreak reconstruct`.
struct Reconstruct: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Finds the density of the particles in a STAR file, from a random start.",
        discussion: """
            Leaves report.html (open it in a browser), map.mrc, map.png, particles.star (poses), run.json and log.txt in the \
            output folder, and of the half-sets half1.mrc, half2.mrc, mask.mrc, map_unfiltered.mrc, fsc.star and fsc.xml.

            Examples:
              daybreak reconstruct particles.star -o run1 --diameter 180 --web
              daybreak reconstruct --resume run1
            """)

    @Argument(
        help: "Particles: a STAR file of RELION 3.0 or later.", completion: .file(extensions: ["star"]))
    var particles: String?

    @OptionGroup(title: "RUN FOLDER") var place: RunFolderOptions
    @OptionGroup(title: "MOLECULE AND IMAGES") var molecule: MoleculeOptions
    @OptionGroup(title: "METHOD") var method: MethodOptions
    @OptionGroup(title: "WHAT IS SHOWN") var display: DisplayOptions

    func validate() throws {
        try place.validateTask(particles: particles, maxResolution: method.maxResolution)
        try place.refuseUnused(CommandLine.arguments)
        guard place.checkpointEvery >= 0 else {
            throw ValidationError("--checkpoint-every is in seconds, 0 or more")
        }
        if let threads = method.threads, !(1...256).contains(threads) {
            throw ValidationError("--threads must be 1 to 256")
        }
        if let maxResolution = method.maxResolution, !(maxResolution > 0) {
            throw ValidationError("--max-resolution is in Å, above 0")
        }
        if let maxIterations = method.maxIterations, maxIterations < 1 {
            throw ValidationError("--max-iterations must be at least 1")
        }
        if let starts = method.starts, !(1...1000).contains(starts) {
            throw ValidationError("--starts must be 1 to 1000")
        }
        if let contrast = molecule.contrast, !["white", "black"].contains(contrast) {
            throw ValidationError("--contrast is white or black")
        }
        do {
            var asked = try parameters()
            asked.leaveSymmetryOpen()
            if method.settingsFile == nil { try asked.validate() }
        } catch let error as ReconstructionError {
            throw ValidationError("\(error)")
        } catch is SettingsFileError {
            // A file of settings is input: what is wrong with it is for run() to say.
        }
    }

    func parameters() throws -> ReconstructionParameters {
        guard var result = ReconstructionParameters.preset(named: method.preset) else {
            throw ValidationError("there is no preset '\(method.preset)'; the presets are default and paper")
        }
        if let settingsFile = method.settingsFile { result = try result.settings(fromFile: settingsFile) }
        method.optimizer?.choose(in: &result)
        for setting in method.settings {
            let parts = setting.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { throw ValidationError("--set wants name=value, not '\(setting)'") }
            do { result = try result.setting(parts[0], to: parts[1]) } catch {
                throw ValidationError("\(error)")
            }
        }
        if let starts = method.starts { result.starts = starts }
        if let halves = method.halves { result.halves = halves }
        if let seed = method.seed { result.seed = seed }
        if let diameter = molecule.diameter { result.diameter = diameter }
        if let symmetry = molecule.symmetry { result.symmetry = symmetry }
        if let maxResolution = method.maxResolution { result.maxResolution = maxResolution }
        if let maxIterations = method.maxIterations { result.maxIterations = maxIterations }
        if let bFactor = method.bFactor { result.bFactor = bFactor }
        if let contrast = molecule.contrast { result.contrast = contrast == "white" ? 1 : -1 }
        return result
    }
}
