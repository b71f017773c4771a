import CryoFiles
import Foundation
import Yams

extension ReconstructionParameters {
    /// The settings with one of them changed by its name, as `--set name=value` does.
    ///
    /// - Throws: ``SettingError`` if there is no such setting or the value has the wrong type.
    public func setting(_ name: String, to text: String) throws(SettingError) -> ReconstructionParameters {
        // Text such as "C1" is no JSON fragment; it is meant as a string.
        let fragment = try? JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)
        return try setting(name, toValue: fragment ?? text, shown: text)
    }

    /// The settings with those changed that a JSON or YAML file names, as `--settings-file` does.
    ///
    ///     annealIterations: 200
    ///     symmetry: D2
    ///
    /// A `preset` among them is what the others change, as `daybreak presets paper` prints it.
    ///
    /// - Throws: ``SettingsFileError`` if the file cannot be read, or is wrong in a setting.
    public func settings(fromFile path: String) throws(SettingsFileError) -> ReconstructionParameters {
        let data: Data
        do { data = try DurableFile.contents(of: path, atMost: Self.settingsFileLimit) } catch {
            throw .unreadable(path)
        }
        let text = String(decoding: data, as: UTF8.self)
        guard !Self.hasAliases(text) else { throw .aliases(path) }
        // JSON is YAML too, so one parser reads both.
        let content: Node?
        do { content = try Yams.compose(yaml: text) } catch { throw .malformed(path, "\(error)".oneLine) }
        // Settings are single values. Yams traps on a mapping with two keys of one meaning, such as 1 and 0x1, if it is
        // asked for more than nodes.
        guard let settings = content?.mapping else { throw .noMapping(path) }
        let named = settings.map { (key: $0.key.scalar?.string ?? "", value: $0.value) }
        var result = self
        if let preset = named.first(where: { $0.key == "preset" }) {
            let name = preset.value.scalar?.string ?? ""
            guard let chosen = Self.preset(named: name) else {
                throw .wrong(path, .unsuitable(name: "preset", value: name.oneLine))
            }
            result = chosen
        }
        for (key, value) in named.sorted(by: { $0.key < $1.key }) where key != "preset" {
            let isSingle = value.scalar != nil
            do throws(SettingError) {
                // No setting is a list, so that one is refused by its name if that is wrong, and else for its value.
                result = try result.setting(
                    key, toValue: isSingle ? value.any : [String](),
                    shown: value.scalar?.string.oneLine ?? "a list or mapping")
            } catch { throw .wrong(path, error) }
        }
        return result
    }

    /// There are some fifty settings; a file of more bytes is something else.
    private static let settingsFileLimit = 1 << 16

    /// Whether YAML's anchors occur: ten lines of them can stand for more values than a memory holds.
    private static func hasAliases(_ text: String) -> Bool {
        text.split(whereSeparator: \.isNewline).contains { line in
            line.prefix { $0 != "#" }.contains { $0 == "&" || $0 == "*" }
        }
    }

    private func setting(
        _ name: String, toValue value: Any, shown text: String
    ) throws(SettingError) -> ReconstructionParameters {
        guard var fields = Self.fields(of: self), Self.names.contains(name) else {
            throw .unknown(name: name, known: Self.names)
        }
        fields[name] = value
        guard JSONSerialization.isValidJSONObject(fields),
            let data = try? JSONSerialization.data(withJSONObject: fields),
            let changed = try? JSONDecoder().decode(ReconstructionParameters.self, from: data)
        else { throw .unsuitable(name: name, value: text) }
        return changed
    }

    /// The names of all settings; where they come from is not one of them, --preset chooses that.
    public static let names: [String] =
        Mirror(reflecting: ReconstructionParameters()).children.compactMap(\.label).filter { $0 != "preset" }
        .sorted()

    /// All settings by name, null where nothing is set.
    public struct Listing: Encodable {
        private let parameters: ReconstructionParameters

        /// Lists settings.
        public init(_ parameters: ReconstructionParameters) { self.parameters = parameters }

        /// Writes them as an object of names and values.
        public func encode(to encoder: any Encoder) throws {
            try parameters.encode(to: encoder)
            let known = ReconstructionParameters.fields(of: parameters) ?? [:]
            var container = encoder.container(keyedBy: Name.self)
            for name in ReconstructionParameters.names where known[name] == nil {
                try container.encodeNil(forKey: Name(stringValue: name))
            }
        }

        private struct Name: CodingKey {
            let stringValue: String
            var intValue: Int? { nil }

            init(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }
    }

    private static func fields(of parameters: ReconstructionParameters) -> [String: Any]? {
        guard let data = try? JSONEncoder().encode(parameters) else { return nil }
        return try? JSONSerialization.jsonObject(with: data) as? [String: Any]
    }
}

extension String {
    /// The text for a message of one line, shortened.
    fileprivate var oneLine: String {
        let text = printable
        return text.count <= 200 ? text : text.prefix(197) + "…"
    }
}

/// Why a setting cannot be changed.
public enum SettingError: Error, Equatable, CustomStringConvertible {
    /// There is no setting of this name.
    case unknown(name: String, known: [String])
    /// The setting cannot take this value.
    case unsuitable(name: String, value: String)

    /// One line.
    public var description: String {
        switch self {
        case .unknown(let name, let known):
            "there is no setting '\(name.oneLine)'; the settings are \(known.joined(separator: ", "))"
        case .unsuitable(let name, let value):
            "setting '\(name)' cannot be '\(value)'; \(wanted.map { "it takes \($0)" } ?? "see daybreak presets")"
        }
    }
}

/// Why a file of settings cannot be used.
public enum SettingsFileError: Error, Equatable, CustomStringConvertible {
    /// The file is not there or cannot be read.
    case unreadable(String)
    /// It is neither JSON nor YAML.
    case malformed(String, String)
    /// It has YAML's anchors or aliases.
    case aliases(String)
    /// It holds something else than names and values.
    case noMapping(String)
    /// A setting in it is wrong.
    case wrong(String, SettingError)

    /// One line.
    public var description: String {
        switch self {
        case .unreadable(let path):
            "\(path): cannot be read; give a JSON or YAML file of settings, at most 64 kB"
        case .malformed(let path, let reason): "\(path): is neither JSON nor YAML (\(reason))"
        case .aliases(let path):
            "\(path): holds & or *, YAML's anchors and aliases, which are not read; write each value out"
        case .noMapping(let path):
            "\(path): found no settings; expected lines such as 'annealIterations: 200'"
        case .wrong(let path, let error): "\(path): \(error)"
        }
    }
}
