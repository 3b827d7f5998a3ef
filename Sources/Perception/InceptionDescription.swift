/// pytorch-fid's InceptionV3, the network of TensorFlow's FID (2015-12-05), as a tree of its layers.
///
/// It is not torchvision's: average pools leave out the padding, and the last block pools by maximum.
enum InceptionDescription {
    /// A part of the network.
    indirect enum Part {
        /// A convolution without bias, batch normalisation and ReLU.
        case convolution(ConvolutionSpec)
        case pool(Pooling)
        /// Parts one after the other.
        case chain([Part])
        /// Parts that see the same input; their outputs are joined.
        case branches([Part])
    }

    /// The channels of what comes out.
    static let featureCount = 2048
    /// The side of the square that pictures are resized to.
    static let side = 299

    /// The network up to its last average.
    static let network: Part = {
        var builder = Builder(channels: 3)
        builder.add("Conv2d_1a_3x3", 32, (3, 3), stride: 2)
        builder.add("Conv2d_2a_3x3", 32, (3, 3))
        builder.add("Conv2d_2b_3x3", 64, (3, 3), padding: (1, 1))
        builder.add(.maximumHalving)
        builder.add("Conv2d_3b_1x1", 80, (1, 1))
        builder.add("Conv2d_4a_3x3", 192, (3, 3))
        builder.add(.maximumHalving)
        for (name, poolChannels) in [("5b", 32), ("5c", 64), ("5d", 64)] {
            builder.addBlockA("Mixed_\(name)", poolChannels)
        }
        builder.addBlockB("Mixed_6a")
        for (name, channels) in [("6b", 128), ("6c", 160), ("6d", 160), ("6e", 192)] {
            builder.addBlockC("Mixed_\(name)", channels)
        }
        builder.addBlockD("Mixed_7a")
        builder.addBlockE("Mixed_7b", .mean)
        builder.addBlockE("Mixed_7c", .maximum)
        return .chain(builder.parts)
    }()
}

/// Puts parts one after the other, and keeps the number of channels.
private struct Builder {
    private(set) var channels: Int
    private(set) var parts: [InceptionDescription.Part] = []

    init(channels: Int) { self.channels = channels }

    mutating func add(
        _ name: String,
        _ outChannels: Int,
        _ kernel: (Int, Int),
        stride: Int = 1,
        padding: (Int, Int) = (0, 0)
    ) {
        parts.append(
            .convolution(
                ConvolutionSpec(
                    name: name,
                    inChannels: channels,
                    outChannels: outChannels,
                    kernel: kernel,
                    stride: stride,
                    padding: padding
                )
            )
        )
        channels = outChannels
    }

    mutating func add(_ pooling: Pooling) { parts.append(.pool(pooling)) }

    /// Adds branches that all begin here; each says what is in it.
    mutating func addBranches(_ branches: [(inout Builder) -> Void]) {
        var total = 0
        var built: [InceptionDescription.Part] = []
        for branch in branches {
            var builder = Builder(channels: channels)
            branch(&builder)
            total += builder.channels
            built.append(.chain(builder.parts))
        }
        parts.append(.branches(built))
        channels = total
    }

    mutating func addBlockA(_ name: String, _ poolChannels: Int) {
        addBranches([
            { $0.add("\(name).branch1x1", 64, (1, 1)) },
            {
                $0.add("\(name).branch5x5_1", 48, (1, 1))
                $0.add("\(name).branch5x5_2", 64, (5, 5), padding: (2, 2))
            },
            {
                $0.add("\(name).branch3x3dbl_1", 64, (1, 1))
                $0.add("\(name).branch3x3dbl_2", 96, (3, 3), padding: (1, 1))
                $0.add("\(name).branch3x3dbl_3", 96, (3, 3), padding: (1, 1))
            },
            {
                $0.add(.mean)
                $0.add("\(name).branch_pool", poolChannels, (1, 1))
            },
        ])
    }

    mutating func addBlockB(_ name: String) {
        addBranches([
            { $0.add("\(name).branch3x3", 384, (3, 3), stride: 2) },
            {
                $0.add("\(name).branch3x3dbl_1", 64, (1, 1))
                $0.add("\(name).branch3x3dbl_2", 96, (3, 3), padding: (1, 1))
                $0.add("\(name).branch3x3dbl_3", 96, (3, 3), stride: 2)
            },
            { $0.add(.maximumHalving) },
        ])
    }

    mutating func addBlockC(_ name: String, _ middle: Int) {
        let (flat, tall) = ((kernel: (1, 7), padding: (0, 3)), (kernel: (7, 1), padding: (3, 0)))
        addBranches([
            { $0.add("\(name).branch1x1", 192, (1, 1)) },
            {
                $0.add("\(name).branch7x7_1", middle, (1, 1))
                $0.add("\(name).branch7x7_2", middle, flat.kernel, padding: flat.padding)
                $0.add("\(name).branch7x7_3", 192, tall.kernel, padding: tall.padding)
            },
            {
                $0.add("\(name).branch7x7dbl_1", middle, (1, 1))
                $0.add("\(name).branch7x7dbl_2", middle, tall.kernel, padding: tall.padding)
                $0.add("\(name).branch7x7dbl_3", middle, flat.kernel, padding: flat.padding)
                $0.add("\(name).branch7x7dbl_4", middle, tall.kernel, padding: tall.padding)
                $0.add("\(name).branch7x7dbl_5", 192, flat.kernel, padding: flat.padding)
            },
            {
                $0.add(.mean)
                $0.add("\(name).branch_pool", 192, (1, 1))
            },
        ])
    }

    mutating func addBlockD(_ name: String) {
        addBranches([
            {
                $0.add("\(name).branch3x3_1", 192, (1, 1))
                $0.add("\(name).branch3x3_2", 320, (3, 3), stride: 2)
            },
            {
                $0.add("\(name).branch7x7x3_1", 192, (1, 1))
                $0.add("\(name).branch7x7x3_2", 192, (1, 7), padding: (0, 3))
                $0.add("\(name).branch7x7x3_3", 192, (7, 1), padding: (3, 0))
                $0.add("\(name).branch7x7x3_4", 192, (3, 3), stride: 2)
            },
            { $0.add(.maximumHalving) },
        ])
    }

    mutating func addBlockE(_ name: String, _ pooling: Pooling) {
        addBranches([
            { $0.add("\(name).branch1x1", 320, (1, 1)) },
            {
                $0.add("\(name).branch3x3_1", 384, (1, 1))
                $0.addFork("\(name).branch3x3_2")
            },
            {
                $0.add("\(name).branch3x3dbl_1", 448, (1, 1))
                $0.add("\(name).branch3x3dbl_2", 384, (3, 3), padding: (1, 1))
                $0.addFork("\(name).branch3x3dbl_3")
            },
            {
                $0.add(pooling)
                $0.add("\(name).branch_pool", 192, (1, 1))
            },
        ])
    }

    /// A flat and a tall kernel side by side.
    private mutating func addFork(_ name: String) {
        addBranches([
            { $0.add("\(name)a", 384, (1, 3), padding: (0, 1)) },
            { $0.add("\(name)b", 384, (3, 1), padding: (1, 0)) },
        ])
    }
}
