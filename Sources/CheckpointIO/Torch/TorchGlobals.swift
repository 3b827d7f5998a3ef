internal import TensorCore

/// What a name in a pickle may stand for.
///
/// This is the whole allow-list: nothing else is accepted, and nothing here is ever called. Each case is a way to read the
/// values that follow as data.
enum TorchGlobal {
    // Containers and plain values.
    case orderedDict, counter, defaultDict, set, frozenSet, byteArray, bytes, complex, encode
    // Tensors.
    case rebuildTensor, rebuildTensorV2, rebuildTensorV3, rebuildParameter, rebuildParameterWithState, rebuildFromType
    case rebuildUnreadable(UnreadableTensor)
    case parameter, tensorClass
    /// A storage class and the type of its elements; U8 for an untyped one.
    case storage(DType)
    case dtype(DType)
    /// A dtype or storage that exists, but whose elements this program does not know.
    case unknownType(String)
    case size, device, layout
    // numpy, as Lightning writes its scores.
    case numpyDType, numpyScalar, numpyReconstruct
    /// A class whose objects have nothing to do with weights.
    case opaque
    /// A class of torch.distributed.checkpoint's index, whose objects say where tensors are.
    case record(DistributedRecord)

    /// The meaning of a name, or nil where it is not allowed.
    static func find(module: Substring, name: Substring) -> TorchGlobal? {
        switch module {
        case "torch": torch(name)
        case "torch.cuda": torchCuda(name)
        case "torch._utils": rebuild(name)
        case "torch._tensor": name == "_rebuild_from_type_v2" ? .rebuildFromType : nil
        case "torch.distributed.tensor", "torch.distributed._tensor", "torch.distributed._tensor.api",
            "torch.distributed.tensor._api":
            name == "DTensor" ? .rebuildUnreadable(.distributed) : nil
        case "torch.distributed.tensor._dtensor_spec", "torch.distributed._tensor._dtensor_spec",
            "torch.distributed._tensor.placement_types", "torch.distributed.tensor.placement_types",
            "torch.distributed.device_mesh", "torch.distributed._mesh_layout", "torch.distributed._tensor.device_mesh":
            isIdentifier(name) || name.hasPrefix("_") ? .opaque : nil
        case "torch.storage":
            switch name {
            case "UntypedStorage", "_UntypedStorage": .storage(.u8)
            case "TypedStorage", "_TypedStorage": .unknownType("TypedStorage")
            default: nil
            }
        case "torch.nn.parameter": name == "Parameter" ? .parameter : nil
        case "torch.serialization": name == "_get_layout" ? .layout : nil
        case "collections":
            switch name {
            case "OrderedDict": .orderedDict
            case "Counter": .counter
            case "defaultdict": .defaultDict
            case "deque": .opaque
            default: nil
            }
        case "builtins", "__builtin__": builtin(name)
        case "_codecs": name == "encode" ? .encode : nil
        case "numpy": name == "dtype" ? .numpyDType : name == "ndarray" ? .opaque : nil
        case "numpy.core.multiarray", "numpy._core.multiarray":
            name == "scalar" ? .numpyScalar : name == "_reconstruct" ? .numpyReconstruct : nil
        case "numpy.core.numeric", "numpy._core.numeric": name == "_frombuffer" ? .numpyReconstruct : nil
        case "numpy.dtypes": name.hasSuffix("DType") && isIdentifier(name) ? .opaque : nil
        default: opaque(module: module, name: name)
        }
    }

    private static func torch(_ name: Substring) -> TorchGlobal? {
        switch name {
        case "Size": return .size
        case "device": return .device
        case "Tensor": return .tensorClass
        case "per_tensor_affine", "per_tensor_symmetric", "per_channel_affine", "per_channel_symmetric",
            "per_channel_affine_float_qparams":
            return .opaque
        default: break
        }
        if let type = dtypes[name] { return .dtype(type) }
        if unknownDTypes.contains(name) { return .unknownType(String(name)) }
        if name.hasSuffix("Storage") {
            let stem = name.dropLast(7)
            if stem == "Untyped" { return .storage(.u8) }
            if let type = typeNames[stem] { return .storage(type) }
            if stem == "QUInt4x2" || stem == "QUInt2x4" { return .unknownType(String(name)) }
        }
        // The tensor classes of old. They make memory without a value when called, so calling them is refused.
        if name.hasSuffix("Tensor"), typeNames[name.dropLast(6)] != nil { return .tensorClass }
        return nil
    }

    private static func torchCuda(_ name: Substring) -> TorchGlobal? {
        if name.hasSuffix("Storage"), let type = typeNames[name.dropLast(7)] { return .storage(type) }
        if name.hasSuffix("Tensor"), typeNames[name.dropLast(6)] != nil { return .tensorClass }
        return nil
    }

    private static func rebuild(_ name: Substring) -> TorchGlobal? {
        switch name {
        case "_rebuild_tensor": .rebuildTensor
        case "_rebuild_tensor_v2": .rebuildTensorV2
        case "_rebuild_tensor_v3": .rebuildTensorV3
        case "_rebuild_parameter": .rebuildParameter
        case "_rebuild_parameter_with_state": .rebuildParameterWithState
        case "_rebuild_qtensor": .rebuildUnreadable(.quantized)
        case "_rebuild_sparse_tensor", "_rebuild_sparse_csr_tensor": .rebuildUnreadable(.sparse)
        case "_rebuild_meta_tensor_no_storage": .rebuildUnreadable(.meta)
        case "_rebuild_wrapper_subclass": .rebuildUnreadable(.subclass)
        case "_rebuild_device_tensor_from_numpy", "_rebuild_device_tensor_from_cpu_tensor": .rebuildUnreadable(.numpy)
        default: nil
        }
    }

    private static func builtin(_ name: Substring) -> TorchGlobal? {
        switch name {
        case "set": .set
        case "frozenset": .frozenSet
        case "bytearray": .byteArray
        case "bytes": .bytes
        case "complex": .complex
        // As the factory of a defaultdict, or the type that an option holds.
        case "int", "float", "str", "bool", "list", "dict", "tuple", "object", "slice", "range": .opaque
        default: nil
        }
    }

    /// The meaning of a name in the index of a folder that torch.distributed.checkpoint wrote.
    static func findInIndex(module: Substring, name: Substring) -> TorchGlobal? {
        switch module {
        case "torch.distributed.checkpoint.metadata":
            if name == "_MEM_FORMAT_ENCODING" || name == "StorageMeta" { return .opaque }
            return DistributedRecord(rawValue: String(name)).map { .record($0) }
        case "torch.distributed.checkpoint.filesystem", "torch.distributed.checkpoint._fsspec_filesystem":
            return DistributedRecord(rawValue: String(name)).map { .record($0) }
        default: return find(module: module, name: name)
        }
    }

    /// Classes that training frameworks store beside the weights.
    ///
    /// Their objects are read as values without meaning.
    private static func opaque(module: Substring, name: Substring) -> TorchGlobal? {
        let isKnown =
            switch module {
            case "argparse": name == "Namespace"
            case "types": name == "SimpleNamespace"
            case "typing": name == "Any"
            case "pathlib", "pathlib._local":
                ["Path", "PosixPath", "WindowsPath", "PurePath", "PurePosixPath", "PureWindowsPath"].contains(name)
            case "torch.torch_version": name == "TorchVersion"
            case "uuid": name == "UUID" || name == "SafeUUID"
            case "decimal": name == "Decimal"
            case "fractions": name == "Fraction"
            case "easydict": name == "EasyDict"
            case "addict.addict": name == "Dict"
            case "munch": name == "Munch"
            case "yacs.config": name == "CfgNode"
            case "ml_collections.config_dict.config_dict": name == "ConfigDict"
            case "mmengine.config.config", "mmcv.utils.config": name == "ConfigDict"
            case "deepspeed.runtime.fp16.loss_scaler": name == "LossScaler" || name == "DynamicLossScaler"
            case "deepspeed.runtime.zero.config": name == "ZeroStageEnum"
            case "deepspeed.utils.tensor_fragment": name == "fragment_address"
            case "datetime": ["datetime", "date", "time", "timedelta", "timezone"].contains(name)
            case "omegaconf.dictconfig": name == "DictConfig"
            case "omegaconf.listconfig": name == "ListConfig"
            case "omegaconf.base": name == "ContainerMetadata" || name == "Metadata"
            case "omegaconf.nodes":
                [
                    "AnyNode", "StringNode", "IntegerNode", "FloatNode", "BooleanNode", "BytesNode", "PathNode",
                    "EnumNode",
                ].contains(name)
            case "pytorch_lightning.callbacks.model_checkpoint", "lightning.pytorch.callbacks.model_checkpoint":
                name == "ModelCheckpoint"
            case "pytorch_lightning.callbacks.early_stopping", "lightning.pytorch.callbacks.early_stopping":
                name == "EarlyStopping"
            case "pytorch_lightning.utilities.parsing", "lightning.pytorch.utilities.parsing",
                "lightning_fabric.utilities.data", "lightning.fabric.utilities.data":
                name == "AttributeDict"
            default: false
            }
        return isKnown ? .opaque : nil
    }

    private static func isIdentifier(_ name: Substring) -> Bool {
        name.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 || $0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7A }
    }

    /// The names in `torch.FloatStorage` and `torch.FloatTensor`.
    private static let typeNames: [Substring: DType] = [
        "Double": .f64, "Float": .f32, "Half": .f16, "BFloat16": .bf16,
        "Long": .i64, "Int": .i32, "Short": .i16, "Char": .i8, "Byte": .u8, "Bool": .bool,
        "ComplexFloat": .c64, "ComplexDouble": .c128,
        "QInt8": .qint8, "QUInt8": .quint8, "QInt32": .qint32,
    ]

    private static let dtypes: [Substring: DType] = [
        "float64": .f64, "double": .f64, "float32": .f32, "float": .f32, "float16": .f16, "half": .f16,
        "bfloat16": .bf16, "int64": .i64, "long": .i64, "int32": .i32, "int": .i32, "int16": .i16, "short": .i16,
        "int8": .i8, "uint8": .u8, "uint16": .u16, "uint32": .u32, "uint64": .u64, "bool": .bool,
        "complex32": .c32, "chalf": .c32, "complex64": .c64, "cfloat": .c64, "complex128": .c128, "cdouble": .c128,
        "float8_e4m3fn": .f8E4M3, "float8_e4m3fnuz": .f8E4M3FNUZ, "float8_e5m2": .f8E5M2,
        "float8_e5m2fnuz": .f8E5M2FNUZ, "float8_e8m0fnu": .f8E8M0,
        "qint8": .qint8, "quint8": .quint8, "qint32": .qint32,
    ]

    private static let unknownDTypes: Set<Substring> = [
        "float4_e2m1fn_x2", "quint4x2", "quint2x4", "bits8", "bits16", "bits1x8", "bits2x4", "bits4x2",
        "uint1", "uint2", "uint3", "uint4", "uint5", "uint6", "uint7",
        "int1", "int2", "int3", "int4", "int5", "int6", "int7",
    ]
}

/// The classes of a distributed checkpoint's index.
enum DistributedRecord: String {
    case metadata = "Metadata"
    case tensor = "TensorStorageMetadata"
    case bytes = "BytesStorageMetadata"
    case properties = "TensorProperties"
    case chunk = "ChunkStorageMetadata"
    case index = "MetadataIndex"
    case place = "_StorageInfo"
}
