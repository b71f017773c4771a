import ArgumentParser
import CryoReconstruction
import Foundation

/// `daybreak presets`.
struct Presets: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prints the settings of the presets; each can be changed by reconstruct --set name=value.",
        discussion: "Example: daybreak presets")

    func run() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        for name in ["default", "paper"] {
            guard let preset = ReconstructionParameters.preset(named: name) else { continue }
            print(
                "\(name): \(String(decoding: try encoder.encode(ReconstructionParameters.Listing(preset)), as: UTF8.self))"
            )
        }
    }
}
