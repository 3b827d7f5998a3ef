"""What `dcae inspect --stats` says of a safetensors file of F32 tensors, by NumPy in float64: python value_statistics.py FILE"""

import json
import struct
import sys

import numpy as np

file = np.memmap(sys.argv[1], np.uint8, "r")
length = struct.unpack("<Q", file[:8].tobytes())[0]
header = json.loads(file[8 : 8 + length].tobytes())
header.pop("__metadata__", None)
for name, entry in header.items():
    begin, end = entry["data_offsets"]
    if entry["dtype"] != "F32":
        continue
    values = file[8 + length + begin : 8 + length + end].view(np.float32)
    nan, infinite, zeros = np.isnan(values).sum(), np.isinf(values).sum(), (values == 0).sum()
    mean, deviation = values.mean(dtype=np.float64), values.std(dtype=np.float64)
    print(name, values.min(), values.max(), mean, deviation, nan, infinite, zeros)
