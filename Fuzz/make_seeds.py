"""Fills Fuzz/seeds from the fixtures: small inputs of each kind, good ones and bad ones, at most 64 KB each."""
import json
import pathlib
import struct
import zipfile

here = pathlib.Path(__file__).parent
fixtures = here.parent / "Tests" / "Fixtures"
seeds = here / "seeds"
manifest = json.loads((fixtures / "bad" / "manifest.json").read_text())
limit = 8192


def put(target, name, data):
    folder = seeds / target
    folder.mkdir(parents=True, exist_ok=True)
    if 0 < len(data) <= limit:
        (folder / name).write_bytes(data)


taken = {}
for entry in manifest:
    path = fixtures / "bad" / entry["open"]
    if not path.is_file() or "prepare" in entry:
        continue
    kind, category = entry["kind"], entry["category"]
    # A few of each fault, all that are accepted.
    taken[kind, category] = taken.get((kind, category), 0) + 1
    if entry["ours"] != "accept" and taken[kind, category] > 3:
        continue
    data = path.read_bytes()
    name = entry["file"].replace("/", "_")
    if kind == "safetensors" and len(data) > 8:
        length = struct.unpack("<Q", data[:8])[0]
        put("safetensors", name, data[8:8 + min(length, len(data))])
    elif kind == "torch-zip":
        put("zip", name, data)
        try:
            with zipfile.ZipFile(path) as archive:
                put("pickle", name, b"\0" + next(archive.read(n) for n in archive.namelist() if n.endswith("data.pkl")))
        except Exception:
            pass
    elif kind == "torch-legacy":
        put("legacy", name, data)
    elif kind == "pickle":
        put("pickle", name, b"\0" + data)
    elif kind == "zstd":
        put("zstd", name, data)
    elif kind == "sharded":
        put("index", name + ".json", data)
    elif kind == "config":
        put("config", name, data)
for path in sorted((fixtures / "torch").glob("*.pt")):
    data = path.read_bytes()
    put("legacy" if "legacy" in path.name or path.name == "tar.pt" else "zip", path.name, data)
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                if name.endswith("data.pkl"):
                    put("pickle", path.name, b"\0" + archive.read(name))
root = here.parent
for path in sorted((root / "Registry").glob("*.json")):
    config = root / "Configs" / path.stem / "config.json"
    entry = json.loads(path.read_text())
    entry["name"] = "x"
    put("registry", path.name, json.dumps(entry).encode() + b"\n-\n" + config.read_bytes())
    put("config", path.name, config.read_bytes())

# Trees, arrays, latents, pictures, indexes of distributed checkpoints.
for path in sorted((seeds / "safetensors").glob("*"))[:40]:
    put("tree", path.name, path.read_bytes())
header = {name: {"dtype": "U8", "shape": [1], "data_offsets": [place, place + 1]}
          for place, name in enumerate(["m.9.a", "m.10", "m.1x", "m.9.b", "a", "a.b", "a.", ".", "", "1.01", "1.1"])}
put("tree", "order", json.dumps(header).encode())
for path in sorted((fixtures / "images").glob("*.npy")) + sorted((fixtures / "reports" / "33-latents").glob("*.npy")):
    put("npy", path.name, path.read_bytes())
for path in sorted((fixtures / "reports" / "33-latents").glob("*")):
    put("latent", path.name, path.read_bytes())
# What `dcae encode` notes of a latent.
picture = {"size": [93, 70], "network_size": [96, 96], "content": [0, 0, 93, 70], "fit": "pad"}
for name, normalization in (("note", {"scaling_factor": 0.41407}),
                            ("note_means", {"latents_mean": [0.5] * 8, "latents_std": [1, 2] * 4})):
    metadata = {"format": "pt", "dcae.model": "sana", "dcae.compression": "32", "dcae.channels": "8",
                "dcae.scaled": "true", "dcae.normalization": json.dumps(normalization),
                "dcae.pictures": json.dumps([picture, None])}
    tensor = {"dtype": "F32", "shape": [2, 8, 1, 1], "data_offsets": [0, 64]}
    header = json.dumps({"__metadata__": metadata, "latent": tensor}).encode()
    header += b" " * (-len(header) % 8)
    put("latent", name + ".safetensors", len(header).to_bytes(8, "little") + header + bytes(64))
for path in sorted((fixtures / "images").glob("*")):
    if path.suffix in (".png", ".jpg", ".webp"):
        put("image", path.name, path.read_bytes())
        put("exif", path.name, path.read_bytes()[:2048])
index = fixtures / "reports" / "17-dcp" / "step_100" / ".metadata"
(seeds / "distributed").mkdir(exist_ok=True)
(seeds / "distributed" / "metadata").write_bytes(index.read_bytes())
for number, head in enumerate([b"\2\3\4\5\6\0\1\4\24\0\0\2\0\0\7\0", b"\0\2\11\11\0\0\1\11\0\0\0\0\0\3\7\0",
                               b"\1\2\7\11\0\0\3\1\0\0\1\1\1\3\7\0"]):
    put("gather", f"strides{number}", head + bytes(range(256)) * 16)
