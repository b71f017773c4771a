import CryoCore

extension [Volume] {
    /// The mean of densities of one box; there must be one.
    var mean: Volume {
        var mean = self[0]
        for other in dropFirst() {
            for index in mean.voxels.indices { mean.voxels[index] += other.voxels[index] }
        }
        for index in mean.voxels.indices { mean.voxels[index] /= Float(count) }
        return mean
    }
}
