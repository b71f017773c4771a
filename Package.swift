// swift-tools-version: 6.2
import PackageDescription

/// The kernels are compiled once per instruction set from the same sources (symbolic links);
/// `CryoInference/KernelSet.swift` picks one at run time.
func instructionSet(_ march: String, lanes: Int) -> [SwiftSetting] {
    checked + [
        .define("HAVE_FMA", .when(configuration: .release)),
        .define("LANE_WIDTH_\(lanes)"),
        .unsafeFlags(
            ["-Xcc", "-march=\(march)", "-Xcc", "-mprefer-vector-width=512"],
            .when(configuration: .release)),
    ]
}

// What leaves the compiler's checks of memory is marked `unsafe`, with a line that says why it is safe, but for calls that only
// hand the system a text or a variable.
let checked: [SwiftSetting] = [.strictMemorySafety()]

#if arch(x86_64)
    let kernelTargets: [Target] = [
        .target(
            name: "CryoKernels", dependencies: ["CryoKernelInterface"],
            swiftSettings: checked),
        .target(
            name: "CryoKernelsAVX2", dependencies: ["CryoKernelInterface"],
            swiftSettings: instructionSet("x86-64-v3", lanes: 8)),
        .target(
            name: "CryoKernelsAVX512", dependencies: ["CryoKernelInterface"],
            swiftSettings: instructionSet("x86-64-v4", lanes: 16)),
    ]
    let kernels: [Target.Dependency] = [
        "CryoKernelInterface", "CryoKernels", "CryoKernelsAVX2", "CryoKernelsAVX512",
    ]
#else
    let kernelTargets: [Target] = [
        .target(
            name: "CryoKernels", dependencies: ["CryoKernelInterface"],
            swiftSettings: checked + [.define("HAVE_FMA")])
    ]
    let kernels: [Target.Dependency] = ["CryoKernelInterface", "CryoKernels"]
#endif

// A target names all modules below it, not the nearest alone: only where one that it names has changed is it compiled anew, and a
// structure's layout reaches through all that hold it.
let core: [Target.Dependency] = ["CryoCore", "CCPU"]
let fourier = core + ["CryoFourier"]
let inference = fourier + kernels + ["CryoInference"]
let reconstruction = inference + ["CryoFiles", "CryoReconstruction"]
let report = reconstruction + ["CryoReport"]

let package = Package(
    name: "daybreak",
    products: [
        .executable(name: "daybreak", targets: ["daybreak"]),
        .library(name: "CryoReconstruction", targets: ["CryoReconstruction"]),
        .library(name: "CryoFuzzing", targets: ["CryoFuzzing"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-numerics", from: "1.1.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swhitty/FlyingFox", from: "0.27.1"),
    ],
    targets: kernelTargets + [
        .systemLibrary(name: "CFFTW", pkgConfig: "fftw3f", providers: [.apt(["libfftw3-dev"])]),
        .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .target(name: "CCPU"),
        .target(name: "CryoKernelInterface", swiftSettings: checked),
        .target(name: "CryoCore", dependencies: ["CCPU"], swiftSettings: checked),
        .target(
            name: "CryoFiles", dependencies: core + ["COpenSSL", "CZlib"], swiftSettings: checked),
        .target(name: "CryoFourier", dependencies: core + ["CFFTW"], swiftSettings: checked),
        .target(
            name: "CryoInference", dependencies: fourier + kernels + ["COpenBLAS"],
            swiftSettings: checked),
        .target(
            name: "CryoReconstruction",
            dependencies: inference + ["CryoFiles", .product(name: "Yams", package: "Yams")],
            swiftSettings: checked),
        .target(name: "CryoReport", dependencies: reconstruction + ["CPNG"], swiftSettings: checked),
        .target(
            name: "CryoWeb",
            dependencies: report + [
                .product(name: "FlyingFox", package: "FlyingFox"),
                .product(name: "FlyingSocks", package: "FlyingFox"),
            ], swiftSettings: checked),
        .executableTarget(
            name: "daybreak",
            dependencies: report + [
                "CryoWeb", .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ], swiftSettings: checked),
        .executableTarget(
            name: "sampling-study",
            dependencies: reconstruction + [
                .product(name: "ArgumentParser", package: "swift-argument-parser")
            ],
            path: "Experiments/SamplingStudy"),
        .target(
            name: "CryoTestSupport",
            dependencies: inference + [.product(name: "Numerics", package: "swift-numerics")],
            path: "Tests/CryoTestSupport"),
        .target(name: "CryoFuzzing", dependencies: reconstruction, path: "Fuzzing/Readers"),
        .testTarget(name: "CryoFuzzingTests", dependencies: reconstruction + ["CryoFuzzing"]),
        .testTarget(name: "CryoCoreTests", dependencies: core),
        .testTarget(
            name: "CryoFilesTests", dependencies: core + ["CryoFiles", "CZlib"],
            resources: [.copy("Fixtures")]),
        .testTarget(
            name: "CryoFourierTests", dependencies: inference + ["CryoTestSupport"],
            resources: [.copy("Fixtures")]),
        .testTarget(
            name: "CryoInferenceTests", dependencies: inference + ["CryoTestSupport"]),
        .testTarget(
            name: "CryoReconstructionTests",
            dependencies: report + ["CryoTestSupport"]),
        .testTarget(
            name: "CryoReportTests", dependencies: report + ["CryoTestSupport", "CPNG"]),
        .testTarget(name: "DocumentationTests"),
        .testTarget(name: "CryoWebTests", dependencies: report + ["CryoWeb"]),
        .testTarget(name: "CommandLineTests", dependencies: report + ["daybreak"]),
    ],
    swiftLanguageModes: [.v6],
    cLanguageStandard: .gnu17
)
