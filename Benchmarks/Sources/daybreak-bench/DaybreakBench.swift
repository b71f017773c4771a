import ArgumentParser
import CryoCore

/// Measures the stations of one iteration, each on its own, against what the machine can do.
@main
struct DaybreakBench: ParsableCommand {
    @Option(help: "Threads.") var threads = 1
    @Option(help: "Measured runs of each case; one more is not measured.") var runs = 5
    @Option(help: "Images of the posterior's cases.") var images = 32
    @Option(help: "The last frequency limit of the sampled case, in Å.") var finest = 10.0

    @Flag(help: "The sampled case only.") var sampledOnly = false

    func validate() throws {
        guard threads > 0, runs > 0, images > 0, finest > 0 else {
            throw ValidationError("all options are positive")
        }
    }

    func run() throws {
        let rates = MachineRates(runs: runs)
        print(
            """
            threads \(threads) · \(runs) runs · OpenBLAS kernel \(MachineRates.openBLAS) · sgemm \
            \(rates.sgemm.formatted(1)) GF/s and bandwidth \(rates.bandwidth.formatted(1)) GB/s on one thread

            | case | median | least | spread | rate | of the machine's |
            |---|---|---|---|---|---|
            """)
        let report = Report(rates: rates, threads: threads)
        let exact = [(64, 5.0, 20.0), (96, 4.0, 16.0), (128, 3.0, 12.0)]
        for (boxSize, pixelSize, resolution) in sampledOnly ? [] : exact {
            let scene = try Scene(
                boxSize: boxSize, pixelSize: pixelSize, resolution: resolution, shiftExtent: 10,
                imageCount: images, threads: threads)
            let label = "\(boxSize) px, \(resolution.formatted(0)) Å"
            Stations(scene: scene, runs: runs, label: label, report: report).measureExact()
        }
        let scene = try Scene(
            boxSize: 128, pixelSize: 2.8, resolution: finest, shiftExtent: 10, imageCount: images,
            threads: threads)
        Stations(scene: scene, runs: runs, label: "128 px, \(finest.formatted(0)) Å", report: report)
            .measureSampled()
    }
}
