import CryoCore
import CryoFiles
import CryoReconstruction
import Foundation

/// Reads a map that is to be compared; warnings go to the standard error.
///
/// - Parameters:
///   - path: The file.
///   - pixelSize: The pixel size in Å, if not the header's.
/// - Throws: ``FileError``, or ``InputProblem`` if the map says nothing: not finite, absurdly large, or the same everywhere.
func readMap(_ path: String, pixelSize: Double? = nil) throws -> Volume {
    let map = try MRCFile.readVolume(path, pixelSize: pixelSize) {
        StandardStreams.say("warning: \(path): \($0)\n")
    }
    guard map.voxels.allSatisfy(\.isFinite) else {
        throw InputProblem("\(path): found voxels that are not finite; expected numbers only")
    }
    // Sums of 2048³ such voxels have a square that a Float holds.
    if let largest = map.voxels.lazy.map(abs).max(), largest > 1e9 {
        throw InputProblem(
            "\(path): found a voxel of magnitude \(largest), expected at most 1e9; scale the map")
    }
    guard let first = map.voxels.first, map.voxels.contains(where: { $0 != first }) else {
        throw InputProblem("\(path): every voxel has the same value; expected a density")
    }
    return map
}

/// Refuses a mask in which there is too little of a map to compare: everything agrees with everything there.
func refuseTooSmall(mask diameter: Double?, for map: Volume) throws {
    let least = 8 * map.pixelSize
    guard let diameter, diameter < least else { return }
    throw InputProblem("--mask is \(diameter) Å; expected at least 8 voxels, \(least) Å")
}

/// Refuses maps that this machine could not lay on each other, in place of a process that the system kills.
///
/// Some 150 bytes a voxel, measured at 256³: padded to twice the edge, a transform beside its map.
func refuseWithoutMemory(toAlign maps: Volume...) throws {
    let edge = maps.map(\.boxSize).max() ?? 0
    let (needed, most) = (150 * pow(Double(edge), 3), Double(AvailableMemory().most))
    guard needed > most else { return }
    throw InputProblem(
        "a map of \(edge)³ voxels takes about \(MemoryEstimate.text(needed)) of memory to align, and there are "
            + "\(MemoryEstimate.text(most)); bin it to a smaller box, or crop it")
}
