import ArgumentParser
import CryoFiles
import CryoFourier
import CryoReconstruction
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
            Reconstruct.self, Simulate.self, Compare.self, ShellCorrelation.self, Inspect.self, Presets.self,
        ])

    /// Runs the program; input that cannot be used ends it with one line and status 2.
    static func main() {
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch let error as any InputError {
            FileHandle.standardError.write(Data("daybreak: \(error)\n".utf8))
            Foundation.exit(2)
        } catch {
            exit(withError: error)
        }
    }
}

/// Errors that the input causes: one line, status 2.
protocol InputError: Error, CustomStringConvertible {}
extension FileError: InputError {}
extension ReconstructionError: InputError {}
extension RunFolderError: InputError {}
extension SimulationError: InputError {}

/// The program's version.
enum Version {
    static let current = "0.1.0"
}
