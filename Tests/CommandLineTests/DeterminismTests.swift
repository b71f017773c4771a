import CryoCore
import CryoFiles
import CryoReconstruction
import Foundation
import Testing

/// The same bytes whatever the order of rows and the number of threads, and a way to check that.
@Suite(.serialized) struct DeterminismTests {
    let folder: WorkingFolder

    init() throws {
        folder = try WorkingFolder()
        try folder.simulate(particles: 120, "--snr", "1")
    }

    static let maps = ["map.mrc", "half1.mrc", "half2.mrc", "map_unfiltered.mrc", "mask.mrc"]

    /// The rows of the particles' table in another order; the table is the file's last.
    private func shuffle(_ star: String, to name: String, seed: UInt64) throws {
        var lines = try folder.text(star).split(separator: "\n", omittingEmptySubsequences: false)
        let rows = lines.indices.filter { lines[$0].contains("@") }
        var stream = RandomStream(seed: seed)
        let shuffled = rows.map { lines[$0] }.shuffled(using: &stream)
        for (row, line) in zip(rows, shuffled) { lines[row] = line }
        try folder.write(Data(lines.joined(separator: "\n").utf8), name)
    }

    private func expectSame(_ first: String, _ second: String) throws {
        for name in Self.maps {
            #expect(
                try folder.data("\(first)/\(name)") == folder.data("\(second)/\(name)"), "\(second)/\(name)")
        }
        #expect(
            try folder.sortedLines("\(first)/particles.star")
                == folder.sortedLines("\(second)/particles.star")
        )
        let hashes = try [first, second].map {
            try RunRecord.decoder.decode(RunRecord.self, from: folder.data("\($0)/run.json")).hashes
        }
        #expect(hashes[0] != nil && hashes[0] == hashes[1])
    }

    @Test func neitherRowsNorThreadsMatter() throws {
        try shuffle("data/particles.star", to: "data/shuffled.star", seed: 4)
        try folder.shortRun("one", "--threads", "1")
        try folder.shortRun("four", "--threads", "4")
        try folder.shortRun("shuffled", of: "data/shuffled.star", "--threads", "2")
        try expectSame("one", "four")
        #expect(try folder.data("one/particles.star") == folder.data("four/particles.star"))
        try expectSame("one", "shuffled")
        // The output keeps the order of the input.
        let names = try ["data/shuffled.star", "shuffled/particles.star"].map { star in
            try ParticleSet.listing(starFile: "\(folder.path)/\(star)").particles.map(\.imageName)
        }
        #expect(names[0] == names[1] && names[0] != names[0].sorted())
        // Other particles do give another map, or equal bytes would say nothing.
        #expect(try folder.data("one/half1.mrc") != folder.data("one/half2.mrc"))
    }

    @Test func aRunIsVerified() throws {
        try folder.shortRun("run")
        let json = try folder.run("reconstruct", "--verify", "run", "--threads", "1", "--json")
        #expect(json.status == 0 && json.output.contains("\"state\":\"verified\""))
        let good = try folder.run("reconstruct", "--verify", "run", "--threads", "1")
        #expect(good.status == 0 && good.output.contains("verified: the first 3 iterations are the same"))
        #expect(try folder.text("run/log.txt").contains("SHA-256 of the map"))
        var text = try folder.text("run/run.json")
        let record = try RunRecord.decoder.decode(RunRecord.self, from: Data(text.utf8))
        #expect(try folder.text("run/report.html").contains(record.hashes?.map ?? "none"))
        let all = try folder.run("reconstruct", "--verify", "run", "--verify-iterations", "999", "--quiet")
        #expect(all.output.hasPrefix("verified: the first \(record.iterations.count) iterations"))

        // One bit of one iteration's density, by its hash.
        let hash = try #require(record.iterations[1].densityHash)
        text = text.replacingOccurrences(of: hash, with: String(hash.reversed()))
        text = text.replacingOccurrences(of: "\"version\" : \"", with: "\"version\" : \"0.0.")
        try folder.write(Data(text.utf8), "run/run.json")
        let bad = try folder.run("reconstruct", "--verify", "run", "--quiet")
        #expect(bad.status == 1 && bad.output.hasPrefix("differs: iteration 2: density "), "\(bad.output)")
        #expect(bad.output.contains("made by version 0.0.") && bad.errors.isEmpty)

        let poses = try folder.data("run/particles.star")
        try folder.write(folder.data("data/truth.star"), "run/particles.star")
        let moved = try folder.run("reconstruct", "--verify", "run", "--quiet")
        #expect(moved.status == 1 && moved.output.contains("does not hold the poses that the run wrote"))
        try folder.write(poses, "run/particles.star")

        var map = try folder.data("run/map.mrc")
        map[5000] ^= 1
        try folder.write(map, "run/map.mrc")
        let altered = try folder.run("reconstruct", "--verify", "run", "--quiet")
        #expect(altered.status == 1 && altered.output.contains("map.mrc is not the map that the run wrote"))
        try FileManager.default.removeItem(atPath: "\(folder.path)/run/run.json")
        let none = try folder.run("reconstruct", "--verify", "run")
        #expect(none.status == 2 && none.errorLines.count == 1 && none.errors.contains("has not ended"))
        #expect(try folder.run("reconstruct", "--verify", "run", "--output", "x").status == 64)
        #expect(try folder.run("reconstruct", "--verify-iterations", "3", "data/x").status == 64)
    }
}
