#!/usr/bin/env python3
"""What torchmetrics, lpips, pytorch-fid, scipy and Pillow say, for Tests/PerceptionTests and ImagesTests.

  make.py            writes expected.json, crops.txt and compressed.npz here
  make.py --crops    writes crops.txt alone
  make.py --archives writes compressed.npz alone
  make.py --time     times pytorch-fid's Inception at 299 on two threads, for docs/performance.md

Weights are made by a formula (`seeded`) that Tests/TestSupport/SeededWeights.swift has too. Needs torch, torchvision,
pytorch-fid 0.3.0, lpips 0.1.4, torchmetrics 1.9.0, scipy, numpy and Pillow 13 (whose order of passes the crop follows).
"""
import json, math, os, sys, time
import numpy as np
import torch
from PIL import Image

here = os.path.dirname(os.path.abspath(__file__))


def stream(name, count):
    seed = 0xCBF29CE484222325
    for byte in name.encode():
        seed = ((seed ^ byte) * 0x100000001B3) & (2**64 - 1)
    with np.errstate(over="ignore"):
        x = np.uint64(seed) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        x ^= x >> np.uint64(31)
    return (x >> np.uint64(40)).astype(np.float32) / np.float32(16777216)


def seeded(name, shape):
    unit = stream(name, math.prod(shape))
    one, two = np.float32(1), np.float32(2)
    if name.startswith("lin"):
        values = unit
    elif len(shape) == 4:
        values = (two * unit - one) * np.float32(math.sqrt(6 / math.prod(shape[1:])))
    elif name.endswith("bn.weight") or name.endswith("running_var"):
        values = one + np.float32(0.25) * (two * unit - one)
    else:
        values = np.float32(0.1) * (two * unit - one)
    return torch.from_numpy(values.reshape(shape))


def fill(module):
    state = module.state_dict()
    for name, value in state.items():
        if value.is_floating_point():
            state[name] = seeded(name, tuple(value.shape))
    module.load_state_dict(state)
    return module.eval()


def inception():
    import pytorch_fid.inception as source
    holder = {}
    def keep(*_, **__):
        # The state that the constructor is about to load.
        return holder["net"].state_dict()
    plain = source._inception_v3
    def build(*args, **kwargs):
        holder["net"] = plain(*args, **kwargs)
        return holder["net"]
    source._inception_v3, source.load_state_dict_from_url = build, keep
    # Called with the patched blocks in place, so that loading changes nothing.
    network = source.InceptionV3.__new__(source.InceptionV3)
    network.__init__([3])
    fill(holder["net"])
    return network.eval()


def picture(width, height, seed, noise=0):
    """A smooth picture with some edges, in integers alone."""
    y, x = np.mgrid[0:height, 0:width].astype(np.int64)
    planes = []
    for c in range(3):
        wave = (x * (3 + c) * 255 // width + y * (5 - c) * 255 // height + (x * y) * (seed + 7) // (width + height)) % 512
        plane = np.where(wave < 256, wave, 511 - wave)
        box = ((x // max(1, width // 5) + y // max(1, height // 7) + c) % 3 == 0) * 40
        plane = np.clip(plane + box - 20, 0, 255)
        if noise:
            shake = (stream(f"noise{seed}{c}", width * height).reshape(height, width) * (2 * noise + 1)).astype(np.int64)
            plane = np.clip(plane + shake - noise, 0, 255)
        planes.append(plane)
    return np.stack(planes, -1).astype(np.uint8)


def cubic(x):
    x = abs(x)
    return ((1.5 * x - 2.5) * x * x + 1) if x < 1 else (((x - 5) * x + 8) * x - 4) * -0.5 if x < 2 else 0.0


def box(x):
    return 1.0 if -0.5 < x <= 0.5 else 0.0


def along(values, new, support, weigh):
    """One pass of Pillow's Resample.c over the first axis of bytes."""
    old = values.shape[0]
    if old == new:
        return values
    scale, result = old / new, np.zeros((new,) + values.shape[1:], np.uint8)
    wide = max(scale, 1.0)
    for index in range(new):
        centre = (index + 0.5) * scale
        low, high = max(0, int(centre - support * wide + 0.5)), min(old, int(centre + support * wide + 0.5))
        weights = [weigh((x - centre + 0.5) / wide) for x in range(low, high)]
        total = sum(weights)
        sums = np.full(values.shape[1:], 1 << 21, np.int64)
        for x, weight in zip(range(low, high), weights):
            fixed = weight / total * (1 << 22)
            sums += values[x].astype(np.int64) * int(fixed - 0.5 if fixed < 0 else fixed + 0.5)
        result[index] = np.clip(sums >> 22, 0, 255)
    return result


def resize_rows_first(image, size, resample):
    """What Pillow before 13 gives: rows first, whatever the shape."""
    support, weigh = (0.5, box) if resample == Image.BOX else (2.0, cubic)
    values = along(np.asarray(image).swapaxes(0, 1), size[0], support, weigh).swapaxes(0, 1)
    return Image.fromarray(np.ascontiguousarray(along(values, size[1], support, weigh)))


def adm(image, side, resize=lambda image, size, resample: image.resize(size, resample=resample)):
    if image.size == (side, side):
        return image
    while min(image.size) >= 2 * side:
        image = resize(image, (image.size[0] // 2, image.size[1] // 2), Image.BOX)
    scale = max(side / image.size[1], side / image.size[0])
    image = resize(image, (round(image.size[0] * scale), round(image.size[1] * scale)), Image.BICUBIC)
    left, top = (image.size[0] - side) // 2, (image.size[1] - side) // 2
    return image.crop((left, top, left + side, top + side))


def fnv(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = ((value ^ byte) * 0x100000001B3) & (2**64 - 1)
    return f"{value:016x}"


def crops():
    """Pictures of random sizes, by the formula of `picture`; each line: W H SIDE SEED, the hash by Pillow 13, that of rows first."""
    rng = np.random.default_rng(61)
    lines = []
    cases = [tuple(int(v) for v in (rng.integers(9, 260), rng.integers(9, 260), rng.integers(4, 97))) for _ in range(30)]
    # Tall ones, for which Pillow 13 takes the columns first.
    cases += [(40, 300, 33), (61, 250, 40), (33, 97, 24), (20, 255, 16), (90, 91, 44), (37, 200, 37)]
    for number, (width, height, side) in enumerate(cases):
        image = Image.fromarray(picture(width, height, number, 30))
        now, before = adm(image, side), adm(image, side, resize_rows_first)
        lines.append(f"{width} {height} {side} {number} {fnv(now.tobytes())} {fnv(before.tobytes())}")
    return lines


def tensors(pair):
    return [torch.from_numpy(p).permute(2, 0, 1)[None] for p in pair]


def main():
    from torchmetrics.functional.image import (
        multiscale_structural_similarity_index_measure as ms_ssim, structural_similarity_index_measure as ssim,
        peak_signal_noise_ratio as psnr)
    from torchmetrics.functional.image.lpips import _LPIPS
    import lpips as original
    from scipy import linalg
    from pytorch_fid.fid_score import calculate_frechet_distance
    torch.set_num_threads(2)
    out = {"quality": []}
    alex = fill(__import__("torchvision").models.alexnet(weights=None))
    metric = _LPIPS(pretrained=False, net="alex", pnet_rand=True)
    theirs = original.LPIPS(net="alex", pretrained=False, pnet_rand=True, verbose=False)
    for net in (metric, theirs):
        # Both cut AlexNet into slices, whose layers keep their numbers.
        for part in (net.net.slice1, net.net.slice2, net.net.slice3, net.net.slice4, net.net.slice5):
            for index, layer in part.named_children():
                for name, parameter in layer.named_parameters():
                    parameter.data = alex.state_dict()[f"features.{index}.{name}"]
        for index, head in enumerate(net.lins):
            conv = [m for m in head.modules() if isinstance(m, torch.nn.Conv2d)][0]
            conv.weight.data = seeded(f"lin{index}.model.1.weight", tuple(conv.weight.shape))
        net.eval()
    network = inception()
    pairs = [(64, 48, 1, 6), (177, 200, 2, 12), (256, 256, 3, 25), (31, 31, 4, 9), (333, 181, 5, 60)]
    rows = []
    with torch.inference_mode():
        for width, height, seed, noise in pairs:
            a, b = picture(width, height, seed), picture(width, height, seed, noise)
            x, y = tensors((a, b))
            entry = {"width": width, "height": height, "seed": seed, "noise": noise, "hash": fnv(b.tobytes())}
            entry["psnr"] = psnr(y.double(), x.double(), data_range=255.0).item()
            entry["ssim"] = ssim(y.double(), x.double(), data_range=(0.0, 255.0)).item()
            entry["ssim_f32"] = ssim(y.float(), x.float(), data_range=(0.0, 255.0)).item()
            if min(width, height) >= 176:
                entry["ms_ssim"] = ms_ssim(y.double(), x.double(), data_range=(0.0, 255.0)).item()
                entry["ms_ssim_f32"] = ms_ssim(y.float(), x.float(), data_range=(0.0, 255.0)).item()
            fx, fy = x.float() / 255, y.float() / 255
            entry["lpips"] = metric(fy, fx, normalize=True).item()
            entry["lpips_original"] = theirs(fy, fx, normalize=True).item()
            features = network(fy)[0][0, :, 0, 0].double()
            entry["features"] = {"sum": features.sum().item(), "squares": features.square().sum().item(),
                                 "some": features[::64].tolist()}
            rows.append(features.numpy())
            out["quality"].append(entry)
    # FID of small feature sets: more pictures than features, and fewer.
    sets = {}
    for name, count in (("full", 120), ("other", 90), ("few", 20)):
        unit = np.stack([stream(f"{name}{i}", 48) for i in range(count)]).astype(np.float64)
        mix = stream("mix", 48 * 48).reshape(48, 48).astype(np.float64) - 0.5
        sets[name] = (unit @ mix).astype(np.float32).astype(np.float64)
    out["fid"] = {}
    for a, b in (("full", "other"), ("full", "full")):
        stats = [(np.mean(sets[n], 0), np.cov(sets[n], rowvar=False)) for n in (a, b)]
        out["fid"][f"{a} {b}"] = float(calculate_frechet_distance(*stats[0], *stats[1]))
    # Fewer pictures than features: the root of a singular product by its eigenvalues, in 60 digits.
    import mpmath
    mpmath.mp.dps = 60
    for a, b in (("full", "few"), ("few", "few2")):
        if b == "few2":
            unit = np.stack([stream(f"few2{i}", 48) for i in range(15)]).astype(np.float64)
            sets[b] = (unit @ mix).astype(np.float32).astype(np.float64)
        s = [np.cov(sets[n], rowvar=False) for n in (a, b)]
        m = [np.mean(sets[n], 0) for n in (a, b)]
        factor = [(sets[n] - sets[n].mean(0)) / math.sqrt(len(sets[n]) - 1) for n in (a, b)]
        singular = mpmath.svd_r(mpmath.matrix((factor[1] @ factor[0].T).tolist()), compute_uv=False)
        d = m[0] - m[1]
        out["fid"][f"{a} {b}"] = float(mpmath.mpf(d @ d + np.trace(s[0]) + np.trace(s[1])) - 2 * sum(singular))
    with open(os.path.join(here, "expected.json"), "w") as file:
        json.dump(out, file, indent=1)
        file.write("\n")


def write_crops():
    with open(os.path.join(here, "crops.txt"), "w") as file:
        file.write("\n".join(crops()) + "\n")


def archives():
    """What `numpy.savez_compressed` writes, with every kind of block: fixed codes, codes of their own, and stored bytes."""
    np.savez_compressed(
        os.path.join(here, "compressed.npz"), zeros=np.zeros(20000), counts=np.arange(3000.0) % 97, few=np.array([1.5, -2.0]),
        noise=(stream("noise", 4000) * 256).astype(np.uint8), wave=stream("wave", 600))


def measure():
    torch.set_num_threads(2)
    network = inception()
    batch = torch.rand(8, 3, 299, 299)
    with torch.inference_mode():
        network(batch)
        times = []
        for _ in range(5):
            start = time.perf_counter()
            network(batch)
            times.append((time.perf_counter() - start) / len(batch))
    print(f"pytorch-fid: {sorted(times)[2] * 1000:.1f} ms a picture, batches of {len(batch)}, {torch.get_num_threads()} threads")


if "--time" in sys.argv:
    measure()
elif "--crops" in sys.argv:
    write_crops()
elif "--archives" in sys.argv:
    archives()
else:
    main()
    write_crops()
    archives()
