/// The instructions of Python's pickle format that are followed, and those that are known and refused.
enum PickleOpcode: UInt8 {
    case proto = 0x80
    case stop = 0x2E
    case frame = 0x95
    case mark = 0x28
    case pop = 0x30
    case popMark = 0x31
    case none = 0x4E
    case newTrue = 0x88
    case newFalse = 0x89
    case binInt = 0x4A
    case binInt1 = 0x4B
    case binInt2 = 0x4D
    case long1 = 0x8A
    case long4 = 0x8B
    case binFloat = 0x47
    case binUnicode = 0x58
    case shortBinUnicode = 0x8C
    case binUnicode8 = 0x8D
    case shortBinString = 0x55
    case binString = 0x54
    case binBytes = 0x42
    case shortBinBytes = 0x43
    case binBytes8 = 0x8E
    case byteArray8 = 0x96
    case emptyDict = 0x7D
    case emptyList = 0x5D
    case emptyTuple = 0x29
    case emptySet = 0x8F
    case tuple = 0x74
    case tuple1 = 0x85
    case tuple2 = 0x86
    case tuple3 = 0x87
    case append = 0x61
    case appends = 0x65
    case setItem = 0x73
    case setItems = 0x75
    case addItems = 0x90
    case frozenSet = 0x91
    case global = 0x63
    case stackGlobal = 0x93
    case reduce = 0x52
    case build = 0x62
    case newObj = 0x81
    case binPersID = 0x51
    case binPut = 0x71
    case longBinPut = 0x72
    case memoize = 0x94
    case binGet = 0x68
    case longBinGet = 0x6A
    // Protocol 1 writes bools and large integers as text.
    case int = 0x49
    case long = 0x4C
    // Known and refused: torch.save writes none of them.
    case dup = 0x32
    case float = 0x46
    case string = 0x53
    case unicode = 0x56
    case get = 0x67
    case put = 0x70
    case dict = 0x64
    case list = 0x6C
    case inst = 0x69
    case obj = 0x6F
    case newObjEx = 0x92
    case ext1 = 0x82
    case ext2 = 0x83
    case ext4 = 0x84
    case persID = 0x50
    case nextBuffer = 0x97
    case readOnlyBuffer = 0x98

    /// The name that Python's pickletools gives it.
    var name: String {
        switch self {
        case .proto: "PROTO"
        case .stop: "STOP"
        case .frame: "FRAME"
        case .mark: "MARK"
        case .pop: "POP"
        case .popMark: "POP_MARK"
        case .none: "NONE"
        case .newTrue: "NEWTRUE"
        case .newFalse: "NEWFALSE"
        case .binInt: "BININT"
        case .binInt1: "BININT1"
        case .binInt2: "BININT2"
        case .long1: "LONG1"
        case .long4: "LONG4"
        case .binFloat: "BINFLOAT"
        case .binUnicode: "BINUNICODE"
        case .shortBinUnicode: "SHORT_BINUNICODE"
        case .binUnicode8: "BINUNICODE8"
        case .shortBinString: "SHORT_BINSTRING"
        case .binString: "BINSTRING"
        case .binBytes: "BINBYTES"
        case .shortBinBytes: "SHORT_BINBYTES"
        case .binBytes8: "BINBYTES8"
        case .byteArray8: "BYTEARRAY8"
        case .emptyDict: "EMPTY_DICT"
        case .emptyList: "EMPTY_LIST"
        case .emptyTuple: "EMPTY_TUPLE"
        case .emptySet: "EMPTY_SET"
        case .tuple: "TUPLE"
        case .tuple1: "TUPLE1"
        case .tuple2: "TUPLE2"
        case .tuple3: "TUPLE3"
        case .append: "APPEND"
        case .appends: "APPENDS"
        case .setItem: "SETITEM"
        case .setItems: "SETITEMS"
        case .addItems: "ADDITEMS"
        case .frozenSet: "FROZENSET"
        case .global: "GLOBAL"
        case .stackGlobal: "STACK_GLOBAL"
        case .reduce: "REDUCE"
        case .build: "BUILD"
        case .newObj: "NEWOBJ"
        case .binPersID: "BINPERSID"
        case .binPut: "BINPUT"
        case .longBinPut: "LONG_BINPUT"
        case .memoize: "MEMOIZE"
        case .binGet: "BINGET"
        case .longBinGet: "LONG_BINGET"
        case .int: "INT"
        case .long: "LONG"
        case .dup: "DUP"
        case .float: "FLOAT"
        case .string: "STRING"
        case .unicode: "UNICODE"
        case .get: "GET"
        case .put: "PUT"
        case .dict: "DICT"
        case .list: "LIST"
        case .inst: "INST"
        case .obj: "OBJ"
        case .newObjEx: "NEWOBJ_EX"
        case .ext1: "EXT1"
        case .ext2: "EXT2"
        case .ext4: "EXT4"
        case .persID: "PERSID"
        case .nextBuffer: "NEXT_BUFFER"
        case .readOnlyBuffer: "READONLY_BUFFER"
        }
    }
}
