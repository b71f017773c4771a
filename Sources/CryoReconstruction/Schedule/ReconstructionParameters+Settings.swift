import Foundation

extension ReconstructionParameters {
    /// The settings with one of them changed by its name, as `--set name=value` does.
    ///
    /// - Throws: ``SettingError`` if there is no such setting or the value has the wrong type.
    public func setting(_ name: String, to text: String) throws(SettingError) -> ReconstructionParameters {
        guard var fields = Self.fields(of: self), Self.names.contains(name) else {
            throw .unknown(name: name, known: Self.names)
        }
        // Text such as "C1" is no JSON fragment; it is meant as a string.
        let fragment = try? JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)
        fields[name] = fragment ?? text
        guard let data = try? JSONSerialization.data(withJSONObject: fields),
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
