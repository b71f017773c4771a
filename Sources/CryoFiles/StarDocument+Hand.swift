import CryoCore

extension StarDocument {
    /// The document with its poses as those of the density of the other hand; nil if there are none.
    ///
    /// The tilt changes its sign (see ``CryoCore/Pose/mirrored``), which is half a turn of both rot and psi:
    /// Rz(α) Ry(−β) Rz(γ) = Rz(α + π) Ry(β) Rz(γ + π).
    ///
    /// - Parameter path: The file, for messages.
    /// - Throws: ``FileError`` if an angle is no number.
    public func withMirroredPoses(path: String) throws(FileError) -> StarDocument? {
        var result = self
        var isChanged = false
        for (index, block) in blocks.enumerated() {
            var table = block.table
            guard table.column("rlnAngleRot") != nil, table.column("rlnAnglePsi") != nil else { continue }
            for label in ["rlnAngleRot", "rlnAnglePsi"] {
                table.setColumn(label, to: try Self.turnedByHalf(table, label, path: path))
            }
            result.blocks[index].content = .table(table)
            isChanged = true
        }
        return isChanged ? result : nil
    }

    private static func turnedByHalf(
        _ table: StarTable, _ label: String, path: String
    ) throws(FileError) -> [String] {
        var turned = [String]()
        for (row, text) in (table.values(of: label) ?? []).enumerated() {
            guard let degrees = Double(text), degrees.isFinite else {
                throw .malformed(
                    path: path, place: table.line(ofRow: row).map { .line($0) } ?? .whole,
                    found: "'\(text)' as \(label)", expected: "an angle in degrees",
                    advice: "mend the file, or leave the poses as they are")
            }
            turned.append(DecimalText.fixed(degrees > 0 ? degrees - 180 : degrees + 180))
        }
        return turned
    }
}
