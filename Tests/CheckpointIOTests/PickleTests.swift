import CheckpointIO
import TensorCore
import TestSupport
import Testing

/// What a pickle may not do, and what the program says of it, to the letter.
@Suite struct PickleTests {
    static let damaged = "; the file is damaged or was not written by torch.save"
    static let incomplete = "; the file is incomplete or damaged: download it again"
    static let trusted = "; in Python, load it if you trust it, and save only its state_dict()"
    static let stateDict = "; in Python, save model.state_dict()"
    static let floats = TorchFile.storage("0", count: 4)

    private func refusal(_ pickle: [UInt8]) throws -> String {
        let folder = try TemporaryFolder()
        let path = try folder.write("x.pt", TorchFile.zip(pickle, storages: [("0", Array(repeating: 1, count: 16))]))
        let error = try #require(throws: CheckpointError.self) { try Checkpoint.open(path) }
        return String(error.description.dropFirst(path.unicodeScalars.count > 100 ? 102 : path.count + 2))
    }

    static func ops(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test(
        arguments: [
            (ops("}"), "byte 1: the pickle ends in the middle of an instruction" + incomplete),
            (ops("~."), "pickle byte 0: 0x7e is not a pickle instruction" + damaged),
            (ops("2."), "pickle byte 0 (DUP): torch.save does not write such an instruction" + damaged),
            (ops("."), "pickle byte 0 (STOP): it takes a value from an empty stack" + damaged),
            (ops("NN."), "pickle byte 2 (STOP): the pickle ends with 2 values instead of one" + damaged),
            (ops("}N."), "pickle byte 2 (STOP): the pickle ends with 2 values instead of one" + damaged),
            (ops("}(Nu."), "pickle byte 3 (SETITEMS): a dict gets a key without a value" + damaged),
            (ops("](NNu."), "pickle byte 4 (SETITEMS): it needs a dict, but finds a list" + damaged),
            (ops("}]Ns."), "pickle byte 3 (SETITEM): a list is used as a key" + damaged),
            (ops("}))\u{85}Ns.").filter { $0 != 0xC2 }, "pickle byte 4 (TUPLE1): "),
            (ops("h\u{1}."), "pickle byte 0 (BINGET): value 1 is used, but was never stored" + damaged),
            (
                ops("X\u{5}\0\0\0ab."),
                "pickle byte 0 (BINUNICODE): a value of 5 bytes is announced, but 3 are left" + damaged
            ),
            (ops("}.}"), "archive/data.pkl: 1 bytes follow the end of the pickle" + damaged),
            (ops("N."), "the checkpoint is None, not a dict of named tensors" + stateDict),
            (ops("}."), "the checkpoint holds no named tensors" + stateDict),
            (
                ops("cos\nsystem\n(X\u{2}\0\0\0idtR."),
                "pickle byte 0 (GLOBAL): os.system is not an allowed name; nothing was executed"
                    + trusted
            ),
            (
                ops("cmodels.dcae\nDCAE\n)\u{81}}b.").filter { $0 != 0xC2 },
                "pickle byte 0 (GLOBAL): an object of class models.dcae.DCAE was saved, perhaps a whole model; "
                    + "nothing was executed" + trusted
            ),
            (
                ops("ctorch\nFloatTensor\n(K\u{4}tR."),
                "pickle byte 23 (REDUCE): a tensor class, which makes memory without a value, is called, which no "
                    + "checkpoint does; nothing was executed" + damaged
            ),
            (
                ops("c__builtin__\nbytearray\n(J\0\0\0\u{7F}tR."),
                "pickle byte 30 (REDUCE): bytearray gets arguments that it does not take" + damaged
            ),
        ]
    )
    func instructionIsRefused(pickle: [UInt8], message: String) throws {
        let found = try refusal(pickle)
        #expect(message.hasSuffix(": ") ? found.hasPrefix("pickle byte") : found == message, "\(found)")
    }

    @Test(
        arguments: [
            (TorchFile.tensor(floats, length: 5), "shape [5] at 0 reaches element 4 of a storage that has 4" + damaged),
            (
                TorchFile.tensor(floats, length: 2, offset: 3),
                "shape [2] at 3 reaches element 4 of a storage that has 4" + damaged
            ),
            (
                TorchFile.tensor(floats, length: 2, stride: 4),
                "shape [2] at 0 reaches element 4 of a storage that has 4" + damaged
            ),
            (TorchFile.tensor(floats, length: -1), "its sizes, strides or offset are negative" + damaged),
            (TorchFile.tensor(floats, length: 2, stride: -1), "its sizes, strides or offset are negative" + damaged),
            (
                TorchFile.tensor(floats, length: 1 << 30, stride: 0),
                "shape [1073741824] makes 4294967296 bytes by repeating a small storage; save it with .contiguous()"
            ),
        ]
    )
    func tensorIsRefused(tensor: [UInt8], message: String) throws {
        let found = try refusal(TorchFile.pickle(TorchFile.dict([("w", tensor)])))
        #expect(found.hasSuffix(": tensor \"w\": " + message), "\(found)")
    }

    @Test func storageIsRefused() throws {
        func found(_ storage: [UInt8]) throws -> String {
            try refusal(TorchFile.pickle(TorchFile.dict([("w", TorchFile.tensor(storage, length: 1))])))
        }
        #expect(
            try found(TorchFile.storage("1", count: 4))
                == "no entry \"archive/data/1\" holds this storage's data" + Self.incomplete
        )
        #expect(
            try found(TorchFile.storage("0", count: 5))
                == "archive/data/0: the storage needs 20 bytes, but there are 16" + Self.incomplete
        )
        #expect(try found(TorchFile.storage("0", count: -1)).contains("the size of a storage is negative"))
        #expect(try found(TorchFile.storage("../../0", count: 4)).contains("no entry \"archive/data/../../0\""))
        #expect(
            try found(TorchFile.text("s") + [0x51]).contains("it needs a tuple that names a storage, but finds a str")
        )
    }

    /// Loose tensors beside a section are a random generator's state or the like; an average beside weights is their copy.
    @Test func sectionsAreChosen() throws {
        func found(_ entries: [(String, [UInt8])]) throws -> (names: [String], notes: [String]) {
            let folder = try TemporaryFolder()
            let pickle = TorchFile.pickle(TorchFile.dict(entries))
            let path = try folder.write(
                "x.pt",
                TorchFile.zip(pickle, storages: [("0", Array(repeating: 1, count: 16))])
            )
            let checkpoint = try Checkpoint.open(path)
            return (checkpoint.tensors.map(\.descriptor.name), checkpoint.notes)
        }
        let tensor = TorchFile.tensor(Self.floats, length: 4)
        let weights = TorchFile.dict([("w", tensor)])
        let beside = try found([("rng", tensor), ("model", weights)])
        #expect(beside.names == ["w"] && beside.notes.first == "weights taken from model")
        #expect(beside.notes.contains("ignored: rng"))
        let average = try found([("a", tensor), ("ema", weights)])
        #expect(average.names == ["a"] && !average.notes.contains { $0.contains("taken from") })
        let both = try found([("ema", weights), ("state_dict", weights)])
        #expect(both.notes.contains("there are weights under ema too; to take those, name the section ema"))
        // A step or a loss beside a network does not make the network something to leave out, whatever it is called.
        let network = TorchFile.dict((0..<12).map { ("w\($0)", tensor) })
        for name in ["vae", "my_net", "generator", "ema"] {
            let trained = try found([("step", tensor), (name, network)])
            #expect(trained.names.count == 12 && trained.notes.contains("weights taken from \(name)"))
            #expect(trained.notes.contains("ignored: step"))
        }
        let two = try found([("step", tensor), ("one", network), ("two", network)])
        #expect(two.names.contains("one.w0") && two.names.contains("two.w11"))
        // What trainers number is what it is without the number.
        for name in ["optimizer_state_dict_0", "random_states", "scaler_12", "lr_scheduler_0"] {
            let trained = try found([(name, weights), ("model_state_dict", weights)])
            #expect(trained.notes == ["weights taken from model_state_dict", "ignored: \(name)"])
        }
        // An optimizer is one whatever it is called, beside a section and among parts that belong together.
        let optimizer = TorchFile.dict([
            ("state", TorchFile.dict([("0", TorchFile.dict([("exp_avg", tensor)]))])),
            ("param_groups", TorchFile.dict([("lr", TorchFile.number(1, 0) + [0x4B, 1])])),
        ])
        for name in ["opt_state", "ema_optimizer", "adam"] {
            let trained = try found([(name, optimizer), ("model_state_dict", weights)])
            #expect(trained.notes == ["weights taken from model_state_dict", "ignored: \(name)"])
            let parts = try found([(name, optimizer), ("encoder", weights), ("decoder", weights)])
            #expect(parts.names == ["encoder.w", "decoder.w"] && parts.notes == ["ignored: \(name)"])
        }
    }

    /// A tensor in a list or a tuple of its own is taken out of it; several have no names.
    @Test func aTensorIsTakenOutOfAList() throws {
        let tensor = TorchFile.tensor(Self.floats, length: 4)
        func open(_ body: [UInt8]) throws -> Checkpoint {
            let folder = try TemporaryFolder()
            let storages = [(key: "0", bytes: [UInt8](repeating: 1, count: 16))]
            var options = OpenOptions()
            options.takesListedTensor = true
            let file = TorchFile.zip(TorchFile.pickle(body), storages: storages)
            return try Checkpoint.open(folder.write("x.pt", file), options: options)
        }
        for (body, kind) in [(Array("](".utf8) + tensor + Array("e".utf8), "a list"), (tensor + [0x85], "a tuple")] {
            let checkpoint = try open(body)
            #expect(checkpoint.isUnnamed && checkpoint.notes == ["the tensor was taken out of \(kind)"])
        }
        let error = #expect(throws: CheckpointError.self) {
            try open(Array("](".utf8) + tensor + tensor + Array("e".utf8))
        }
        #expect(
            error?.description.hasSuffix(
                "it holds a list of tensors, which have no names; "
                    + "in Python, save a dict of tensors by name, or one tensor alone"
            ) == true,
            "\(String(describing: error))"
        )
    }
}
