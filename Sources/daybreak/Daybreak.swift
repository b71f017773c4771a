import ArgumentParser
import CryoCore
import CryoFiles
import CryoFourier
import CryoReconstruction
import CryoReport
import CryoWeb
import Foundation

/// The program: one subcommand a file, which parses, calls the libraries and prints.
@main
struct Daybreak: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "daybreak",
        abstract: "Finds a molecule's density from its electron microscope images, and nothing else.",
        discussion: """
            daybreak simulate --output sim              makes particles of a built-in molecule
            daybreak reconstruct sim/particles.star --output run
            daybreak compare run/map.mrc sim/truth.mrc  says how good the map is
            """,
        version: Version.current,
        subcommands: [
            Reconstruct.self, Simulate.self, View.self, Compare.self, Symmetry.self, Flip.self, Report.self,
            ShellCorrelation.self, Inspect.self, Presets.self,
        ])

    /// Runs the program; input that cannot be used ends it with one line and status 2.
    static func main() {
        FreedMemory.giveBackAtOnce()
        do {
            var command = try parseAsRoot()
            try command.run()
            try StandardStreams.flush()
        } catch let interruption as Interrupted {
            StandardStreams.say("\ndaybreak: \(interruption.message)\n")
            Foundation.exit(128 + interruption.signal)
        } catch let status as ExitCode {
            Foundation.exit(status.rawValue)
        } catch let error as any InputError {
            refuse("\(error)")
        } catch {
            // What ArgumentParser itself throws has a code of its own; anything else is the system's word.
            guard exitCode(for: error) == .failure else { exit(withError: error) }
            refuse(error.localizedDescription)
        }
    }

    private static func refuse(_ reason: String) -> Never {
        let line = reason.split(whereSeparator: \.isNewline).joined(separator: " ")
        StandardStreams.say("daybreak: \(line)\n")
        Foundation.exit(2)
    }
}

/// Errors that the input causes: one line, status 2.
protocol InputError: Error, CustomStringConvertible {}
extension ExtensionError: InputError {}
extension FileError: InputError {}
extension ReconstructionError: InputError {}
extension RunFolderError: InputError {}
extension SettingsFileError: InputError {}
extension SimulationError: InputError {}
extension PNGError: InputError {}
extension ViewError: InputError {}

/// A refusal that belongs to one subcommand alone.
struct InputProblem: InputError {
    /// One line: what was found, what was expected, what to do.
    let description: String

    init(_ description: String) { self.description = description }
}

/// The program's version.
enum Version {
    static let current = "0.1.0"
}
