/// The readers of files from outside, as fuzzing calls them.
public enum FuzzedReader: String, CaseIterable, Sendable {
    /// Densities and stacks.
    case mrc
    /// Any STAR file: parsed, written and parsed again.
    case star
    /// STAR files of particles, with their stack.
    case particles
    /// Atomic models in fixed columns.
    case pdb
    /// Atomic models in tables.
    case cif
    /// Compressed atomic models.
    case gzip
    /// Checkpoints: as they come, and with the checksum of whatever they hold.
    case checkpoint
    /// JSON and YAML files of settings.
    case settings
    /// The plan and the record of a run.
    case plan

    /// The name that the input has; some readers look at its type.
    var fileName: String {
        switch self {
        case .mrc: "input.mrc"
        case .star, .particles: "input.star"
        case .pdb: "input.pdb"
        case .cif: "input.cif"
        case .gzip: "input.pdb.gz"
        case .checkpoint: "checkpoint"
        case .settings: "settings.yaml"
        case .plan: "plan.json"
        }
    }
}
