"""Makes a.safetensors, b.safetensors and expected.json: two tensors of every dtype, and what NumPy says of their difference.

Run with NumPy and ml_dtypes: python make.py (in this folder). Every value is widened to float64 (a complex number to two) and
everything is computed there, over the pairs in which both are finite; sums by math.fsum, which rounds once.
"""

import json
import math
import struct

import ml_dtypes as ml
import numpy as np

rng = np.random.default_rng(20251121)
SHAPE = (3, 7, 13)
COUNT = math.prod(SHAPE)

FLOATS = {
    "F64": np.float64, "F32": np.float32, "F16": np.float16, "BF16": ml.bfloat16,
    "F8_E5M2": ml.float8_e5m2, "F8_E4M3": ml.float8_e4m3fn, "F8_E5M2FNUZ": ml.float8_e5m2fnuz,
    "F8_E4M3FNUZ": ml.float8_e4m3fnuz, "F8_E8M0": ml.float8_e8m0fnu,
}
INTEGERS = {
    "I8": np.int8, "U8": np.uint8, "I16": np.int16, "U16": np.uint16, "I32": np.int32, "U32": np.uint32,
    "I64": np.int64, "U64": np.uint64, "BOOL": np.bool_,
}


def floats(dtype):
    """Normal numbers, some with small differences, some equal; NaN, infinities and zeros of both signs where there are some."""
    a = rng.normal(size=COUNT) * 10.0 ** rng.integers(-3, 3, COUNT)
    b = a * (1 + rng.normal(size=COUNT) * 0.05)
    if dtype is ml.float8_e8m0fnu:
        a, b = np.abs(a) + 1e-6, np.abs(b) + 1e-6
    same = rng.random(COUNT) < 0.2
    b[same] = a[same]
    special = [np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0]
    if dtype is ml.float8_e8m0fnu:
        special = [np.nan, 1.0]
    position = 5
    for x in special:
        for y in special:
            a[position], b[position] = x, y
            position += 1
    with np.errstate(all="ignore"):
        return a.astype(dtype), b.astype(dtype)


def integers(dtype):
    if dtype is np.bool_:
        return rng.random(COUNT) < 0.5, rng.random(COUNT) < 0.5
    info = np.iinfo(dtype)
    a = rng.integers(info.min, info.max, COUNT, dtype=dtype, endpoint=True)
    b = a.copy()
    changed = rng.random(COUNT) < 0.5
    b[changed] = rng.integers(info.min, info.max, int(changed.sum()), dtype=dtype, endpoint=True)
    if dtype in (np.int64, np.uint64):  # a difference that float64 does not see
        a[3], b[3] = 2**60, 2**60 + 1
    return a, b


def wide(x):
    if np.iscomplexobj(x):
        x = np.stack([x.real, x.imag], -1)
    return x.astype(np.float64).reshape(-1)


def places(x):
    """The place of every number in the order of its format, None for NaN."""
    size = x.dtype.itemsize
    raw = x.reshape(-1).view({1: np.uint8, 2: np.uint16, 4: np.uint32, 8: np.uint64}[size])
    sign = 1 << (8 * size - 1)
    if x.dtype == ml.float8_e8m0fnu:
        return [None if math.isnan(float(v)) else int(r) for v, r in zip(x.reshape(-1), raw)]
    return [
        None if math.isnan(float(v)) else (-(int(r) & (sign - 1)) if int(r) & sign else int(r))
        for v, r in zip(x.reshape(-1), raw)
    ]


def expect(a, b, rtol=0.01, atol=0.001):
    x, y = wide(a), wide(b)
    both = np.isfinite(x) & np.isfinite(y)
    p, q = x[both], y[both]
    d = p - q
    total = lambda v: math.fsum(v.tolist())
    exact = a.dtype == b.dtype and a.dtype.kind in "iu" and a.dtype.itemsize == 8
    unequal = (a != b).reshape(-1) if exact else (x != y) & ~(np.isnan(x) & np.isnan(y))
    nan = np.isnan(x) != np.isnan(y)
    infinite = ~both & ~np.isnan(x) & ~np.isnan(y) & (x != y)
    with np.errstate(invalid="ignore"):
        inside = np.isclose(x, y, rtol=rtol, atol=atol, equal_nan=True)
    first = int(np.argmax(unequal)) // (2 if np.iscomplexobj(a) else 1) if unequal.any() else None
    ulp = None
    if a.dtype == b.dtype and a.dtype.kind not in "iub":
        parts = (a.view(a.real.dtype), b.view(b.real.dtype)) if np.iscomplexobj(a) else (a, b)
        pairs = zip(places(parts[0]), places(parts[1]))
        ulp = max(abs(i - j) for i, j in pairs if i is not None and j is not None)
    aa, bb = total(p * p), total(q * q)
    return {
        "count": len(x), "differing": int(unequal.sum()), "nan_mismatches": int(nan.sum()),
        "infinity_mismatches": int(infinite.sum()), "outside_tolerance": int((~inside).sum()),
        "first_index": None if first is None else [int(i) for i in np.unravel_index(first, SHAPE)],
        "max_abs": float(np.abs(d).max()), "rms": math.sqrt(total(d * d) / len(d)),
        "relative_rms": math.sqrt(total(d * d) / aa), "rms_a": math.sqrt(aa / len(d)), "rms_b": math.sqrt(bb / len(d)),
        "cosine": total(p * q) / (math.sqrt(aa) * math.sqrt(bb)), "max_ulp": ulp,
    }


def write(path, tensors):
    header, offset = {}, 0
    for name, (dtype, x) in tensors.items():
        header[name] = {"dtype": dtype, "shape": list(SHAPE), "data_offsets": [offset, offset + x.nbytes]}
        offset += x.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(x.tobytes() for _, x in tensors.values()))


A, B, EXPECTED = {}, {}, {}


def add(name, a_type, a, b_type, b):
    a, b = a.reshape(SHAPE), b.reshape(SHAPE)
    A[name], B[name] = (a_type, a), (b_type, b)
    EXPECTED[name] = expect(a, b)


for name, dtype in FLOATS.items():
    a, b = floats(dtype)
    add(name, name, a, name, b)
for name, dtype in INTEGERS.items():
    a, b = integers(dtype)
    add(name, name, a, name, b)
real, imaginary = floats(np.float32), floats(np.float32)
for k in (0, 1):
    imaginary[k][:60] = 1
add("C64", "C64", real[0] + 1j * imaginary[0], "C64", real[1] + 1j * imaginary[1])

a, b = floats(np.float32)
for left, right in [("F32", "BF16"), ("F32", "F16"), ("F64", "F32"), ("F16", "BF16"), ("F64", "F16"), ("F32", "F8_E4M3")]:
    x, y = a.astype(FLOATS[left]), b.astype(FLOATS[right])
    add(f"{left}.{right}", left, x, right, y)
i, _ = integers(np.int32)
add("I32.F32", "I32", i, "F32", i.astype(np.float32))
add("rounded", "F32", a, "BF16", a.astype(ml.bfloat16))

write("a.safetensors", A)
write("b.safetensors", B)
with open("expected.json", "w") as file:
    json.dump({"rtol": 0.01, "atol": 0.001, "tensors": EXPECTED}, file, indent=1)
    file.write("\n")
