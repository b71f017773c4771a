import ArgumentParser
import CryoReconstruction
import Foundation

/// `daybreak presets`.
struct Presets: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prints the settings of the presets; each can be changed by reconstruct --set name=value.",
        discussion: """
            With a name it prints that preset alone, as JSON that --settings-file reads.

            Example: daybreak presets paper > settings.json
            """)

    @Argument(help: "A preset; all of them if it is left out.", completion: .list(["default", "paper"]))
    var name: String?

    func validate() throws {
        guard name.map({ ReconstructionParameters.preset(named: $0) != nil }) ?? true else {
            throw ValidationError("there is no preset '\(name ?? "")'; expected default or paper")
        }
    }

    func run() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        for preset in name.map({ [$0] }) ?? ["default", "paper"] {
            guard let parameters = ReconstructionParameters.preset(named: preset) else { continue }
            let listing = try encoder.encode(ReconstructionParameters.Listing(parameters))
            print((name == nil ? "\(preset): " : "") + String(decoding: listing, as: UTF8.self))
        }
    }
}
