import CryoCore

extension ParticleSet {
    /// Writes what was learnt about the particles as a STAR file of RELION 3.1.
    ///
    /// Every column of the input is kept. A file of RELION 3.0 is upgraded: what belongs to the optics moves
    /// to `data_optics`, and origins change from pixels to Å. Image names stay as they are, so they resolve
    /// from where the input's did.
    /// - Parameters:
    ///   - path: The file to write; it appears when it is complete.
    ///   - estimates: One for each particle; particles without one are left out.
    ///   - merits: The probability of each particle to be one (`rlnParticleFigureOfMerit`), or nil to keep the input's.
    ///   - scales: How strongly each particle's image shows the density (`rlnGroupScaleCorrection`), or nil to keep the input's.
    ///   - halfSets: The half set (1 or 2) of each particle, or nil to keep the input's.
    /// - Throws: ``FileError/unwritable(path:found:advice:)``, also if no particle has an estimate.
    public func write(
        to path: String, estimates: [PoseEstimate?], merits: [Double]? = nil, scales: [Float]? = nil,
        halfSets: [Int]? = nil
    ) throws(FileError) {
        precondition(estimates.count == count, "there is an estimate or nil for each particle")
        precondition((halfSets?.count ?? count) == count, "there is a half set for each particle")
        let rows = estimates.indices.filter { estimates[$0] != nil }
        guard !rows.isEmpty else {
            throw .unwritable(
                path: path, found: "no particle with a pose", advice: "nothing was learnt; see the run's log")
        }
        let optics = opticsTable
        func part(_ rows: ArraySlice<Int>) -> StarTable {
            var table = metadata.particles.selecting(rows: Array(rows))
            if metadata.optics == nil {
                table.removeColumns(Set(OpticsTable.movedLabels))
            }
            table.setColumn("rlnOpticsGroup", to: rows.map { "\(optics.groups[$0])" })
            table.removeColumns(Self.staleLabels)
            if table.column("rlnClassNumber") != nil {
                table.setColumn("rlnClassNumber", to: rows.map { _ in "1" })
            }
            table.setColumns(Self.columns(of: rows.compactMap { estimates[$0] }))
            if let merits {
                table.setColumn("rlnParticleFigureOfMerit", to: rows.map { DecimalText.fixed(merits[$0]) })
            }
            if let scales {
                table.setColumn(
                    "rlnGroupScaleCorrection", to: rows.map { DecimalText.fixed(Double(scales[$0])) })
            }
            if let halfSets { table.setColumn("rlnRandomSubset", to: rows.map { "\(halfSets[$0])" }) }
            return table
        }
        let parts = stride(from: 0, to: rows.count, by: Self.partSize).lazy.map { start in
            part(rows[start..<min(start + Self.partSize, rows.count)])
        }
        try output(optics.table, part(rows[..<0])).write(
            to: path, appending: parts,
            toBlock: metadata.particleBlock + (metadata.opticsBlock == nil ? 1 : 0))
    }

    /// What an earlier reconstruction knew of poses, in whose frame the new ones are not: RELION looks for them about priors.
    private static let staleLabels: Set = [
        "rlnOriginX", "rlnOriginY", "rlnOriginZ", "rlnOriginZAngst", "rlnOriginXPrior", "rlnOriginYPrior",
        "rlnOriginXPriorAngst", "rlnOriginYPriorAngst", "rlnOriginZPriorAngst", "rlnAngleRotPrior",
        "rlnAngleTiltPrior", "rlnAnglePsiPrior",
    ]

    /// Rows that are put together at once, so that the table is never in memory twice.
    private static let partSize = 4096

    private var opticsTable: OpticsTable {
        guard let optics = metadata.optics else {
            return OpticsTable(upgrading: metadata, boxSize: boxSize, pixelSize: pixelSize)
        }
        return OpticsTable(
            completing: optics, metadata: metadata, particles: particles, boxSize: boxSize,
            pixelSize: pixelSize)
    }

    /// The document with its particles and optics replaced; other blocks stay.
    private func output(_ optics: StarTable, _ particles: StarTable) -> StarDocument {
        var result = document
        result.version = 30001
        result.blocks[metadata.particleBlock] = StarBlock(name: "particles", content: .table(particles))
        let block = StarBlock(name: "optics", content: .table(optics))
        if let index = metadata.opticsBlock {
            result.blocks[index] = block
        } else {
            result.blocks.insert(block, at: 0)
        }
        return result
    }

    private static func columns(of estimates: [PoseEstimate]) -> [(label: String, values: [String])] {
        func text(_ value: (PoseEstimate) -> Double) -> [String] {
            estimates.map { DecimalText.fixed(value($0)) }
        }
        return poseColumns(of: estimates.map(\.pose)) + [
            ("rlnLogLikeliContribution", text { $0.logEvidence }),
            ("rlnMaxValueProbDistribution", text { $0.peakProbability }),
            (
                "rlnNrOfSignificantSamples",
                estimates.map { "\(Int(exactly: $0.effectivePoses.rounded()) ?? 0)" }
            ),
        ]
    }

    /// The columns of poses: degrees and Å.
    static func poseColumns(of poses: [Pose]) -> [(label: String, values: [String])] {
        let angles = poses.map(\.rotation.eulerAngles)
        return [
            ("rlnAngleRot", angles.map { DecimalText.fixed($0.rot.degrees) }),
            ("rlnAngleTilt", angles.map { DecimalText.fixed($0.tilt.degrees) }),
            ("rlnAnglePsi", angles.map { DecimalText.fixed($0.psi.degrees) }),
            ("rlnOriginXAngst", poses.map { DecimalText.fixed($0.originX) }),
            ("rlnOriginYAngst", poses.map { DecimalText.fixed($0.originY) }),
        ]
    }
}
