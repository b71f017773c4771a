import CryoCore
import CryoFiles
import Foundation

/// Reads a map that is to be compared; warnings go to the standard error.
///
/// - Throws: ``FileError``, or ``InputProblem`` if the map says nothing: not finite, or the same everywhere.
func readMap(_ path: String) throws -> Volume {
    let map = try MRCFile.readVolume(path) { warning in
        FileHandle.standardError.write(Data("warning: \(warning)\n".utf8))
    }
    guard map.voxels.allSatisfy(\.isFinite) else {
        throw InputProblem("\(path): found voxels that are not finite; expected numbers only")
    }
    guard let first = map.voxels.first, map.voxels.contains(where: { $0 != first }) else {
        throw InputProblem("\(path): every voxel has the same value; expected a density")
    }
    return map
}
