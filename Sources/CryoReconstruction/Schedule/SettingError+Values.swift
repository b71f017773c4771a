extension SettingError {
    /// What the setting takes that was given something else; nil where there is none of that name.
    var wanted: String? {
        guard case .unsuitable(let name, _) = self else { return nil }
        let settings = Mirror(reflecting: ReconstructionParameters()).children
        guard let value = settings.first(where: { $0.label == name })?.value else { return nil }
        if name == "contrast" { return "1 (white), -1 (black) or null (found from the images)" }
        switch value {
        case is ReconstructionParameters.OptimizerKind:
            return Self.names(of: ReconstructionParameters.OptimizerKind.self)
        case is ReconstructionParameters.ScheduleKind:
            return Self.names(of: ReconstructionParameters.ScheduleKind.self)
        case is ReconstructionParameters.SamplingKind:
            return Self.names(of: ReconstructionParameters.SamplingKind.self)
        case is PriorKind: return Self.names(of: PriorKind.self)
        case is Bool: return "true or false"
        case is String: return "a name"
        default: break
        }
        // An optional without a value is of any optional type to `is`; its own type is not.
        switch type(of: value) {
        case is UInt64.Type: return "a whole number from 0"
        case is Int.Type: return "a whole number"
        case is Int?.Type: return "a whole number or null"
        case is Double?.Type: return "a number or null"
        default: return "a number"
        }
    }

    private static func names<Kind: CaseIterable & RawRepresentable<String>>(of kind: Kind.Type) -> String {
        Kind.allCases.map(\.rawValue).joined(separator: ", ")
    }
}
