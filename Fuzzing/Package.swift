// swift-tools-version: 6.2
import PackageDescription

/// A package of its own, since libFuzzer brings its own `main`; built by `make fuzz` with `--sanitize=fuzzer`.
let package = Package(
    name: "daybreak-fuzzing",
    dependencies: [.package(name: "daybreak", path: "..")],
    targets: [
        .executableTarget(
            name: "daybreak-fuzz", dependencies: [.product(name: "CryoFuzzing", package: "daybreak")],
            path: "Driver",
            swiftSettings: [
                .unsafeFlags(["-Xfrontend", "-entry-point-function-name", "-Xfrontend", "unused_main"])
            ])
    ],
    swiftLanguageModes: [.v6]
)
