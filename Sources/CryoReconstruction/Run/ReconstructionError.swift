/// Why a reconstruction cannot begin or go on.
public enum ReconstructionError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The point group has no such name.
    case unknownSymmetry(String)
    /// A setting has a value that makes no sense.
    case settingOutOfRange(name: String, found: String, expected: String)
    /// The diameter (Å) does not fit the box (Å).
    case diameterOutOfRange(Double, box: Double)
    /// An image could not be read although its stack was there at the start, before anything was written.
    case readFailure(String)
    /// An image could not be read any more; the run can go on from its last checkpoint.
    case readFailureWithin(String)
    /// The density ceased to be a number in this iteration, counted from 1.
    case diverged(iteration: Int)
    /// The density is zero everywhere, and was for a while, in this iteration, counted from 1.
    case vanished(iteration: Int)
    /// This iteration, counted from 1, was given up between parts of it, since the run is to stop.
    case givenUp(iteration: Int)
    /// All images that were looked at, so many, had to be set aside, the first for this reason.
    case noUsableImages(Int, reason: String)

    /// One line: what was found, what was expected, what to do.
    public var description: String {
        switch self {
        case .unknownSymmetry(let name):
            "symmetry '\(name)' is unknown; expected C<n> or D<n> with n up to 100, T, O or I (RELION's I2), e.g. --symmetry D2, or --symmetry auto"
        case .settingOutOfRange(let name, let found, let expected):
            "setting '\(name)' is \(found); expected \(expected); see daybreak presets"
        case .diameterOutOfRange(let diameter, let box):
            "diameter \(diameter) Å does not fit a box of \(box) Å; give --diameter in Å, more than four pixels and at most the box"
        case .readFailure(let reason): "\(reason); nothing was written"
        case .readFailureWithin(let reason):
            "\(reason); the run was stopped; go on with --resume when the stack can be read again"
        case .diverged(let iteration):
            "the density is no longer finite after iteration \(iteration); expected finite images of one scale; "
                + "look for extreme pixels, or try other settings"
        case .vanished(let iteration):
            "the density has vanished by iteration \(iteration): the prior outweighs so few images; expected a prior that "
                + "leaves some density; give a smaller --set priorStrength, or --set prior=uniform --set priorStrength=0"
        case .givenUp(let iteration):
            "iteration \(iteration) was given up, as asked; go on from the last checkpoint"
        case .noUsableImages(let count, let reason):
            "none of the \(count) images looked at can be used (the first: \(reason)); check the stack and its optics"
        }
    }
}
