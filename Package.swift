// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
]

// `dcae --version` says which commit it was built from.
let commit =
    Context.gitInformation.map { $0.currentCommit.prefix(9) + ($0.hasUncommittedChanges ? "+" : "") } ?? ""

// Every module in one line; dependencies point downwards only.
let package = Package(
    name: "dcae",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "dcae", targets: ["Program"]),
        .library(
            name: "DCAE",
            targets: ["DCAE"]
        ),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        // For the tests alone: the Hub that they run against.
        .package(url: "https://github.com/swhitty/FlyingFox", from: "0.27.1"),
    ],
    targets: [
        // The system's C library, whatever it is called.
        .target(name: "Libc"),
        // Values only: dtypes, shapes, tensor descriptors, conversion of number formats.
        .target(name: "TensorCore", dependencies: ["CKernels", "Libc"]),
        // Files in and files out: names that are bytes, output that is whole or absent and flushed, what signals leave.
        .target(name: "Files", dependencies: ["TensorCore", "CPlatform", "Libc"]),
        // One strict pass over JSON from outside, json-c to read it, a printer that writes Python's bytes.
        .target(name: "StrictJSON", dependencies: ["TensorCore", "CJSONC"]),
        // Checkpoint files of every format, opened as one kind of value.
        .target(
            name: "CheckpointIO",
            dependencies: ["Files", "StrictJSON", "TensorCore", "Libc", "CPlatform", "CZstd", "CCrypto"]
        ),
        // Variants, AutoencoderDC configurations, and the list of parameters that follows from one.
        .target(
            name: "ModelZoo",
            dependencies: ["CheckpointIO", "StrictJSON", "TensorCore"],
            plugins: ["EmbedRegistryPlugin"]
        ),
        // What a checkpoint is: the network that it holds, the layout of its names, all evidence, and views of it.
        .target(
            name: "Models",
            dependencies: ["Files", "Libc", "CheckpointIO", "ModelZoo", "StrictJSON", "TensorCore"]
        ),
        // Plan, execute, check.
        .target(
            name: "Conversion",
            dependencies: ["Models", "Files", "CheckpointIO", "ModelZoo", "TensorCore", "StrictJSON", "Libc"]
        ),
        // Checkpoints with made-up weights: seeded ones, and a codec built by hand.
        .target(name: "Synthesis", dependencies: ["Files", "CheckpointIO", "ModelZoo", "TensorCore", "StrictJSON"]),
        // The Hugging Face Hub: repositories, the cache that is shared with Python, files fetched whole or by ranges.
        .target(
            name: "Hub",
            dependencies: [
                "CheckpointIO", "Files", "StrictJSON", "TensorCore", "Libc", "CPlatform", "CCrypto", "CCurl",
            ]
        ),
        // Self-contained HTML pages: answer, sortable tables, histograms.
        .target(name: "Pages", dependencies: ["CheckpointIO", "TensorCore"]),
        // Statistics, differences and digests of checkpoints, whatever their layout, format and dtype.
        .target(
            name: "Inspection",
            dependencies: [
                "Pages", "Models", "CheckpointIO", "ModelZoo", "StrictJSON", "TensorCore", "CKernels", "Libc",
            ]
        ),
        // Products of matrices and eigenvalues by OpenBLAS, which is loaded when it is first asked for.
        .target(name: "LinearAlgebra", dependencies: ["COpenBLAS", "TensorCore", "Libc"]),
        // Matrix products, convolutions, norms and attention over buffers.
        .target(name: "Kernels", dependencies: ["CKernels", "TensorCore", "Libc"]),
        // The autoencoder itself: encoder, decoder, tiling.
        .target(name: "DCAENetwork", dependencies: ["Kernels", "ModelZoo", "TensorCore"]),
        // The same network in double precision, plain and by OpenBLAS: what the fast one is held against.
        .target(
            name: "ReferenceNetwork",
            dependencies: ["DCAENetwork", "Kernels", "LinearAlgebra", "ModelZoo", "TensorCore", "Libc"]
        ),
        // The network of a checkpoint: its weights, of any format and either layout, as the network asks for them.
        .target(
            name: "CheckpointNetwork",
            dependencies: ["DCAENetwork", "Models", "CheckpointIO", "ModelZoo", "TensorCore"]
        ),
        // Runs over files: pictures and tensors in, latents and samples out, measured and compared.
        .target(
            name: "Inference",
            dependencies: [
                "CheckpointNetwork", "DCAENetwork", "ReferenceNetwork", "Kernels", "Models", "Images", "Pages",
                "CheckpointIO", "ModelZoo", "TensorCore", "Files", "Libc",
            ]
        ),
        // The fast engine held against the reference, layer by layer; what low precision costs.
        .target(
            name: "Numerics",
            dependencies: [
                "Inference", "ReferenceNetwork", "LinearAlgebra", "DCAENetwork", "Kernels", "Models", "Images",
                "CheckpointIO", "ModelZoo", "TensorCore", "Files",
            ]
        ),
        // Statistics of latents over pictures: the scaling factor measured, and held against those published.
        .target(
            name: "Calibration",
            dependencies: [
                "Inference", "CheckpointNetwork", "DCAENetwork", "Models", "Images", "CheckpointIO", "ModelZoo",
                "StrictJSON", "TensorCore", "Files",
            ]
        ),
        // The networks that pictures are judged with, which are not ours: LPIPS, Inception, and FID of its features.
        .target(
            name: "Perception",
            dependencies: ["LinearAlgebra", "Images", "CheckpointIO", "TensorCore", "Files", "Libc"]
        ),
        // Pictures that came back, measured: by models or in folders, in parts, compared, and held against what was published.
        .target(
            name: "Evaluation",
            dependencies: [
                "Perception", "Calibration", "Inference", "CheckpointNetwork", "DCAENetwork", "Kernels", "Models",
                "Images", "Pages", "CheckpointIO", "ModelZoo", "StrictJSON", "TensorCore", "Files",
            ]
        ),
        // The library's front door: models opened, identified, converted, checked, compared and run, off the caller's thread.
        .target(
            name: "DCAE",
            dependencies: [
                "CheckpointNetwork", "DCAENetwork", "Kernels", "Inference", "Inspection", "Conversion", "Models", "Hub",
                "Images", "CheckpointIO", "ModelZoo", "TensorCore", "Files", "Libc",
            ]
        ),
        // PNG, JPEG and WebP in, PNG out; PSNR, SSIM and MS-SSIM; the crops that networks are evaluated with.
        .target(name: "Images", dependencies: ["Files", "CPNGCodec", "CTurboJPEG", "CWebP", "TensorCore", "Libc"]),
        // The program `dcae`: one file per command. Its module is not called that, for macOS does not tell it from DCAE.
        .executableTarget(
            name: "Program",
            dependencies: [
                "Evaluation", "Perception", "Calibration", "Inspection", "Inference", "Numerics", "ReferenceNetwork",
                "Pages", "DCAE", "Conversion",
                "Synthesis", "Models",
                "DCAENetwork", "Kernels", "Images", "Hub", "CheckpointIO", "ModelZoo", "StrictJSON", "TensorCore",
                "CPlatform", "CBuild", "Files", "Libc",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]
        ),

        // C: the loops that need per-processor code, and the calls that Swift cannot make or must make in a handler.
        .target(name: "CKernels"),
        .target(name: "CBuild", cSettings: [.define("DCAE_COMMIT", to: "\"\(commit)\"")]),
        .target(name: "CPlatform", linkerSettings: [.linkedLibrary("dl", .when(platforms: [.linux]))]),
        // Libraries that are loaded when a command needs them: OpenBLAS (apt libopenblas-dev, brew openblas) and libcurl
        // (apt libcurl4-openssl-dev, brew curl). A system library target would link them into every start.
        .target(name: "COpenBLAS", dependencies: ["CPlatform"]),
        .target(name: "CCurl", dependencies: ["CPlatform"]),
        .target(name: "CPNGCodec", dependencies: ["CPNG"]),
        .systemLibrary(name: "CJSONC", pkgConfig: "json-c", providers: [.apt(["libjson-c-dev"]), .brew(["json-c"])]),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"]), .brew(["zstd"])]),
        .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"]), .brew(["openssl"])]),
        .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"]), .brew(["libpng"])]),
        .systemLibrary(
            name: "CTurboJPEG",
            pkgConfig: "libturbojpeg",
            providers: [.apt(["libturbojpeg0-dev"]), .brew(["jpeg-turbo"])]
        ),
        .systemLibrary(name: "CWebP", pkgConfig: "libwebp", providers: [.apt(["libwebp-dev"]), .brew(["webp"])]),

        // Registry and Configs are compiled into the program by a build plugin, so that it can be moved anywhere.
        .executableTarget(name: "EmbedRegistry"),
        .plugin(name: "EmbedRegistryPlugin", capability: .buildTool(), dependencies: ["EmbedRegistry"]),

        .target(
            name: "TestSupport",
            dependencies: ["Synthesis", "Images", "CheckpointIO", "ModelZoo", "StrictJSON", "TensorCore", "CPlatform"],
            path: "Tests/TestSupport"
        ),
    ]
)

let tests: [(String, [Target.Dependency])] = [
    ("TensorCoreTests", ["TensorCore", "CKernels"]),
    ("StrictJSONTests", ["StrictJSON"]),
    ("FilesTests", ["Files", "TensorCore", "Libc", "CPlatform"]),
    ("CheckpointIOTests", ["CheckpointIO", "ModelZoo", "StrictJSON", "TensorCore", "CPlatform"]),
    ("ModelZooTests", ["ModelZoo", "StrictJSON", "TensorCore"]),
    ("ModelsTests", ["Models", "Conversion", "CheckpointIO", "ModelZoo", "StrictJSON", "TensorCore"]),
    ("ConversionTests", ["Conversion", "Inspection", "Models", "CheckpointIO", "ModelZoo", "TensorCore"]),
    (
        "SynthesisTests",
        ["Synthesis", "Conversion", "Inspection", "Models", "CheckpointIO", "ModelZoo", "TensorCore"]
    ),
    ("InspectionTests", ["Inspection", "Pages", "Models", "CheckpointIO", "ModelZoo", "StrictJSON", "TensorCore"]),
    ("PagesTests", ["Pages", "TensorCore"]),
    (
        "HubTests",
        [
            "Hub", "CPlatform", "CheckpointIO", "ModelZoo", "StrictJSON", "TensorCore", "Program",
            .product(name: "FlyingFox", package: "FlyingFox"), .product(name: "FlyingSocks", package: "FlyingFox"),
        ]
    ),
    ("LinearAlgebraTests", ["LinearAlgebra", "TensorCore"]),
    (
        "ReferenceNetworkTests",
        ["ReferenceNetwork", "DCAE", "DCAENetwork", "Kernels", "Models", "CheckpointIO", "ModelZoo", "TensorCore"]
    ),
    ("KernelsTests", ["Kernels", "TensorCore"]),
    (
        "DCAENetworkTests",
        ["DCAENetwork", "Synthesis", "Images", "Kernels", "CheckpointIO", "ModelZoo", "StrictJSON", "TensorCore"]
    ),
    ("ImagesTests", ["Images", "StrictJSON", "TensorCore", "Libc"]),
    (
        "DCAETests",
        [
            "DCAE", "CheckpointNetwork", "DCAENetwork", "Conversion", "Models", "Images", "Hub", "CheckpointIO",
            "ModelZoo", "StrictJSON", "TensorCore",
        ]
    ),
    (
        "NumericsTests",
        [
            "Numerics", "Inference", "ReferenceNetwork", "DCAE", "DCAENetwork", "Models", "Images", "CheckpointIO",
            "ModelZoo", "TensorCore",
        ]
    ),
    ("PerceptionTests", ["Perception", "Images", "CheckpointIO", "TensorCore", "Files"]),
    (
        "EvaluationTests",
        [
            "Evaluation", "Perception", "Calibration", "Inference", "DCAE", "Models", "Images", "Pages", "CheckpointIO",
            "ModelZoo", "StrictJSON", "TensorCore", "Files",
        ]
    ),
    ("InferenceTests", ["Inference", "DCAE", "Images", "CheckpointIO", "TensorCore"]),
    (
        "CalibrationTests",
        [
            "Calibration", "Inference", "DCAE", "Models", "Conversion", "Images", "CheckpointIO", "ModelZoo",
            "StrictJSON",
            "TensorCore",
        ]
    ),
    (
        "EndToEndTests",
        [
            "Program", "Perception", "Kernels", "Images", "CheckpointIO", "ModelZoo", "StrictJSON", "TensorCore",
            "CPlatform",
        ]
    ),
]
for (name, dependencies) in tests {
    package.targets.append(.testTarget(name: name, dependencies: dependencies + ["TestSupport"]))
}
for target in package.targets where [.regular, .executable, .test].contains(target.type) {
    target.swiftSettings = settings
}
