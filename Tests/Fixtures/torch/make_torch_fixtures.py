"""Writes the PyTorch fixtures of this folder, with real PyTorch: run it with a Python that has torch, numpy and safetensors.

    python make_torch_fixtures.py

`expected.json` says of each file what `torch` holds: name, dtype, shape and SHA-256 of every tensor's bytes, in row-major order
and little-endian; or why it is to be refused. The weights of `sana.*` are those of ../tiny/sana/original.safetensors.
"""
import argparse
import collections
import datetime
import hashlib
import io
import json
import pathlib
import pickle
import random
import struct
import subprocess
import tarfile
import zipfile

import numpy
import torch
import torch.distributed.checkpoint
from safetensors.torch import load_file, save_file

HERE = pathlib.Path(__file__).parent
TINY = HERE.parent / "tiny" / "sana" / "original.safetensors"
NAMES = {
    torch.float64: "F64", torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.int64: "I64",
    torch.int32: "I32", torch.int16: "I16", torch.int8: "I8", torch.uint8: "U8", torch.uint16: "U16",
    torch.uint32: "U32", torch.uint64: "U64", torch.bool: "BOOL", torch.complex32: "C32", torch.complex64: "C64",
    torch.complex128: "C128", torch.float8_e4m3fn: "F8_E4M3", torch.float8_e5m2: "F8_E5M2",
    torch.float8_e4m3fnuz: "F8_E4M3FNUZ", torch.float8_e5m2fnuz: "F8_E5M2FNUZ", torch.float8_e8m0fnu: "F8_E8M0",
}
expected = {}


def raw(tensor):
    flat = tensor.detach().resolve_conj().resolve_neg().contiguous().reshape(-1)
    return b"" if flat.numel() == 0 else flat.view(torch.uint8).numpy().tobytes()


def describe(tensors):
    return [
        {
            "name": name,
            "dtype": NAMES[tensor.dtype],
            "shape": list(tensor.shape),
            "sha256": hashlib.sha256(raw(tensor)).hexdigest(),
        }
        for name, tensor in tensors.items()
    ]


def write(file, value, tensors=None, refused=None, notes=(), section=None, **options):
    if file is not None and value is not None:
        torch.save(value, HERE / file, **options)
    entry = {"file": file}
    if refused:
        entry["refused"] = refused
    else:
        entry["tensors"] = describe(value if tensors is None else tensors)
        entry["notes"] = list(notes)
    if section:
        entry["section"] = section
    expected.setdefault("cases", []).append(entry)


LEGACY = {"_use_new_zipfile_serialization": False}
torch.manual_seed(7)

# The same weights in every container.
weights = load_file(TINY)
write("sana.pt", weights)
write("sana.legacy.pt", weights, **LEGACY)
subprocess.run(["zstd", "-q", "-f", "-3", TINY, "-o", HERE / "sana.safetensors.zst"], check=True)
write("sana.safetensors.zst", None, weights)

# Views: transposed, sliced, stepped, channels last, expanded, permuted in four dimensions, flipped by copy, scalars, empty.
base = torch.randn(24, 10)
views = {
    "whole": base,
    "transposed": base.t(),
    "rows": base[3:7],
    "columns": base[:, 2:5],
    "stepped": base[::3, 1::4],
    "diagonal": base[:10].diagonal(),
    "channels_last": torch.randn(5, 4, 3, 2).contiguous(memory_format=torch.channels_last),
    "permuted": torch.randn(4, 3, 2, 5).permute(2, 0, 3, 1),
    "expanded": torch.randn(1, 6, 1).expand(4, 6, 3),
    "half_transposed": torch.randn(7, 5).half().t(),
    "bytes_transposed": torch.randint(0, 255, (6, 9), dtype=torch.uint8).t(),
    "doubles_transposed": torch.randn(3, 4, 5, dtype=torch.float64).transpose(0, 2),
    "complex_transposed": torch.randn(3, 4, dtype=torch.complex128).t(),
    "scalar": torch.tensor(2.5),
    "one": base[5:6, 5:6],
    "empty": torch.empty(0, 4),
    "empty_view": base[4:4],
}
write("views.pt", views)
write("views.legacy.pt", views, **LEGACY)

# More than one window of the gathering reader, sparsely: made by the test itself, being too large to keep.

types = {}
for dtype, name in NAMES.items():
    source = torch.arange(1, 13)
    if dtype.is_complex:
        value = torch.complex(source.float(), -source.float()).to(dtype)
    elif dtype == torch.bool:
        value = source % 3 == 0
    else:
        value = source.to(torch.float32).to(dtype) if dtype.is_floating_point else source.to(dtype)
    types[name] = value.reshape(3, 4)
write("dtypes.pt", types)
write("dtypes.legacy.pt", {k: v for k, v in types.items() if v.dtype not in (
    torch.uint16, torch.uint32, torch.uint64, torch.complex32, torch.float8_e4m3fn, torch.float8_e5m2,
    torch.float8_e4m3fnuz, torch.float8_e5m2fnuz, torch.float8_e8m0fnu)}, **LEGACY)

# Parameters, tied weights, buffers, attributes.
module = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4), torch.nn.Linear(4, 3))
module[2].weight = torch.nn.Parameter(module[0].weight.t().contiguous())
parameters = dict(module.state_dict(keep_vars=True))
parameters["tied"] = parameters["0.weight"]
parameters["with_attribute"] = torch.nn.Parameter(torch.randn(2, 2))
parameters["with_attribute"].kind = "extra"
write("parameters.pt", parameters)
write("parameters.legacy.pt", parameters, **LEGACY)
write("state_dict.pt", module.state_dict())
for protocol in (3, 4, 5):
    write(f"protocol{protocol}.pt", module.state_dict(), pickle_protocol=protocol)

# Sections of training checkpoints.
small = collections.OrderedDict(a=torch.randn(2, 3), b=torch.randn(3))
average = {k: v + 1 for k, v in small.items()}
optimizer = torch.optim.AdamW(module.parameters())
module(torch.randn(8, 3)).sum().backward()
optimizer.step()
training = {
    "epoch": 3, "global_step": numpy.int64(17), "best": numpy.float64(0.25), "state_dict": small, "ema": average,
    "optimizer": optimizer.state_dict(), "hyper_parameters": {"lr": 1e-4, "betas": (0.9, 0.95)},
}
write("training.pt", training, small, notes=["weights taken from state_dict", "name the section ema", "ignored: epoch"])
write("training.pt", None, average, section="ema", notes=["weights taken from ema"])
write("training.pt", None, refused="there is no section", section="emma")
write("training.legacy.pt", training, small, notes=["weights taken from state_dict"], **LEGACY)
for key in ("model", "module", "model_state_dict", "ema", "net"):
    write(f"section_{key}.pt", {key: small, "epoch": 1}, small, notes=[f"weights taken from {key}"])
write("section_decay.pt", {"ema": {0.9998: small}}, small, notes=["weights taken from ema.0.9998"])
write("section_nested.pt", {"model": {"state_dict": small}}, small, notes=["weights taken from model.state_dict"])
write("section_parts.pt", {"encoder": small, "decoder": average, "step": 4},
      {f"{part}.{k}": v for part, d in (("encoder", small), ("decoder", average)) for k, v in d.items()})

# What trainers store beside the weights: read as values without meaning.
extras = {
    "state_dict": small, "args": argparse.Namespace(lr=1e-4, layers=[1, 2]), "when": datetime.datetime(2026, 1, 2, 3, 4),
    "took": datetime.timedelta(hours=3), "where": pathlib.PurePosixPath("/data/run"), "losses": collections.deque([1.0, 0.5], 8),
    "counts": collections.Counter("abca"), "by_epoch": collections.defaultdict(list, {1: [2.0]}),
    "array": numpy.arange(6, dtype=numpy.float32).reshape(2, 3), "text": numpy.str_("x"), "flags": {1, 2}, "frozen": frozenset("ab"),
    "numpy_state": numpy.random.RandomState(3).get_state(), "python_state": random.Random(3).getstate(),
    "torch_state": torch.get_rng_state(), "device": torch.device("cuda:1"), "dtype": torch.bfloat16, "size": torch.Size([1, 2]),
    "complex": 1 + 2j, "bytes": b"abc", "bytearray": bytearray(b"abc"), "large": 1 << 70, "negative": -(1 << 40), "none": None,
    "layout": torch.strided, "dtype_numpy": numpy.dtype("f4"),
}
for protocol in (2, 3, 4, 5):
    write(f"extras_protocol{protocol}.pt", extras, small, notes=["weights taken from state_dict"], pickle_protocol=protocol)

# Prefixes.
autoencoder = {"encoder.w": torch.randn(2), "decoder.w": torch.randn(3)}
for file, prefix in (("module", "module."), ("compiled", "_orig_mod."), ("both", "module._orig_mod."),
                     ("model", "model."), ("deep", "model.autoencoder.")):
    write(f"prefix_{file}.pt", {prefix + k: v for k, v in autoencoder.items()}, autoencoder,
          notes=[f'the prefix "{prefix}"'])
save_file({"module." + k: v for k, v in autoencoder.items()}, HERE / "prefix_module.safetensors")
write("prefix_module.safetensors", None, autoencoder, notes=['the prefix "module."'])
save_file({"model.layers.0.w": torch.ones(2), "model.norm.w": torch.ones(2)}, HERE / "prefix_other.safetensors")
write("prefix_other.safetensors", None, {"model.layers.0.w": torch.ones(2), "model.norm.w": torch.ones(2)})
write("prefix_some.pt", {"module.a": torch.ones(2), "b": torch.ones(3)})

# Refused by name.
write("whole_model.pt", module, refused="torch.nn.modules.container.Sequential")
write("whole_model.legacy.pt", module, refused="torch.nn.")
torch.save(module, HERE / "whole_model.legacy.pt", **LEGACY)
torch.jit.script(torch.nn.Linear(2, 2)).save(str(HERE / "torchscript.pt"))
write("torchscript.pt", None, refused="TorchScript")
write("sparse.pt", {"w": torch.eye(3).to_sparse()}, refused="sparse")
write("quantized.pt", {"w": torch.quantize_per_tensor(torch.randn(4), 0.1, 0, torch.qint8)}, refused="quantized")
write("conjugated.pt", {"w": torch.randn(3, dtype=torch.complex64).conj()}, refused="resolve_conj")
write("negated.pt", {"w": torch.randn(3, dtype=torch.complex64).conj().imag}, refused="resolve_neg")
write("meta.pt", {"w": torch.empty(3, device="meta")}, refused="meta")
write("list.pt", [torch.ones(2)], refused="a list")
write("unsafe.pt", {"w": torch.ones(2), "x": pathlib.Path, "f": print}, refused="__builtin__.print is not an allowed name")

# Big-endian: what torch writes on such a machine, made by swapping here.
big = {"f": torch.randn(3, 5), "h": torch.randn(4).half(), "l": torch.arange(6).reshape(2, 3).t(), "b": torch.arange(4, dtype=torch.uint8),
       "c": torch.randn(3, dtype=torch.complex64)}
buffer = io.BytesIO()
torch.save(big, buffer)
with zipfile.ZipFile(buffer) as source, zipfile.ZipFile(HERE / "big_endian.pt", "w") as target:
    order = list(big)
    for name in source.namelist():
        data = source.read(name)
        if name.endswith("/byteorder"):
            data = b"big"
        elif "/data/" in name:
            dtype = big[order[int(name.rsplit("/", 1)[1])]].dtype
            width = 4 if dtype == torch.complex64 else dtype.itemsize
            data = numpy.frombuffer(data, f"<u{width}").byteswap().tobytes()
        target.writestr(zipfile.ZipInfo(name), data)
write("big_endian.pt", None, big)

# The tar format of torch 0.1: storages, a view of one, and tensors over both.
table = torch.arange(24, dtype=torch.float32)
FLOATS = torch.FloatStorage


def pickled(value):
    return pickle.dumps(value, protocol=2)


storages = pickled(1) + pickled((100, "cpu", FLOATS)) + struct.pack("<q", 24) + table.numpy().tobytes()
storages += pickled([(101, 100, 4, 12)])


def record(key, storage, size, stride, offset):
    head = pickled((key, storage, torch.FloatTensor)) + struct.pack("<i4x", len(size))
    return head + struct.pack(f"<{len(size)}q", *size) + struct.pack(f"<{len(stride)}q", *stride) + struct.pack("<q", offset)


tensors = pickled(3) + record(1, 100, (4, 6), (6, 1), 0) + record(2, 101, (3, 2), (1, 3), 2) + record(3, 100, (6, 4), (1, 6), 0)


class Numbered(pickle.Pickler):
    def persistent_id(self, value):
        return str(value[1]) if isinstance(value, tuple) and value[:1] == ("tensor",) else None


body = io.BytesIO()
Numbered(body, protocol=2).dump(collections.OrderedDict(a=("tensor", 1), b=("tensor", 2), c=("tensor", 3)))
with tarfile.open(HERE / "tar.pt", "w", format=tarfile.PAX_FORMAT) as archive:
    for name, data in (("sys_info", pickled({"protocol_version": 1000})), ("pickle", body.getvalue()),
                       ("storages", storages), ("tensors", tensors)):
        info = tarfile.TarInfo(name)
        info.size, info.mtime = len(data), 1480000000.5
        archive.addfile(info, io.BytesIO(data))
write("tar.pt", None, {"a": table.reshape(4, 6), "b": table[4:16][2:].as_strided((3, 2), (1, 3)), "c": table.reshape(4, 6).t()})

# Distributed checkpoints: a state dict whose names have dots, and one with a dict in it and a tensor beside that.
for name, state in (("dcp_flat", {"model.diffusion.a": torch.arange(3.), "vae.b": torch.arange(4.), "model.step": 3}),
                    ("dcp_nested", {"model": {"diffusion.a": torch.arange(3.)}, "vae.b": torch.arange(4.)})):
    torch.distributed.checkpoint.save(state, checkpoint_id=HERE / name)

(HERE / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")
