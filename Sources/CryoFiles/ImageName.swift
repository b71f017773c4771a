/// The name of an image in a STAR file, `000012@folder/stack.mrcs`, taken apart.
public struct ImageName: Sendable, Hashable {
    /// The number of the image in its stack, 1-based; nil if the name is that of a file with a single image.
    public var number: Int?
    /// The path of the file, without an override of its type.
    public var path: String

    /// Takes a name apart; nil if the number is not a positive integer or there is no path.
    ///
    /// An `@` counts only if digits alone stand before it, because folders may contain one. A type override,
    /// as in `image.dat:mrcs`, is dropped.
    public init?(_ name: String) {
        let bytes = name.utf8
        var path = Substring(name)
        if let at = bytes.firstIndex(of: UInt8(ascii: "@")), at != bytes.startIndex,
            bytes[..<at].allSatisfy({ (48...57).contains($0) })
        {
            guard let number = Int(name[..<at]), number > 0 else { return nil }
            self.number = number
            path = name[bytes.index(after: at)...]
        }
        for type in [":mrcs", ":mrc"] where path.hasSuffix(type) { path = path.dropLast(type.count) }
        guard !path.isEmpty else { return nil }
        self.path = String(path)
    }

    /// The same with a number in any case: of a file with a single image it is 1.
    public var numbered: ImageName {
        var name = self
        name.number = number ?? 1
        return name
    }
}
