"""Makes values.safetensors, a tensor of every dtype with what is awkward in it, and truths.json, its statistics by NumPy.

    python make.py          # numpy, ml_dtypes, torch; writes beside itself

The file is written by hand, since the safetensors package refuses some of its own dtypes. The truths are computed in float64
from the values that ml_dtypes and NumPy give to the stored bits.
"""

import json
import math
import pathlib
import struct

import ml_dtypes as ml
import numpy as np

here = pathlib.Path(__file__).parent
random = np.random.default_rng(7)

FLOATS = {
    "F64": np.float64, "F32": np.float32, "F16": np.float16, "BF16": ml.bfloat16,
    "F8_E5M2": ml.float8_e5m2, "F8_E4M3": ml.float8_e4m3fn, "F8_E5M2FNUZ": ml.float8_e5m2fnuz,
    "F8_E4M3FNUZ": ml.float8_e4m3fnuz, "F8_E8M0": ml.float8_e8m0fnu,
}
PACKED = {"F4": (4, ml.float4_e2m1fn), "F6_E2M3": (6, ml.float6_e2m3fn), "F6_E3M2": (6, ml.float6_e3m2fn)}
INTEGERS = {"I8": np.int8, "U8": np.uint8, "I16": np.int16, "U16": np.uint16, "I32": np.int32, "U32": np.uint32,
            "I64": np.int64, "U64": np.uint64}


def pack(patterns, bits):
    """Patterns of 4 or 6 bits, the first in the lowest bits of the first byte."""
    total = 0
    for index, pattern in enumerate(patterns):
        total |= int(pattern) << (bits * index)
    return total.to_bytes(len(patterns) * bits // 8, "little")


tensors = {}  # name: (dtype, shape, bytes, values in float64, smallest normal number)


def add(name, dtype, array, normal):
    values = array.astype(np.float64) if array.dtype.kind not in "c" else None
    tensors[name] = (dtype, list(array.shape), array.tobytes(), values.reshape(-1), normal)


def normal_of(dtype):
    if dtype == "F8_E8M0":
        return 0.0  # all of its numbers are powers of two: none has fewer digits than another
    return float(ml.finfo(FLOATS[dtype]).smallest_normal)


def every_pattern(dtype):
    kind = FLOATS[dtype]
    width = np.dtype(kind).itemsize
    if width == 1:
        return np.arange(256, dtype=np.uint8).view(kind)
    return random.integers(0, 1 << 16, 3000, dtype=np.uint16).view(kind)


AWKWARD = [0.0, -0.0, np.nan, np.inf, -np.inf, 65504.0, 65519.0, 65520.0, -70000.0, 3.4e38, -3.39e38, 2.0**-14, 2.0**-15,
           2.0**-24, 2.0**-25, 2.0**-25 * (1 + 2.0**-20), -(2.0**-30), 2.0**-126, 2.0**-127, 2.0**-133, 2.0**-134,
           2.0**-134 * 1.0625, -(2.0**-149), 1.0, -2.5]

add("f32.awkward", "F32", np.array(AWKWARD, np.float32), normal_of("F32"))
add("f64.awkward", "F64", np.array(AWKWARD + [1e39, -1e39, 2.0**-1022, 2.0**-1074, 3.39e38 * 1.01], np.float64), normal_of("F64"))
add("f16.awkward", "F16", np.array(AWKWARD, np.float64).astype(np.float16), normal_of("F16"))
add("bf16.awkward", "BF16", np.array(AWKWARD, np.float64).astype(ml.bfloat16), normal_of("BF16"))
for dtype in ["F16", "BF16", "F8_E5M2", "F8_E4M3", "F8_E5M2FNUZ", "F8_E4M3FNUZ", "F8_E8M0"]:
    add(dtype.lower() + ".patterns", dtype, every_pattern(dtype), normal_of(dtype))

# A mean that dwarfs the deviation: sums of squares would lose all of it.
add("f32.far", "F32", (1e4 + 1e-2 * random.standard_normal(9001)).astype(np.float32), normal_of("F32"))
add("f64.far", "F64", 1e6 + 1e-4 * random.standard_normal(4097), normal_of("F64"))
# The usual: weights around zero, in a matrix; more than two blocks of the kernels and a rest.
add("f32.weights", "F32", (0.02 * random.standard_normal((67, 131))).astype(np.float32), normal_of("F32"))
add("bf16.weights", "BF16", (0.02 * random.standard_normal(4500)).astype(ml.bfloat16), normal_of("BF16"))
add("f16.weights", "F16", (0.02 * random.standard_normal(4500)).astype(np.float16), normal_of("F16"))
# One value that is nothing like the others, and values that are not finite among many that are.
spoiled = (1e-3 * random.standard_normal(5000)).astype(np.float32)
spoiled[[0, 17, 4095, 4096]] = [1e30, np.nan, np.inf, -np.inf]
add("f32.spoiled", "F32", spoiled, normal_of("F32"))
add("f32.zeros", "F32", np.zeros(33, np.float32), normal_of("F32"))
add("f32.nan", "F32", np.full(5, np.nan, np.float32), normal_of("F32"))
add("f32.none", "F32", np.zeros((0, 3), np.float32), normal_of("F32"))
add("f32.one", "F32", np.array(-1.5, np.float32), normal_of("F32"))

for dtype, kind in INTEGERS.items():
    limits = np.iinfo(kind)
    values = random.integers(limits.min, limits.max, 1000, dtype=kind, endpoint=True)
    values[:3] = [limits.min, limits.max, 0]
    add(dtype.lower(), dtype, values, 0.0)
add("bool", "BOOL", random.integers(0, 2, 100).astype(np.bool_), 0.0)

for dtype, (bits, kind) in PACKED.items():
    patterns = random.integers(0, 1 << bits, 400, dtype=np.uint8)
    values = patterns.view(kind).astype(np.float64)
    normal = float(ml.finfo(kind).smallest_normal)
    tensors[dtype.lower()] = (dtype, [20, 20], pack(patterns, bits), values, normal)

complexes = (random.standard_normal(300) + 1j * random.standard_normal(300)).astype(np.complex64)
complexes[7] = complex(np.nan, 2)
parts = complexes.view(np.float32).astype(np.float64)
tensors["c64"] = ("C64", [300], complexes.tobytes(), parts, normal_of("F32"))


def truth(values, normal):
    finite = values[np.isfinite(values)]
    magnitude = np.abs(finite)
    with np.errstate(over="ignore"):
        half = finite.astype(np.float16)
        brain = finite.astype(ml.bfloat16)
    result = {
        "values": int(values.size),
        "nan": int(np.isnan(values).sum()),
        "inf": int(np.isinf(values).sum()),
        "zeros": int((finite == 0).sum()),
        "subnormals": int(((magnitude > 0) & (magnitude < normal)).sum()),
        "fp16_overflows": int(np.isinf(half).sum()),
        "fp16_underflows": int(((half == 0) & (finite != 0)).sum()),
        # ml_dtypes rounds float64 to bfloat16 through float32, that is twice; the borders are those of one rounding.
        "bf16_overflows": int((magnitude >= (2 - 2.0**-8) * 2.0**127).sum()),
        "bf16_underflows": int(((magnitude > 0) & (magnitude <= 2.0**-134)).sum()),
    }
    if values.dtype == np.float64 and normal_of("F32") == normal:
        assert result["bf16_overflows"] == int(np.isinf(brain.astype(np.float32)).sum())
        assert result["bf16_underflows"] == int(((brain == 0) & (finite != 0)).sum())
    if finite.size:
        result |= {
            "min": float(finite.min()), "max": float(finite.max()), "mean": float(finite.mean()),
            "std": float(finite.std()), "rms": math.sqrt(float(np.square(finite).mean())),
        }
    else:
        result |= dict.fromkeys(["min", "max", "mean", "std", "rms"])
    bins = {}
    for value in finite[finite != 0]:
        exponent = min(127, max(-127, math.frexp(abs(value))[1] - 1))
        counts = bins.setdefault(exponent, [0, 0])
        counts[int(value < 0)] += 1
    result["bins"] = [[e, *bins[e]] for e in sorted(bins)]  # exponent, positive, negative values
    return result


header, data = {}, b""
for name, (dtype, shape, raw, _, _) in tensors.items():
    header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), len(data) + len(raw)]}
    data += raw
text = json.dumps(header).encode()
text += b" " * (-len(text) % 8)
(here / "values.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + data)
truths = {name: truth(values, normal) for name, (_, _, _, values, normal) in tensors.items()}
lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(truths[name])}" for name in truths)
(here / "truths.json").write_text("{\n" + lines + "\n}\n")


# The dtypes that only PyTorch files have, and tensors whose elements are spread out: files of ../torch.
def torch_truths():
    import torch

    result = {}
    for name in ["dtypes.pt", "parameters.pt"]:
        state = torch.load(here.parent / "torch" / name, weights_only=False)
        result[name] = {}
        for key, tensor in state.items():
            tensor = tensor.detach()
            kind = tensor.dtype
            if tensor.is_complex():
                tensor = torch.view_as_real(tensor.to(torch.complex64) if kind == torch.complex32 else tensor)
            normal = 0.0
            if kind.is_floating_point or kind.is_complex:
                normal = torch.finfo(kind).smallest_normal
            if kind == torch.uint64:
                values = tensor.numpy().astype(np.float64)
            else:
                values = tensor.to(torch.float64).numpy()
            result[name][key] = truth(values.reshape(-1), normal)
    return result


lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in torch_truths().items())
(here / "torch.json").write_text("{\n" + lines + "\n}\n")
