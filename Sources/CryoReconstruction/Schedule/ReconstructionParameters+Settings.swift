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
    /// - Throws: ``SettingsFileError`` if the file cannot be read, or is wrong in a setting.
    public func settings(fromFile path: String) throws(SettingsFileError) -> ReconstructionParameters {
        guard let data = FileManager.default.contents(atPath: path) else { throw .unreadable(path) }
        // JSON is YAML too, so one parser reads both.
        let content: Any?
        do { content = try Yams.load(yaml: String(decoding: data, as: UTF8.self)) } catch {
            throw .malformed(path, "\(error)".split(whereSeparator: \.isNewline).joined(separator: " "))
        }
        guard let settings = content as? [String: Any] else { throw .noMapping(path) }
        var result = self
        for name in settings.keys.sorted() {
            let value = settings[name] ?? NSNull()
            do { result = try result.setting(name, toValue: value, shown: "\(value)") } catch {
                throw .wrong(path, error)
            }
        }
        return result
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

    /// The names of all settings.
    public static let names: [String] =
        Mirror(reflecting: ReconstructionParameters()).children.compactMap(\.label).sorted()

    private static func fields(of parameters: ReconstructionParameters) -> [String: Any]? {
        guard let data = try? JSONEncoder().encode(parameters) else { return nil }
        return try? JSONSerialization.jsonObject(with: data) as? [String: Any]
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
            "there is no setting '\(name)'; the settings are \(known.joined(separator: ", "))"
        case .unsuitable(let name, let value): "setting '\(name)' cannot be '\(value)'; see daybreak presets"
        }
    }
}

/// Why a file of settings cannot be used.
public enum SettingsFileError: Error, Equatable, CustomStringConvertible {
    /// The file is not there or cannot be read.
    case unreadable(String)
    /// It is neither JSON nor YAML.
    case malformed(String, String)
    /// It holds something else than names and values.
    case noMapping(String)
    /// A setting in it is wrong.
    case wrong(String, SettingError)

    /// One line.
    public var description: String {
        switch self {
        case .unreadable(let path): "\(path): cannot be read; give a JSON or YAML file of settings"
        case .malformed(let path, let reason): "\(path): is neither JSON nor YAML (\(reason))"
        case .noMapping(let path):
            "\(path): found no settings; expected lines such as 'annealIterations: 200'"
        case .wrong(let path, let error): "\(path): \(error)"
        }
    }
}
