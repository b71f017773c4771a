import Foundation
import Testing

@testable import CryoFiles

/// Names of places, also of those that are not there yet.
@Suite struct FilePathsTests {
    @Test(arguments: [
        ("a/b", "a"), ("a", "."), ("", "."), (".", "."), ("a/", "."), ("a//b/", "a"), ("/", "/"), ("/a", "/"),
        ("/a/b", "/a"), ("../a", ".."),
    ]) func foldersAreFound(path: String, folder: String) {
        #expect(path.enclosingFolder == folder)
    }

    /// By whatever links and slashes a place is reached, it has one name.
    @Test func onePlaceHasOneName() throws {
        let folder = try TemporaryFolder()
        let made = folder.path + "/made"
        try FileManager.default.createDirectory(atPath: made, withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/link", withDestinationPath: "made")
        for name in ["/link", "/link/", "/made/", "/made/../link/."] {
            #expect((folder.path + name).resolvedPath == made.resolvedPath, "\(name)")
            #expect((folder.path + name + "/a/b").resolvedPath == made.resolvedPath + "/a/b", "\(name)")
        }
        for name in ["x", "./x", "x/"] { #expect(name.resolvedPath == ".".resolvedPath + "/x", "\(name)") }
        #expect("/dev/null".isOtherThanFile && made.isOtherThanFile && !(made + "/x").isOtherThanFile)
    }
}
