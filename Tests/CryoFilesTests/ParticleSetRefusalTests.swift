import CryoCore
import Foundation
import Testing

@testable import CryoFiles

@Suite struct ParticleSetRefusalTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try folder.writeStack("stack.mrcs", count: 3)
    }

    private func refusal(_ files: ParticleFiles) -> FileError? { refusal(files.text) }

    private func refusal(_ text: String) -> FileError? {
        fileError { _ = try ParticleSet(starFile: try folder.write(text, "p.star")) }
    }

    @Test(arguments: [
        "rlnVoltage", "rlnSphericalAberration", "rlnAmplitudeContrast", "rlnDefocusU", "rlnDefocusV",
        "rlnDefocusAngle",
    ])
    func missingOpticsAreNeverAssumed(label: String) {
        let files = ParticleFiles().setting(label, nil).setting(label, nil, inOptics: true)
        #expect(says(refusal(files), "p.star", "no _\(label)", "the whole CTF", "never assumed"))
    }

    @Test func missingPixelSizesAreNeverAssumed() {
        let files = ParticleFiles().setting("rlnImagePixelSize", nil, inOptics: true)
        #expect(says(refusal(files), "p.star", "no pixel size", "_rlnImagePixelSize", "_rlnMagnification"))
        let half = files.setting("rlnDetectorPixelSize", "5")
        #expect(says(refusal(half), "no pixel size"))
    }

    /// Label, value, whether it is an optics value, and what the message says.
    ///
    /// Optics are in line 12, particles in line 25.
    static let badValues: [(String, String, Bool, String)] = [
        ("rlnVoltage", "abc", true, "_rlnVoltage 'abc', expected a finite number"),
        ("rlnVoltage", "300000", true, "_rlnVoltage 300000, expected a voltage in kV"),
        ("rlnVoltage", "0", true, "_rlnVoltage 0"),
        ("rlnAmplitudeContrast", "1.2", true, "_rlnAmplitudeContrast 1.2"),
        ("rlnAmplitudeContrast", "-0.1", true, "a fraction from 0 to 1"),
        ("rlnDefocusU", "nan", false, "_rlnDefocusU 'nan'"),
        ("rlnDefocusV", "inf", false, "_rlnDefocusV 'inf'"),
        ("rlnImagePixelSize", "0", true, "a pixel size of 0.0 Å"),
        ("rlnImagePixelSize", "-1", true, "a pixel size of -1.0 Å"),
        ("rlnOpticsGroup", "one", true, "the optics group 'one', expected an integer"),
        ("rlnOpticsGroup", "2", false, "optics group 2, expected one of 1"),
        ("rlnOpticsGroup", "x", false, "_rlnOpticsGroup 'x', expected an integer"),
        ("rlnImageName", "0@stack.mrcs", false, "the image name '0@stack.mrcs'"),
        ("rlnImageName", "4@stack.mrcs", false, "image 4 of stack.mrcs, expected 1 to 3"),
        (
            "rlnImageName", "stack.mrcs", false,
            "'stack.mrcs' without a number, of 3 images, expected NUMBER@PATH"
        ),
    ]

    @Test(arguments: badValues)
    func badValuesAreReportedWithTheirLine(label: String, value: String, inOptics: Bool, message: String) {
        let files = ParticleFiles().setting(label, value, inOptics: inOptics)
        #expect(
            says(refusal(files), "p.star, line \(inOptics ? 12 : 25): ", message),
            "\(refusal(files)?.description ?? "")")
    }

    /// Added columns move the optics to line 13 or the particles to line 26.
    @Test(arguments: [
        (
            "rlnCtfDataAreCtfPremultiplied", "1", true,
            "images multiplied with their CTF (_rlnCtfDataAreCtfPremultiplied"
        ),
        ("rlnCtfDataArePhaseFlipped", "1", true, "phase-flipped images (_rlnCtfDataArePhaseFlipped is 1)"),
        ("rlnImageSize", "64", true, "_rlnImageSize 64, expected 4 as in the stacks"),
        ("rlnImageDimensionality", "3", true, "_rlnImageDimensionality 3, expected 2"),
        ("rlnCtfScalefactor", "0", false, "a CTF that is zero everywhere"),
        ("rlnPhaseShift", "x", false, "_rlnPhaseShift 'x'"),
    ])
    func unusableColumnsAreReportedWithTheirLine(
        label: String, value: String, inOptics: Bool, message: String
    ) {
        let files = ParticleFiles().setting(label, value, inOptics: inOptics)
        let text = "p.star, line \(inOptics ? 13 : 26): "
        #expect(says(refusal(files), text, message), "\(refusal(files)?.description ?? "")")
    }

    /// Poses and half-sets of the input are ignored with its images, and read without them.
    @Test(arguments: [
        ("rlnRandomSubset", "3", "_rlnRandomSubset 3, expected 1 or 2"),
        ("rlnAngleRot", "nan", "_rlnAngleRot 'nan'"),
    ])
    func posesThatCannotBeReadMatterWhereTheyAreNeeded(label: String, value: String, message: String) throws {
        let star = try folder.write(ParticleFiles().setting(label, value).text, "p.star")
        let set = try ParticleSet(starFile: star)
        #expect(set.particles[0].halfSet == nil && set.particles[0].pose == nil)
        #expect(set.warnings == ["poses and half-sets of 1 rows cannot be read; they are not needed"])
        #expect(says(fileError { _ = try ParticleSet.listing(starFile: star) }, "p.star, line 26: ", message))
    }

    @Test func aCTFThatIsZeroEverywhereIsRefused() {
        var files = ParticleFiles().setting("rlnAmplitudeContrast", "0", inOptics: true)
        files = files.setting("rlnSphericalAberration", "0", inOptics: true)
        files = files.setting("rlnDefocusU", "0").setting("rlnDefocusV", "0")
        #expect(says(refusal(files), "line 25", "a CTF that is zero everywhere", "a defocus"))
    }

    /// What `cat a.star b.star` gives; blocks of other names are nobody's second half.
    @Test func filesThatWereJoinedAreRefused() throws {
        let text = ParticleFiles().text
        #expect(says(refusal(text + text), "p.star, data_particles: found 2 such blocks", "--combine"))
        let old = ParticleFiles.old
        #expect(says(refusal(old + old + old), "data_: found 3 such blocks, expected one"))
        let other = text.replacingOccurrences(of: "data_particles", with: "data_others")
        #expect(says(refusal(text + other), "p.star, data_optics: found 2 such blocks, expected one"))
        #expect(refusal(text + other.replacingOccurrences(of: "data_optics", with: "data_lenses")) == nil)
    }

    @Test func missingFilesAreCollected() {
        var files = ParticleFiles().setting("rlnImageName", "1@gone0.mrcs")
        for index in 1..<15 { files.moreRows.append("1@gone\(index).mrcs 1 12000 11000 45") }
        let error = refusal(files)
        #expect(says(error, "15 missing files (gone0.mrcs, ", "gone9.mrcs, …)", "--root"))
        #expect(error?.description.contains("gone10") == false)
    }

    @Test func damagedStacksAreFoundBeforeAnythingIsRead() throws {
        let bytes = try InputFile.contents(of: folder.path + "/stack.mrcs")
        try folder.write(Array(bytes.dropLast()), "stack.mrcs")
        #expect(says(refusal(ParticleFiles()), "stack.mrcs, byte 1215", "1216 bytes", "cut short"))
        var unknown = bytes
        unknown[12] = 9
        try folder.write(unknown, "stack.mrcs")
        #expect(says(refusal(ParticleFiles()), "stack.mrcs, byte 12", "mode 9"))
        var oblong = bytes
        oblong[4] = 2
        try folder.write(oblong, "stack.mrcs")
        #expect(says(refusal(ParticleFiles()), "stack.mrcs, byte 0", "4×2 pixels", "square"))
    }

    @Test func mixedSizesAreRefused() throws {
        try folder.writeStack("other.mrcs", count: 1, boxSize: 6)
        var files = ParticleFiles()
        files.moreRows = ["1@other.mrcs 1 12000 11000 45"]
        #expect(says(refusal(files), "other.mrcs", "6² pixels", "4² as in"))
        files.moreRows = ["2@stack.mrcs 2 12000 11000 45"]
        let text = files.text.replacingOccurrences(
            of: "1 300 2.7 0.1 2\n", with: "1 300 2.7 0.1 2\n2 300 2.7 0.1 3\n")
        #expect(says(refusal(text), "p.star, line 13", "3.0 Å after one of 2.0 Å", "one pixel size"))
    }

    /// In any order of rows: the largest and the least differ by more than a thousandth.
    @Test(arguments: [["2", "2.0015", "1.999"], ["2.0015", "2", "1.999"], ["1.999", "2.0015", "2"]])
    func pixelSizesAreComparedWithEachOther(sizes: [String]) {
        var files = ParticleFiles().setting("rlnImagePixelSize", sizes[0])
            .setting("rlnImagePixelSize", nil, inOptics: true)
        files.moreRows = sizes.dropFirst().map { "2@stack.mrcs 1 12000 11000 45 \($0)" }
        #expect(says(refusal(files), "a pixel size of", "one pixel size"))
    }

    /// A particle's own pixel size and its group's must agree: other programs take the group's.
    @Test func pixelSizesOfParticlesAndGroupsAgree() {
        let files = ParticleFiles().setting("rlnImagePixelSize", "1.75")
        #expect(says(refusal(files), "a pixel size of 2.0 Å after one of 1.75 Å", "one pixel size"))
    }

    @Test func groupsMustBeClear() {
        let twice = ParticleFiles().text.replacingOccurrences(
            of: "1 300 2.7 0.1 2\n", with: "1 300 2.7 0.1 2\n1 300 2.7 0.1 2\n")
        #expect(says(refusal(twice), "line 13", "the optics group '1'", "no other row"))
        let two = ParticleFiles().setting("rlnOpticsGroup", nil).text.replacingOccurrences(
            of: "1 300 2.7 0.1 2\n", with: "1 300 2.7 0.1 2\n2 300 2.7 0.1 2\n")
        #expect(says(refusal(two), "data_particles", "no column _rlnOpticsGroup", "2 optics groups"))
    }

    @Test func emptyAndForeignFilesAreRefused() {
        #expect(says(refusal(""), "p.star", "an empty file"))
        #expect(says(refusal("data_\nloop_\n_rlnImageName\n"), "data_", "0 particles", "at least one"))
        #expect(
            says(refusal("data_mics\nloop_\n_rlnMicrographName\nx\n"), "no column _rlnImageName in data_mics")
        )
        let broken = ParticleFiles().text + "9\n"
        #expect(says(refusal(broken), "p.star, line 26", "1 values", "5, one for each label"))
        #expect(
            says(
                fileError { _ = try ParticleSet(starFile: "/nowhere.star") }, "/nowhere.star", "no such file")
        )
    }

    @Test func messagesNeverHoldControlCharacters() {
        let error = FileError.missingFiles(path: "a\nb", names: ["\u{1B}[2Jx"], count: 1, advice: "y\tz")
        #expect(error.description.unicodeScalars.allSatisfy { $0.value >= 32 })
    }
}
