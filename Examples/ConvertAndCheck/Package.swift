// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "ConvertAndCheck",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "dcae", path: "../..")],
    targets: [
        .executableTarget(
            name: "ConvertAndCheck",
            dependencies: [.product(name: "DCAE", package: "dcae")],
            path: "Sources"
        )
    ]
)
