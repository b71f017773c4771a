// swift-tools-version: 6.2
import PackageDescription

/// A package of its own, so that the program does not depend on what measures it.
let package = Package(
    name: "daybreak-benchmarks",
    dependencies: [
        .package(name: "daybreak", path: ".."),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    ],
    targets: [
        .executableTarget(
            name: "daybreak-bench",
            dependencies: [
                .product(name: "CryoReconstruction", package: "daybreak"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ])
    ],
    swiftLanguageModes: [.v6]
)
