import CryoReconstruction
import Foundation
import Testing

/// Results are never overwritten by accident, and a refused run leaves nothing.
final class RunFolderTests {
    let root = NSTemporaryDirectory() + "daybreak-\(UUID().uuidString)"

    init() throws { try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true) }

    deinit { try? FileManager.default.removeItem(atPath: root) }

    @Test func nothingIsCreatedBeforeItIsAskedFor() throws {
        let folder = try RunFolder(path: root + "/a/b/run", mayOverwrite: false)
        #expect(!FileManager.default.fileExists(atPath: root + "/a"))
        try folder.create()
        #expect(FileManager.default.fileExists(atPath: root + "/a/b/run"))
        #expect(folder.file("map.mrc") == root + "/a/b/run/map.mrc")
    }

    @Test func existingFoldersAreRefused() throws {
        // An empty one holds nothing that could be lost.
        _ = try RunFolder(path: root, mayOverwrite: false)
        // Nor does one whose run was killed before it had a plan.
        for name in [".lock", "plan.json.partial-12-0"] {
            try Data("x".utf8).write(to: URL(fileURLWithPath: root + "/" + name))
        }
        _ = try RunFolder(path: root, mayOverwrite: false)
        try Data("x".utf8).write(to: URL(fileURLWithPath: root + "/map.mrc"))
        #expect(throws: RunFolderError.exists(root)) { try RunFolder(path: root, mayOverwrite: false) }
        let folder = try RunFolder(path: root, mayOverwrite: true)
        try folder.create()
        try folder.write(Data("x".utf8), to: "log.txt")
        try folder.write(Data("y".utf8), to: "log.txt")
        #expect(try String(contentsOfFile: root + "/log.txt", encoding: .utf8) == "y")
    }

    @Test func inputsAreNotReplaced() throws {
        let folder = try RunFolder(path: root, mayOverwrite: true)
        #expect(throws: RunFolderError.holdsInput(root, "particles.star")) {
            try folder.refuseToReplace(
                root + "/../" + (root as NSString).lastPathComponent + "/particles.star")
        }
        try folder.refuseToReplace(root + "/elsewhere/particles.star")
        // By a link, with a slash or without.
        let link = root + "-link"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: root)
        defer { try? FileManager.default.removeItem(atPath: link) }
        for path in [link, link + "/"] {
            let linked = try RunFolder(path: path, mayOverwrite: true)
            #expect(throws: RunFolderError.holdsInput(path, "particles.star")) {
                try linked.refuseToReplace(root + "/particles.star")
            }
        }
    }

    @Test(arguments: [false, true]) func filesAreNotFolders(mayOverwrite: Bool) throws {
        let path = root + "/file"
        try Data("x".utf8).write(to: URL(fileURLWithPath: path))
        #expect(throws: RunFolderError.notAFolder(path)) {
            try RunFolder(path: path, mayOverwrite: mayOverwrite)
        }
        let below = try RunFolder(path: path + "/run", mayOverwrite: mayOverwrite)
        #expect(throws: RunFolderError.self) { try below.create() }
    }

    /// A plan that is there is not said to be missing.
    @Test func plansThatCannotBeReadAreSaid() throws {
        let folder = try RunFolder(resuming: root)
        #expect(throws: RunFolderError.noPlan(root)) { try folder.plan() }
        #expect(!folder.holdsRun)
        try folder.refuseRun()
        for text in ["", "{\"version\": \"9.0\"}", "[]"] {
            try folder.write(Data(text.utf8), to: "plan.json")
            #expect(throws: RunFolderError.otherPlan(root + "/plan.json")) { try folder.plan() }
        }
        #expect(folder.holdsRun)
        #expect(throws: RunFolderError.holdsRun(root)) { try folder.refuseRun() }
    }

    /// What the system says, where Foundation has only the number of an error.
    @Test func whyAFolderCannotBeMadeIsSaid() throws {
        try Data("x".utf8).write(to: URL(fileURLWithPath: root + "/file"))
        try FileManager.default.createSymbolicLink(
            atPath: root + "/circle", withDestinationPath: root + "/circle")
        try FileManager.default.createSymbolicLink(
            atPath: root + "/nowhere", withDestinationPath: root + "/none/folder")
        for (name, reason) in [
            ("file/run", "not a directory"), ("file/a/run", "not a directory"),
            ("circle", "too many levels of symbolic links"),
            ("circle/run", "too many levels of symbolic links"), ("nowhere", "no such file or directory"),
        ] {
            let path = root + "/" + name
            #expect(throws: RunFolderError.unwritable(path, reason)) {
                try RunFolder(path: path, mayOverwrite: true).create()
            }
        }
        #expect(throws: RunFolderError.unwritable("", "no such file or directory")) {
            try RunFolder(path: "", mayOverwrite: true).create()
        }
        try RunFolder(path: root + "/a/b/c/", mayOverwrite: false).create()
        #expect(try FileManager.default.contentsOfDirectory(atPath: root + "/a/b/c").isEmpty)
    }

    @Test func refusalsAreOneLine() {
        let errors: [RunFolderError] = [
            .exists("a"), .otherPlan("p"), .notAFolder("b"), .unwritable("c", "no space"),
        ]
        for error in errors {
            #expect(!error.description.contains("\n") && error.description.contains(": "))
        }
    }
}
