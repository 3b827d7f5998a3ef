"""Rounds F64 values to narrower formats, with numpy 2.4.6 and ml_dtypes 0.6.0, for NumberFormatTests.

A line is an F64's bits, then what it becomes in F32, F16, BF16, F8_E4M3, F8_E5M2, F8_E4M3FNUZ and F8_E5M2FNUZ, in hexadecimal.
numpy rounds F64 to F32 and F16 once. ml_dtypes rounds F64 to F32 first, so its formats are given for values that are F32's own;
`-` stands for the others, but for BF16, which is computed here from the fraction itself.
"""
from fractions import Fraction
import ml_dtypes
import numpy as np

FORMATS = [ml_dtypes.float8_e4m3fn, ml_dtypes.float8_e5m2, ml_dtypes.float8_e4m3fnuz, ml_dtypes.float8_e5m2fnuz]


def bf16(value):
    if np.isnan(value):
        return "ffff"
    sign = 0x8000 if np.signbit(value) else 0
    exact = abs(Fraction(float(value))) if np.isfinite(value) else None
    if exact is None or exact >= Fraction(2) ** 128 - Fraction(2) ** 119:
        return f"{sign | 0x7F80:04x}"
    low, high = 0, 0x7F80
    number = lambda bits: (Fraction(2) ** 128 if bits == 0x7F80
                           else Fraction(float(np.array([bits << 16], dtype=np.uint32).view(np.float32)[0])))
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if number(middle) <= exact else (low, middle)
    half = (number(low) + number(high)) / 2
    up = exact > half or (exact == half and low & 1)
    return f"{sign | (high if up else low):04x}"


values = [0.0, 5e-324, 1e300, np.inf, 464.0, 480.0, 65519.999, 65520.0, 2.0**-25, 3.4028235677973366e38, 1e-46]
for kind in FORMATS + [np.float16]:
    bits = np.arange(256, dtype=np.uint8).view(kind) if kind != np.float16 else np.arange(0, 0x7C00, 997, dtype=np.uint16).view(kind)
    table = np.unique(np.abs(bits.astype(np.float64)[np.isfinite(bits.astype(np.float64))]))
    picked = table[:: max(1, len(table) // 24)].tolist() + table[:6].tolist() + table[-6:].tolist()
    for value in picked:
        position = int(np.searchsorted(table, value))
        if position + 1 < len(table):
            middle = (table[position] + table[position + 1]) / 2
            values += [value, middle, np.nextafter(middle, np.inf), np.nextafter(middle, 0), float(np.nextafter(np.float32(middle), np.float32(np.inf))),
                       float(np.nextafter(np.float32(middle), np.float32(0)))]
        else:
            values += [value, value * 1.03125, value * 1.0625, value * 1.07, value * 1.125, value * 2]
# Where rounding to F32 first and to 16 bits then goes wrong: just above and below the middle of two numbers.
for base in [1.0, 1.0 + 2.0**-10, 1.0 + 2.0**-7, 2.0**-14, 3.0e38, 2.0**-130]:
    for step in [2.0**-11, 2.0**-8]:
        for tiny in [2.0**-40, -(2.0**-40)]:
            values.append(base * (1 + step + tiny))
with np.errstate(all="ignore"):
    for value in dict.fromkeys(float(v) for v in values):
        for signed in (value, -value):
            wide = np.array([signed], dtype=np.float64)
            narrow = wide.astype(np.float32)
            line = [f"{wide.view(np.uint64)[0]:016x}", f"{narrow.view(np.uint32)[0]:08x}",
                    f"{wide.astype(np.float16).view(np.uint16)[0]:04x}", bf16(signed)]
            exact = narrow.astype(np.float64)[0] == wide[0]
            line += [f"{narrow.astype(kind).view(np.uint8)[0]:02x}" if exact else "-" for kind in FORMATS]
            print(" ".join(line))
