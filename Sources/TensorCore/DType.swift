/// The element type of a tensor.
///
/// The first 22 are the data types of the safetensors format, in the order in which its writer sorts them, lowest
/// first (`Dtype` in safetensors/src/tensor.rs, version 0.8). The rest occur in PyTorch checkpoints alone.
public enum DType: String, Sendable, CaseIterable, Comparable {
    case bool = "BOOL"
    case f4 = "F4"
    case f6E2M3 = "F6_E2M3"
    case f6E3M2 = "F6_E3M2"
    case u8 = "U8"
    case i8 = "I8"
    case f8E5M2 = "F8_E5M2"
    case f8E4M3 = "F8_E4M3"
    case f8E8M0 = "F8_E8M0"
    case f8E4M3FNUZ = "F8_E4M3FNUZ"
    case f8E5M2FNUZ = "F8_E5M2FNUZ"
    case i16 = "I16"
    case u16 = "U16"
    case f16 = "F16"
    case bf16 = "BF16"
    case i32 = "I32"
    case u32 = "U32"
    case f32 = "F32"
    case c64 = "C64"
    case f64 = "F64"
    case i64 = "I64"
    case u64 = "U64"
    case c32 = "C32"
    case c128 = "C128"
    case qint8 = "QINT8"
    case quint8 = "QUINT8"
    case qint32 = "QINT32"

    /// The number of bits that one element takes.
    public var bitCount: Int {
        switch self {
        case .f4: 4
        case .f6E2M3, .f6E3M2: 6
        case .bool, .u8, .i8, .f8E5M2, .f8E4M3, .f8E8M0, .f8E4M3FNUZ, .f8E5M2FNUZ, .qint8, .quint8: 8
        case .i16, .u16, .f16, .bf16: 16
        case .i32, .u32, .f32, .c32, .qint32: 32
        case .c64, .f64, .i64, .u64: 64
        case .c128: 128
        }
    }

    /// The number of whole bytes that one element takes, or nil for the types that share a byte.
    public var byteCount: Int? {
        bitCount % 8 == 0 ? bitCount / 8 : nil
    }

    /// Whether the format safetensors knows this type.
    public var isSafetensors: Bool {
        self <= .u64
    }

    /// Whether this is one of the types that AutoencoderDC weights are stored in: F64, F32, F16, BF16 or a float of 8 bits.
    ///
    /// `NumberFormat` converts between all of them. F8_E8M0 is none: it holds the scales of other values.
    public var isWeightFormat: Bool {
        isComputeFormat || self == .f64 || isByteFloat
    }

    /// Whether the network computes with values as they are stored: F32, F16 and BF16. Others are widened to F32 first.
    public var isComputeFormat: Bool {
        self == .f32 || self == .f16 || self == .bf16
    }

    /// The types that AutoencoderDC weights are stored in, for messages.
    package static let weightFormats = "a float"

    /// Whether this is a float of 8 bits that weights are stored in.
    package var isByteFloat: Bool {
        switch self {
        case .f8E4M3, .f8E5M2, .f8E4M3FNUZ, .f8E5M2FNUZ: true
        default: false
        }
    }

    /// Whether the elements are whole numbers, or true and false.
    package var isInteger: Bool {
        switch self {
        case .bool, .u8, .i8, .u16, .i16, .u32, .i32, .u64, .i64, .qint8, .quint8, .qint32: true
        case .f4, .f6E2M3, .f6E3M2, .f8E5M2, .f8E4M3, .f8E8M0, .f8E4M3FNUZ, .f8E5M2FNUZ, .f16, .bf16, .f32, .f64, .c32,
            .c64, .c128:
            false
        }
    }

    private var rank: Int {
        Self.ranks[self] ?? 0
    }

    private static let ranks = Dictionary(uniqueKeysWithValues: allCases.enumerated().map { ($1, $0) })

    /// Whether the safetensors writer puts tensors of the first type after those of the second.
    public static func < (lhs: DType, rhs: DType) -> Bool {
        lhs.rank < rhs.rank
    }
}
