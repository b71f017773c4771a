import CryoCore
import CryoTestSupport
import Foundation
import Testing

@testable import CryoReconstruction

/// Settings by name, and what values they may have.
struct SettingsTests {
    @Test func everySettingHasItsName() throws {
        #expect(
            ReconstructionParameters.names.count
                == Mirror(reflecting: ReconstructionParameters()).children.count - 1)
        #expect(!ReconstructionParameters.names.contains("preset"))
        let changed = try ReconstructionParameters()
            .setting("annealBatch", to: "123").setting("symmetry", to: "D2").setting("diameter", to: "180.5")
            .setting("optimizer", to: "sagd").setting("isPositive", to: "false").setting("contrast", to: "-1")
            .setting("schedule", to: "frequencyMarching").setting("maxResolution", to: "12")
        #expect(changed.annealBatch == 123 && changed.symmetry == "D2" && changed.diameter == 180.5)
        #expect(changed.optimizer == .sagd && !changed.isPositive && changed.contrast == -1)
        #expect(changed.schedule == .frequencyMarching && changed.maxResolution == 12)
        let back = try changed.setting("diameter", to: "null")
        #expect(back.diameter == nil)
    }

    @Test func settingsThatAreNotNamedStay() throws {
        var expected = ReconstructionParameters.paper
        expected.seed = 18_446_744_073_709_551_615
        let changed = try ReconstructionParameters.paper.setting("seed", to: "18446744073709551615")
        #expect(changed == expected)
    }

    @Test(arguments: ["nothing", "", "Diameter", "names", "preset"]) func unknownNamesAreRefused(name: String)
    {
        let error = #expect(throws: SettingError.self) {
            try ReconstructionParameters().setting(name, to: "1")
        }
        #expect(error == .unknown(name: name, known: ReconstructionParameters.names))
        #expect(error?.description.contains("annealBatch") == true)
        #expect(error?.description.contains("\n") == false)
    }

    static let unsuitable = [
        ("annealBatch", "many"), ("annealBatch", "1.5"), ("diameter", "wide"), ("isPositive", "3"),
        ("optimizer", "adam"), ("schedule", "none"), ("seed", "-1"), ("annealBatch", ""),
        ("annealBatch", "null"), ("diameter", "[1]"), ("seed", "18446744073709551616"),
    ]

    @Test(arguments: unsuitable) func unsuitableValuesAreRefused(name: String, value: String) {
        #expect(throws: SettingError.unsuitable(name: name, value: value)) {
            try ReconstructionParameters().setting(name, to: value)
        }
    }

    private static func written(_ text: String) throws -> String {
        let path = NSTemporaryDirectory() + "daybreak-settings-\(UUID().uuidString)"
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    /// JSON and YAML say the same.
    @Test(arguments: [
        "# two lines\nannealBatch: 123\nsymmetry: D2\nisPositive: false\nmaxResolution: 12\ndiameter: 180.5\n",
        #"{"annealBatch": 123, "symmetry": "D2", "isPositive": false, "maxResolution": 12, "diameter": 180.5}"#,
    ]) func filesOfSettingsAreRead(text: String) throws {
        let path = try Self.written(text)
        defer { try? FileManager.default.removeItem(atPath: path) }
        var expected = ReconstructionParameters.paper
        (expected.annealBatch, expected.symmetry, expected.isPositive) = (123, "D2", false)
        (expected.maxResolution, expected.diameter) = (12, 180.5)
        #expect(try ReconstructionParameters.paper.settings(fromFile: path) == expected)
    }

    @Test(arguments: [
        ("annealBatch: many\n", "annealBatch"), ("nothing: 1\n", "nothing"), ("- 1\n- 2\n", "expected lines"),
        ("a: [1\n", "neither JSON nor YAML"), ("", "expected lines"),
        ("annealBatch: [1, 2]\n", "annealBatch"),
        ("1: 2\n", "no setting '1'"), ("a: {1: x, 0x1: y}\n", "no setting 'a'"),
        ("annealBatch: {1: x, 0x1: y}\n", "annealBatch"), ("a: &a [1]\nb: *a\n", "aliases"),
    ]) func wrongFilesOfSettingsAreRefusedInOneLine(text: String, phrase: String) throws {
        let path = try Self.written(text)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let error = #expect(throws: SettingsFileError.self) {
            try ReconstructionParameters().settings(fromFile: path)
        }
        let line = error?.description ?? ""
        #expect(line.contains(phrase) && line.hasPrefix(path) && !line.contains("\n"), "\(line)")
    }

    @Test func aMissingFileOfSettingsIsRefused() {
        #expect(throws: SettingsFileError.unreadable("/nowhere/settings.yaml")) {
            try ReconstructionParameters().settings(fromFile: "/nowhere/settings.yaml")
        }
    }

    @Test func presetsHaveTheirNames() {
        for name in ["default", "paper"] {
            #expect(ReconstructionParameters.preset(named: name)?.preset == name)
        }
        #expect(ReconstructionParameters.preset(named: "fast") == nil)
        let paper = ReconstructionParameters.paper
        #expect(paper.optimizer == .sagd && paper.schedule == .frequencyMarching && !paper.hasColouredNoise)
        #expect(paper.prior == .exponential && paper.priorStrength == 0.9)
        #expect(paper.sampling == .factorised && paper.samplingDraws == 10 && paper.samplingPeriod == 50)
    }

    @Test func settingsSurviveJSON() throws {
        var parameters = ReconstructionParameters.paper
        (parameters.diameter, parameters.contrast, parameters.seed) = (161.25, -1, .max)
        let data = try JSONEncoder().encode(parameters)
        #expect(try JSONDecoder().decode(ReconstructionParameters.self, from: data) == parameters)
    }

    /// Values of the right type that would divide by zero, ask for infinitely many nodes or do nothing.
    static let senseless = [
        ("annealBatch", "0"), ("annealBatch", "-3"), ("marchBatch", "0"), ("shiftStep", "0"),
        ("angularStep", "0"), ("angularStep", "-1"), ("annealWeight", "0"), ("annealWeight", "1.5"),
        ("marchWeight", "0"), ("annealIterations", "-1"), ("maxResolution", "0"), ("annealResolution", "0"),
        ("maxResolution", "-4"), ("shiftSigma", "0"), ("shiftExtent", "-1"), ("annealStart", "0"),
        ("annealEnd", "0"), ("signalFloor", "-1"), ("priorStrength", "-1"), ("marchEpochs", "-1"),
        ("finalEpochs", "-1"), ("maxIterations", "0"), ("contrast", "0"), ("marchEpochs", "1e300"),
        ("samplingFloor", "0"), ("samplingFloor", "2"), ("samplingTemperature", "0"), ("samplingDraws", "0"),
        ("samplingCensusShare", "2"), ("samplingPeriod", "-1"), ("heldOut", "-1"), ("heldOutInterval", "0"),
        ("momentum", "1"), ("samplingCheckInterval", "-1"), ("thinningMass", "1000"),
    ]

    @Test(arguments: senseless) func senselessValuesAreRefusedBeforeTheRun(name: String, value: String) throws
    {
        let source = TestSource.noise(count: 4, boxSize: 32, pixelSize: 6) { _ in 1 }
        let parameters = try ReconstructionParameters().setting(name, to: value)
        let error = #expect(throws: ReconstructionError.self) {
            try Reconstruction(source: source, parameters: parameters, parallel: Parallel(threads: 1))
        }
        guard case .settingOutOfRange(let found, _, _) = error else {
            Issue.record("\(name)=\(value) gave \(String(describing: error))")
            return
        }
        #expect(found == name)
    }

    /// No number goes unchecked: each is refused at minus a million, but the diameter, which is checked against the box.
    @Test func everyNumberHasARange() throws {
        let numbers = Mirror(reflecting: ReconstructionParameters()).children.filter {
            let kind = "\(type(of: $0.value))"
            return (kind.contains("Int") && !kind.contains("UInt")) || kind.contains("Double")
        }
        #expect(numbers.count > 25)
        for name in numbers.compactMap(\.label) where name != "diameter" {
            let parameters = try ReconstructionParameters().setting(name, to: "-1000000")
            #expect(throws: ReconstructionError.self, "\(name)") { try parameters.validate() }
        }
    }
}
