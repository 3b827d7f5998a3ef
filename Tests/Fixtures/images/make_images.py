#!/usr/bin/env python3
"""Makes the pictures and arrays in this folder, and expected.txt, which says what must be read from them.

  make_images.py            (needs Pillow, numpy and libturbojpeg.so.0)

Expected values come from Pillow, or from numpy where Pillow loses precision (16-bit colour). Lines of expected.txt:
  read FILE WIDTH HEIGHT BITS HASH                     the picture on white, turned as EXIF says
  resize FILTER WIDTH HEIGHT HASH                      Image.resize of rgb8.png
  resize16 FILTER WIDTH HEIGHT HASH                    each channel of rgb16.png in mode F, rounded once
  square SIDE HASH                                     torchvision's Resize(SIDE, BICUBIC) and CenterCrop(SIDE) of rgb8.png
  planes BITS HASH                                     float32 of every sample value, as torchvision computes them
  quality A B MSE MEAN MAX PSNR SSIM                   two pictures compared
  array FILE SHAPE VALUES...                           an array in C order
A hash is FNV-1a, 64 bits, of the samples in row order (16-bit ones as little-endian bytes).
"""
import ctypes, io, os, struct, zlib
import numpy as np
from PIL import Image, ImageOps

os.chdir(os.path.dirname(os.path.abspath(__file__)))
expected = []


def fnv(data):
    value = 0xCBF29CE484222325
    for byte in bytes(data):
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return f"{value:016x}"


def picture(width, height, seed):
    """Smooth areas, an edge and noise: something for every filter and predictor to get wrong."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    base = np.stack([x / width, y / height, (x + y) / (width + height)], axis=-1)
    base[(x - width / 2) ** 2 + (y - height / 2) ** 2 < (height / 3) ** 2] *= 0.3
    return np.clip(base + random.normal(0, 0.05, base.shape), 0, 1)


# PNG, written here because Pillow cannot write all of it.
ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def scanlines(samples, depth):
    """Rows of unfiltered or up-filtered bytes of samples [H, W, C]."""
    previous, out = None, b""
    for row in samples:
        flat = row.reshape(-1)
        if depth == 16:
            line = np.frombuffer(flat.astype(">u2").tobytes(), np.uint8)
        elif depth == 8:
            line = flat.astype(np.uint8)
        else:
            bits = ((flat[:, None] >> np.arange(depth - 1, -1, -1)) & 1).astype(np.uint8)
            line = np.packbits(bits.reshape(-1))
        if previous is None:
            out += b"\0" + line.tobytes()
        else:
            out += b"\2" + (line - previous).astype(np.uint8).tobytes()
        previous = line
    return out


def write_png(name, samples, depth, kind, interlaced=False, extra=[]):
    height, width = samples.shape[:2]
    if interlaced:
        passes = [samples[y0::dy, x0::dx] for x0, y0, dx, dy in ADAM7]
        data = b"".join(scanlines(p, depth) for p in passes if p.shape[0] and p.shape[1])
    else:
        data = scanlines(samples, depth)
    with open(name, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n")
        file.write(chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, int(interlaced))))
        for kind_, data_ in extra:
            file.write(chunk(kind_, data_))
        file.write(chunk(b"IDAT", zlib.compress(data, 9)) + chunk(b"IEND", b""))


def on_white(samples, depth):
    """Samples [H, W, 4] blended with white, rounded to the nearest."""
    top = 2**depth - 1
    colour, alpha = samples[..., :3].astype(np.int64), samples[..., 3:].astype(np.int64)
    return (colour * alpha + top * (top - alpha) + top // 2) // top


def expect(name, samples, bits=8):
    raw = np.ascontiguousarray(samples).astype("<u2" if bits == 16 else np.uint8).tobytes()
    expected.append(f"read {name} {samples.shape[1]} {samples.shape[0]} {bits} {fnv(raw)}")


def expect_from_pillow(name):
    image = ImageOps.exif_transpose(Image.open(name))
    if image.mode in ("RGBA", "LA", "P", "PA"):
        image = image.convert("RGBA")
        image = Image.composite(image.convert("RGB"), Image.new("RGB", image.size, "white"), image.getchannel("A"))
    expect(name, np.asarray(image.convert("RGB")))


rgb = picture(37, 29, 1)
grey = rgb.mean(axis=-1, keepdims=True)
alpha = np.linspace(0, 1, 37 * 29).reshape(29, 37, 1)
rgba, la = np.concatenate([rgb, alpha], -1), np.concatenate([grey, alpha], -1)
bytes_ = lambda x: np.round(x * 255).astype(np.int64)
words = lambda x: np.round(x * 65535).astype(np.int64)
exif = lambda orientation, order=">": (
    (b"MM" if order == ">" else b"II") + struct.pack(order + "HIHHHIHHI", 42, 8, 1, 0x112, 3, 1, orientation, 0, 0))

for depth in (1, 2, 4):
    samples = np.round(grey * (2**depth - 1)).astype(np.int64)
    write_png(f"grey{depth}.png", samples, depth, 0)
    expect(f"grey{depth}.png", np.repeat(samples * (255 // (2**depth - 1)), 3, -1))
write_png("grey8.png", bytes_(grey), 8, 0)
expect_from_pillow("grey8.png")
write_png("grey16.png", words(grey), 16, 0, extra=[(b"gAMA", struct.pack(">I", 100000))])
expect("grey16.png", np.repeat(words(grey), 3, -1), 16)
write_png("rgb8.png", bytes_(rgb), 8, 2)
expect_from_pillow("rgb8.png")
write_png("rgb8-gamma.png", bytes_(rgb), 8, 2, extra=[(b"gAMA", struct.pack(">I", 100000))])
expect("rgb8-gamma.png", bytes_(rgb))
write_png("rgb16.png", words(rgb), 16, 2)
expect("rgb16.png", words(rgb), 16)
write_png("rgba8.png", bytes_(rgba), 8, 6)
expect_from_pillow("rgba8.png")
write_png("rgba16.png", words(rgba), 16, 6)
expect("rgba16.png", on_white(words(rgba), 16), 16)
write_png("la8.png", bytes_(la), 8, 4)
expect_from_pillow("la8.png")
write_png("la16.png", words(la), 16, 4)
expect("la16.png", on_white(words(la)[..., [0, 0, 0, 1]], 16), 16)
indices = np.round(grey * 15).astype(np.int64)
palette = bytes_(picture(16, 1, 2))[0]
write_png("palette4.png", indices, 4, 3,
          extra=[(b"PLTE", palette.astype(np.uint8).tobytes()), (b"tRNS", bytes([0, 100, 200]))])
expect_from_pillow("palette4.png")
key = bytes_(rgb)[10, 20]
write_png("key8.png", bytes_(rgb), 8, 2, extra=[(b"tRNS", struct.pack(">HHH", *key))])
opacity = np.any(bytes_(rgb) != key, axis=-1, keepdims=True) * 255
expect("key8.png", on_white(np.concatenate([bytes_(rgb), opacity], -1), 8))
key = words(grey)[5, 7]
write_png("key16.png", words(grey), 16, 0, extra=[(b"tRNS", struct.pack(">H", *key))])
opacity = (words(grey) != key) * 65535
expect("key16.png", on_white(np.concatenate([words(grey)] * 3 + [opacity], -1), 16), 16)
write_png("interlaced8.png", bytes_(rgb), 8, 2, interlaced=True)
expect_from_pillow("interlaced8.png")
write_png("interlaced16.png", words(rgba), 16, 6, interlaced=True)
expect("interlaced16.png", on_white(words(rgba), 16), 16)
write_png("turned.png", bytes_(rgb), 8, 2, extra=[(b"eXIf", exif(6))])
expect_from_pillow("turned.png")
write_png("dot.png", bytes_(rgb)[:1, :1], 8, 2)
expect_from_pillow("dot.png")

# JPEG
image = Image.fromarray(bytes_(rgb).astype(np.uint8))
jpegs = {"420.jpg": dict(subsampling=2), "422.jpg": dict(subsampling=1), "444.jpg": dict(subsampling=0),
         "progressive.jpg": dict(progressive=True)}
for name, options in jpegs.items():
    image.save(name, quality=90, **options)
    expect_from_pillow(name)
image.convert("L").save("grey.jpg", quality=90)
expect_from_pillow("grey.jpg")
image.convert("CMYK").save("cmyk.jpg", quality=90)
expect_from_pillow("cmyk.jpg")
for orientation in range(1, 9):
    name = f"orientation{orientation}.jpg"
    image.save(name, quality=80, exif=b"Exif\0\0" + exif(orientation, "<" if orientation % 2 else ">"))
    expect_from_pillow(name)
# TurboJPEG writes inks as YCCK.
turbo = ctypes.CDLL("libturbojpeg.so.0")
turbo.tjInitCompress.restype = ctypes.c_void_p
inks = 255 - np.asarray(image.convert("CMYK"))
target, size = ctypes.c_void_p(), ctypes.c_ulong()
assert turbo.tjCompress2(ctypes.c_void_p(turbo.tjInitCompress()), inks.tobytes(), 37, 0, 29, 11, ctypes.byref(target),
                         ctypes.byref(size), 0, 90, 0) == 0
open("ycck.jpg", "wb").write(ctypes.string_at(target.value, size.value))
expect_from_pillow("ycck.jpg")

# WebP
image.save("lossy.webp", quality=80)
image.save("lossless.webp", lossless=True)
transparent = Image.fromarray(bytes_(rgba).astype(np.uint8))
transparent.save("alpha-lossless.webp", lossless=True)
transparent.save("alpha-lossy.webp", quality=80)
image.save("turned.webp", lossless=True, exif=exif(8))
for name in ("lossy.webp", "lossless.webp", "alpha-lossless.webp", "alpha-lossy.webp", "turned.webp"):
    expect_from_pillow(name)
image.save("animated.webp", save_all=True, append_images=[ImageOps.mirror(image)], duration=100)

# Resampling
for name, filter in (("bicubic", Image.Resampling.BICUBIC), ("lanczos", Image.Resampling.LANCZOS)):
    for size in ((16, 16), (37, 10), (64, 29), (111, 70), (5, 3), (1, 1), (36, 30)):
        resized = image.resize(size, filter)
        expected.append(f"resize {name} {size[0]} {size[1]} {fnv(np.asarray(resized).tobytes())}")
        channels = [Image.fromarray(words(rgb)[..., c].astype(np.float32)).resize(size, filter) for c in range(3)]
        wide = np.clip(np.floor(np.stack([np.asarray(c) for c in channels], -1) + np.float32(0.5)), 0, 65535)
        expected.append(f"resize16 {name} {size[0]} {size[1]} {fnv(np.ascontiguousarray(wide.astype('<u2')).tobytes())}")
for side in (8, 16, 21, 32, 50):
    width, height = image.size
    short, long = min(width, height), max(width, height)
    longer = int(side * long / short)  # torchvision/transforms/functional.py, _compute_resized_output_size
    size = (longer, side) if width > height else (side, longer)
    resized = image.resize(size, Image.Resampling.BICUBIC)
    left, top = int(round((size[0] - side) / 2.0)), int(round((size[1] - side) / 2.0))  # center_crop
    expected.append(f"square {side} {fnv(np.asarray(resized.crop((left, top, left + side, top + side))).tobytes())}")

# Samples as the network takes them
one, half = np.float32(1), np.float32(0.5)
for bits in (8, 16):
    value = np.arange(2**bits).astype(np.float32) / np.float32(2**bits - 1)
    expected.append(f"planes {bits} {fnv(((value - half) / half).astype('<f4').tobytes())}")


# Quality
def ssim(a, b):
    """StructuralSimilarityIndexMeasure(data_range=255) of torchmetrics since 1.5, in float64."""
    distance = np.arange(-5, 6)
    window = np.exp(-((distance / 1.5) ** 2) / 2)
    window /= window.sum()

    def blur(x):
        x = np.pad(x, ((5, 5), (5, 5), (0, 0)), mode="reflect")
        x = np.apply_along_axis(lambda v: np.convolve(v, window, "valid"), 0, x)
        return np.apply_along_axis(lambda v: np.convolve(v, window, "valid"), 1, x)

    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    a, b = a.astype(np.float64), b.astype(np.float64)
    ma, mb = blur(a), blur(b)
    va, vb, cov = blur(a * a) - ma * ma, blur(b * b) - mb * mb, blur(a * b) - ma * mb
    return np.mean((2 * ma * mb + c1) * (2 * cov + c2) / ((ma * ma + mb * mb + c1) * (va + vb + c2)))


for a, b in (("rgb8.png", "420.jpg"), ("rgb8.png", "lossy.webp"), ("rgb8.png", "grey8.png"), ("rgb8.png", "lossless.webp")):
    x, y = (np.asarray(Image.open(name).convert("RGB")).astype(np.int64) for name in (a, b))
    mse, mean = ((x - y) ** 2).mean(), np.abs(x - y).mean()
    psnr = 10 * np.log10(255**2 / mse) if mse else float("inf")
    expected.append(f"quality {a} {b} {mse!r} {mean!r} {np.abs(x - y).max()} {psnr!r} {ssim(x, y)!r}".replace("np.float64(", "").replace(")", ""))

# Arrays
values = np.array([0, 1, -2.5, 65504, 6e-8, 2**-24, np.inf, -np.inf, 0.1, 1e-5, -0.0, 3], np.float64).reshape(2, 2, 3)
arrays = {
    "f4.npy": values.astype("<f4"), "f8.npy": values, "f2.npy": values.astype("<f2"), "big.npy": values.astype(">f4"),
    "big-f2.npy": values.astype(">f2"), "fortran.npy": np.asfortranarray(values.astype("<f4")),
    "scalar.npy": np.float32(1.5), "vector.npy": np.arange(3, dtype="<f4"), "empty.npy": np.zeros((0, 3, 2), "<f4"),
    "image.npy": np.arange(24, dtype="<f4").reshape(1, 3, 2, 4),
}
for name, array in arrays.items():
    np.save(name, array)
with open("version2.npy", "wb") as file:
    np.lib.format.write_array(file, arrays["f4.npy"], version=(2, 0))
arrays["version2.npy"] = arrays["f4.npy"]
for name, array in arrays.items():
    shape = ",".join(map(str, np.shape(array))) or "-"
    bits = [f"{v:08x}" for v in np.ascontiguousarray(array).astype("<f4").reshape(-1).view("<u4")]
    expected.append(" ".join(["array", name, shape] + bits))
np.save("int.npy", np.arange(3))
np.save("huge.npy", np.array([1.0, 1e300]))

open("expected.txt", "w").write("\n".join(expected) + "\n")
