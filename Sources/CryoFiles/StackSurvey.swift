import Glibc

/// Where each image of a STAR file is, with every stack checked.
struct StackSurvey {
    /// The stack and the index in it, from 0, of one image.
    struct Location: Sendable {
        var stack: Int32
        var image: Int32
    }

    /// The stacks' paths.
    private(set) var paths: [String] = []
    /// One for each particle.
    private(set) var locations: [Location] = []
    private(set) var boxSize = 0
    /// Of stacks that another name leads to as well, the name that stands for all; by the stack's number.
    private(set) var aliases: [Int32: String] = [:]
    private(set) var warnings: [String] = []
    /// The stacks' names that lead out of the folders that are searched: absolute, or with `..`.
    var namesElsewhere: [String] {
        names.filter { $0.hasPrefix("/") || $0.split(separator: "/").contains("..") }
    }

    private var names: [String] = []

    /// No particle needs more, and each thread holds such an image several times.
    private static let boxLimit = 8192

    init(_ metadata: ParticleMetadata, _ locator: ImageLocator, pixelSize: Double) throws(FileError) {
        let numbers = try readNames(metadata)
        try resolve(metadata.path, locator)
        try check(metadata, numbers, pixelSize: pixelSize)
    }

    /// Splits the names and numbers the stacks; the result is each particle's number in its stack, or nil.
    private mutating func readNames(_ metadata: ParticleMetadata) throws(FileError) -> [Int32?] {
        let field = metadata.field("rlnImageName")
        var known: [String: Int32] = [:]
        var numbers: [Int32?] = []
        numbers.reserveCapacity(metadata.particles.rowCount)
        locations.reserveCapacity(metadata.particles.rowCount)
        for row in 0..<metadata.particles.rowCount {
            let text = metadata.text(field, row) ?? ""
            guard let name = ImageName(text), (name.number ?? 1) <= Int(Int32.max) else {
                throw .malformed(
                    path: metadata.path, place: metadata.place(field, row),
                    found: "the image name '\(text.excerpt)'",
                    expected: "NUMBER@PATH with numbers from 1", advice: "correct the name")
            }
            var stack = Int32(names.count)
            if let index = known[name.path] {
                stack = index
            } else {
                known[name.path] = stack
                names.append(name.path)
            }
            numbers.append(name.number.map(Int32.init))
            locations.append(Location(stack: stack, image: Int32((name.number ?? 1) - 1)))
        }
        return numbers
    }

    private mutating func resolve(_ path: String, _ locator: ImageLocator) throws(FileError) {
        var missing: [String] = []
        for name in names {
            if let found = locator.locate(name) { paths.append(found) } else { missing.append(name) }
        }
        guard missing.isEmpty else {
            throw .missingFiles(
                path: path, names: Array(missing.prefix(10)), count: missing.count,
                advice: "give the folder that these paths start from with --root")
        }
        findAliases()
    }

    /// Files that are joined may name a stack in two ways, of which its images would count twice.
    private mutating func findAliases() {
        var spellings: [FileIdentity: [Int]] = [:]
        for (stack, path) in paths.enumerated() {
            guard let identity = FileIdentity(path) else { continue }
            spellings[identity, default: []].append(stack)
        }
        for stacks in spellings.values where stacks.count > 1 {
            // The least, whatever the order of rows.
            let least = stacks.map { names[$0] }.min() ?? ""
            for stack in stacks where names[stack] != least { aliases[Int32(stack)] = least }
        }
    }

    private mutating func check(
        _ metadata: ParticleMetadata, _ numbers: [Int32?], pixelSize: Double
    ) throws(FileError) {
        var counts: [Int] = []
        var notes: [String: Int] = [:]
        for path in paths {
            let stack = try ImageStack(path: path)
            if counts.isEmpty { boxSize = stack.boxSize }
            guard stack.boxSize == boxSize else {
                throw .unsupported(
                    path: path, place: .byte(0), found: "images of \(stack.boxSize)² pixels",
                    expected: "\(boxSize)² as in \(paths[0])", advice: "extract all particles in one box size"
                )
            }
            guard boxSize <= Self.boxLimit else {
                throw .unsupported(
                    path: path, place: .byte(0), found: "images of \(boxSize)² pixels",
                    expected: "at most \(Self.boxLimit)²",
                    advice: "extract the particles in a smaller box, or bin them")
            }
            counts.append(stack.imageCount)
            for warning in stack.warnings { notes[warning, default: 0] += 1 }
            if let header = stack.pixelSize, abs(header - pixelSize) > 0.01 * pixelSize {
                notes[
                    "the header's pixel size \(header) Å is not the STAR file's \(pixelSize) Å, which holds",
                    default: 0] += 1
            }
        }
        if boxSize % 2 != 0 {
            warnings.append("the box of \(boxSize) pixels is odd; RELION refuses such images")
        }
        warnings += notes.sorted { $0.key < $1.key }.map { "\($0.value) of \(paths.count) stacks: \($0.key)" }
        try checkNumbers(metadata, numbers, counts)
        try checkImageSize(metadata)
    }

    private func checkNumbers(
        _ metadata: ParticleMetadata, _ numbers: [Int32?], _ counts: [Int]
    ) throws(FileError) {
        let field = metadata.field("rlnImageName")
        for (row, location) in locations.enumerated() {
            let count = counts[Int(location.stack)]
            if let number = numbers[row], Int(number) > count {
                throw .malformed(
                    path: metadata.path, place: metadata.place(field, row),
                    found: "image \(number) of \(names[Int(location.stack)])", expected: "1 to \(count)",
                    advice: "the stack does not belong to this file, or was written again")
            }
            if numbers[row] == nil, count != 1 {
                throw .malformed(
                    path: metadata.path, place: metadata.place(field, row),
                    found:
                        "'\(names[Int(location.stack)].excerpt)' without a number, of \(count) images",
                    expected: "NUMBER@PATH", advice: "name the image of the stack")
            }
        }
    }

    /// A box that the file states differently means that the pixel size is not to be trusted either.
    private func checkImageSize(_ metadata: ParticleMetadata) throws(FileError) {
        for (label, expected) in [("rlnImageSize", boxSize), ("rlnImageDimensionality", 2)] {
            let field = metadata.field(label)
            guard field.isPresent else { continue }
            for row in locations.indices {
                guard let value = try metadata.number(field, row), value != Double(expected) else { continue }
                throw .unsupported(
                    path: metadata.path, place: metadata.place(field, row),
                    found: "_\(label) \((metadata.text(field, row) ?? "").excerpt)",
                    expected: "\(expected) as in the stacks",
                    advice: "correct the optics table; all images must be of one kind and size")
            }
        }
    }
}

/// Which file a path leads to; by hard links too, which no path tells.
private struct FileIdentity: Hashable {
    private let device: UInt64
    private let number: UInt64

    init?(_ path: String) {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return nil }
        (device, number) = (UInt64(status.st_dev), UInt64(status.st_ino))
    }
}
