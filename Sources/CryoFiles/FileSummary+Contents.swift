import CryoCore

extension FileSummary {
    mutating func describeMRC(_ file: InputFile) throws(FileError) {
        let header = try MRCHeader(
            parsing: try file.bytes(from: 0, count: min(file.byteCount, MRCHeader.byteCount)), path: path)
        size = header.size
        mode = header.mode
        pixelSize = header.pixelSize
        warnings += header.warnings
        let shape = "\(header.size.x) × \(header.size.y)"
        add(
            "size",
            kind == .mrcStack
                ? "\(header.size.z) images of \(shape) pixels" : "\(shape) × \(header.size.z) voxels")
        add("pixel size", pixelSize.map { "\($0) Å" } ?? "not known")
        add("stored as", "\(header.mode) (mode \(header.mode.rawValue)), \(header.byteOrder) endian")
        if header.extendedByteCount > 0 { add("extended header", "\(header.extendedByteCount) bytes") }
        if let warning = try header.checkLength(file.byteCount, path: path) { warnings.append(warning) }
        let statistics = try Self.statistics(of: file, header)
        self.statistics = statistics
        add("values", "\(statistics.minimum) to \(statistics.maximum)")
        add("mean", "\(Float(statistics.mean)), standard deviation \(Float(statistics.deviation))")
        if statistics.nonFiniteCount > 0 {
            problems.append("\(statistics.nonFiniteCount) values are not finite numbers")
        }
        if statistics.deviation == 0 { problems.append("all values are equal") }
        if kind == .mrcStack, header.size.x != header.size.y { problems.append("the images are not square") }
    }

    /// Reads the values in blocks, so that memory does not grow with the file.
    private static func statistics(of file: InputFile, _ header: MRCHeader) throws(FileError)
        -> SampleStatistics
    {
        let decoder = SampleDecoder(mode: header.mode, byteOrder: header.byteOrder)
        // The length was checked, so the product does not overflow.
        let total = header.size.x * header.size.y * header.size.z
        var statistics = SampleStatistics()
        var done = 0
        while done < total {
            let count = min(1 << 20, total - done)
            statistics.add(
                try decoder.read(count, from: file, at: header.dataOffset + done * header.mode.bytesPerValue))
            done += count
        }
        return statistics
    }

    mutating func describeStar(root: String?) throws(FileError) {
        guard kind == .starParticles else {
            let document = try StarDocument(path: path)
            warnings += document.warnings
            for block in document.blocks {
                switch block.content {
                case .table(let table):
                    add("data_\(block.name)", "\(table.rowCount) rows, \(table.labels.count) columns")
                case .pairs(let pairs): add("data_\(block.name)", "\(pairs.count) values")
                }
            }
            // Particles without images are wanted by nobody, which is said as it is to who would reconstruct them.
            if document.table(named: "particles") != nil {
                _ = try ParticleMetadata(document: document, path: path)
            }
            return
        }
        let set = try ParticleSet(starFile: path, root: root)
        size = [set.boxSize, set.boxSize, set.count]
        pixelSize = set.pixelSize
        particleCount = set.count
        opticsGroupCount = set.metadata.optics?.rowCount
        warnings += set.warnings
        let names = set.particles.compactMap { ImageName($0.imageName)?.numbered }
        let repeated = names.count - Set(names).count
        if repeated > 0 {
            warnings.append("\(repeated) rows have the image of another row; reconstruct sets them aside")
        }
        let looked = min(set.count, 1000)
        let damaged = try Self.damagedCount(of: set, lookingAt: looked)
        noteSetAside(damaged, of: looked, "images looked at are constant or not finite")
        let objections = set.particles.compactMap(\.ctf.objection)
        noteSetAside(
            objections.count, of: set.count,
            "particles have optics of no microscope (\(objections.first ?? ""))")
        add("particles", "\(set.count) in \(set.stackPaths.count) stacks")
        add("box", "\(set.boxSize) × \(set.boxSize) pixels of \(set.pixelSize) Å")
        add("optics groups", opticsGroupCount.map { "\($0)" } ?? "none (RELION 3.0)")
        let defocus = set.particles.map { ($0.ctf.defocusU + $0.ctf.defocusV) / 2 }
        if let low = defocus.min(), let high = defocus.max() {
            let groups = set.particles.groupOptics
            func distinct(_ text: (ContrastTransferFunction) -> String) -> String {
                Set(groups.map(text)).sorted().joined(separator: "; ").excerpt
            }
            add("microscope", distinct { "\($0.voltage / 1e3) kV, Cs \($0.sphericalAberration / 1e7) mm" })
            add("amplitude contrast", distinct { "\($0.amplitudeContrast)" })
            add("defocus", "\(DecimalText.fixed(low / 1e4)) to \(DecimalText.fixed(high / 1e4)) µm")
        }
        add("with a pose", "\(set.particles.count { $0.pose != nil })")
        add("with a half set", "\(set.particles.count { $0.halfSet != nil })")
        if let stack = set.stackPaths.first { add("first stack", stack) }
        if let remark = set.remarkOnNamesElsewhere { add("stacks elsewhere", remark) }
    }

    /// Notes particles that `reconstruct` sets aside, and where these are all refuses.
    private mutating func noteSetAside(_ count: Int, of total: Int, _ what: String) {
        guard count > 0 else { return }
        let found = "\(count) of \(total) \(what)"
        if count < total {
            warnings.append("\(found); reconstruct sets such aside")
        } else {
            problems.append("\(found); reconstruct needs others")
        }
    }

    /// How many of some images, spread over the set, have nothing to tell.
    private static func damagedCount(of set: ParticleSet, lookingAt looked: Int) throws(FileError) -> Int {
        var damaged = 0
        for place in 0..<looked {
            let pixels = try set.readImage(place * set.count / looked).pixels
            let isConstant = pixels.allSatisfy { $0 == pixels[0] }
            if isConstant || !pixels.allSatisfy(\.isFinite) { damaged += 1 }
        }
        return damaged
    }

    mutating func describeModel() throws(FileError) {
        let model = try AtomicModel(path: path)
        kind = model.format == .pdb ? .pdb : .mmCIF
        atomCount = model.atoms.count
        warnings += model.warnings
        var low = SIMD3<Double>(repeating: .infinity)
        var high = -low
        var counts: [ChemicalElement: Int] = [:]
        for atom in model.atoms {
            low = pointwiseMin(low, atom.position)
            high = pointwiseMax(high, atom.position)
            counts[atom.element, default: 0] += 1
        }
        let elements = counts.sorted { ($1.value, $0.key.atomicNumber) < ($0.value, $1.key.atomicNumber) }
        let extent = high - low
        add("atoms", "\(model.atoms.count) without hydrogens and waters")
        add("elements", elements.map { "\($0.key.symbol) \($0.value)" }.joined(separator: ", "))
        add("extent", [extent.x, extent.y, extent.z].map { "\(Float($0))" }.joined(separator: " × ") + " Å")
    }
}
