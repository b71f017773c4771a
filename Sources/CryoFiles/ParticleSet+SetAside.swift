extension ParticleSet {
    /// Writes the particles that were set aside as they were read, with the reason as a last column.
    ///
    /// - Parameters:
    ///   - reasons: Why, by the particle's index.
    ///   - path: The file to write; it appears when it is complete.
    /// - Throws: ``FileError/unwritable(path:found:advice:)``.
    public func writeSetAside(_ reasons: [Int: String], to path: String) throws(FileError) {
        let rows = reasons.keys.sorted()
        var table = metadata.particles.selecting(rows: rows)
        table.setColumn("daybreakSetAside", to: rows.map { reasons[$0] ?? "" })
        var result = document
        result.blocks[metadata.particleBlock].content = .table(table)
        try result.write(to: path)
    }
}
