import CryoCore
import CryoFiles
import CryoReconstruction

/// Reconstructs the particles of a table and writes the map.
func reconstruct(table: String, to map: String, parameters: ReconstructionParameters) throws {
    let microscope = ContrastTransferFunction(
        voltage: 300_000, sphericalAberration: 2.7e7, amplitudeContrast: 0.1, defocusU: 0, defocusV: 0)
    let source = try ImageTable(path: table, microscope: microscope)
    let result = try Reconstruction(source: source, parameters: parameters).run { iteration in
        print("iteration \(iteration.iteration + 1), limit \(iteration.resolution) Å")
    }
    try MRCFile.write(result.map, to: map)
}
