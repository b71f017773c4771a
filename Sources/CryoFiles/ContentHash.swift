import COpenSSL
import CryoCore

/// The SHA-256 of bytes that come in parts.
///
/// OpenSSL's uses the processor's own instructions, so that the density of every iteration can be hashed for nothing.
@safe public final class ContentHash {
    // Safe: OpenSSL owns it until `deinit`, and no other object has it; of bytes it only reads as many as it is told.
    private let context = unsafe EVP_MD_CTX_new()
    private var isWhole: Bool

    /// Begins with no bytes.
    public init() { isWhole = unsafe EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 }

    deinit { unsafe EVP_MD_CTX_free(context) }

    /// Adds bytes.
    private func add(_ bytes: UnsafeRawBufferPointer) {
        isWhole = unsafe EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1 && isWhole
    }

    /// Adds numbers as their bytes in the order of this machine.
    public func add(_ values: [Float]) { unsafe values.withUnsafeBytes { unsafe add($0) } }

    /// Adds the UTF-8 of a text.
    public func add(_ text: String) { unsafe Array(text.utf8).withUnsafeBytes { unsafe add($0) } }

    /// The 64 hexadecimal digits; ends the hash.
    public func digits() -> String {
        var bytes = [UInt8](repeating: 0, count: 32)
        // Safe: a SHA-256 has 32 bytes.
        isWhole = unsafe EVP_DigestFinal_ex(context, &bytes, nil) == 1 && isWhole
        precondition(isWhole, "libcrypto has SHA-256")
        let hexadecimal = Array("0123456789abcdef")
        return String(bytes.flatMap { [hexadecimal[Int($0 >> 4)], hexadecimal[Int($0 & 15)]] })
    }

    /// The hash of a density's voxels: `tail -c +1025 map.mrc | sha256sum` gives that of a map file.
    public static func digits(of volume: Volume) -> String {
        let hash = ContentHash()
        hash.add(volume.voxels)
        return hash.digits()
    }

    /// The hash of poses: a line for each particle with its image name, rot, tilt, psi and origin as `particles.star` has
    /// them, one space between, the lines sorted by their bytes.
    public static func digits(ofPoses poses: [(imageName: String, pose: Pose)]) -> String {
        digits(
            ofColumns: [poses.map(\.imageName)] + ParticleSet.poseColumns(of: poses.map(\.pose)).map(\.values)
        )
    }

    /// The hash of the poses in a STAR file, as it was written: ``digits(ofPoses:)`` of what was written there.
    ///
    /// - Throws: ``FileError`` if the file is missing, damaged or lists no particles.
    public static func digits(ofPosesIn starFile: String) throws(FileError) -> String {
        let table = try ParticleMetadata(document: try StarDocument(path: starFile), path: starFile).particles
        let labels = ["rlnImageName"] + ParticleSet.poseColumns(of: []).map(\.label)
        return digits(ofColumns: labels.compactMap { table.values(of: $0) })
    }

    /// The hash of rows, whatever their order.
    private static func digits(ofColumns columns: [[String]]) -> String {
        let lines = (columns.first ?? []).indices.map { row in
            columns.map { $0[row] }.joined(separator: " ") + "\n"
        }
        let hash = ContentHash()
        for line in lines.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) { hash.add(line) }
        return hash.digits()
    }
}
