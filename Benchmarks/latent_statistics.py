#!/usr/bin/env python3
"""The statistics of latents by PyTorch and diffusers in float32, summed up in float64: what `dcae scale` is held against.

  latent_statistics.py MODEL PICTURES --size N              prints them as JSON
  latent_statistics.py MODEL PICTURES --size N --against F  compares with the JSON of `dcae scale --json`; exit code 1
                                                            if any figure differs by more than 1e-5, relatively
  latent_statistics.py --fixtures                           makes Tests/Fixtures/scale from the tiny networks

MODEL is a diffusers folder, PICTURES a folder. Pictures become squares by ADM's crop, with Pillow 13. A mean is compared with the standard deviation rather than with itself, as it may be 0.
Needs Benchmarks/peers/requirements.txt, and Pillow 13.
"""
import argparse, json, os, subprocess, sys
import numpy, torch
from diffusers import AutoencoderDC
from PIL import Image

BOUND = 1e-5
root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def square(path, side):
    picture = Image.open(path).convert("RGB")
    if picture.size != (side, side):
        while min(picture.size) >= 2 * side:
            picture = picture.resize((picture.size[0] // 2, picture.size[1] // 2), Image.BOX)
        scale = max(side / picture.size[0], side / picture.size[1])
        picture = picture.resize((round(picture.size[0] * scale), round(picture.size[1] * scale)), Image.BICUBIC)
    left, top = (picture.size[0] - side) // 2, (picture.size[1] - side) // 2
    values = torch.from_numpy(numpy.array(picture.crop((left, top, left + side, top + side))))
    return (2 * (values.permute(2, 0, 1).float() / 255) - 1)[None]


def statistics(folder, paths, side):
    model = AutoencoderDC.from_pretrained(folder, torch_dtype=torch.float32).eval()
    with torch.inference_mode():
        latents = torch.cat([model.encode(square(path, side)).latent for path in paths]).double()
    rms = latents.square().mean().sqrt()
    channels = latents.transpose(0, 1).flatten(1)
    return {
        "pictures": len(paths), "size": side, "mean": latents.mean().item(), "std": latents.std(correction=0).item(),
        "rms": rms.item(), "scaling_factor": (1 / rms).item(), "min": latents.min().item(), "max": latents.max().item(),
        "latents_mean": channels.mean(1).tolist(), "latents_std": channels.std(1, correction=0).tolist(),
        "latents_min": channels.amin(1).tolist(), "latents_max": channels.amax(1).tolist(),
    }


def largest_difference(found, expected):
    def one(a, b, scale):
        return abs(a - b) / scale
    worst = max(one(found[k], expected[k], abs(expected[k])) for k in ("std", "rms", "scaling_factor", "min", "max"))
    worst = max(worst, one(found["mean"], expected["mean"], expected["std"]))
    for key in ("latents_mean", "latents_std", "latents_min", "latents_max"):
        for a, b, std in zip(found[key], expected[key], expected["latents_std"], strict=True):
            worst = max(worst, one(a, b, abs(b) if key == "latents_std" else max(abs(b), std)))
    return worst


def fixtures(dcae):
    folder = os.path.join(root, "Tests/Fixtures/scale")
    pictures = os.path.join(folder, "pictures")
    os.makedirs(os.path.join(pictures, "below"), exist_ok=True)
    for name, size in [("a", "96x64"), ("below/b", "64x150"), ("c", "131x128"), ("below/d", "70x70")]:
        path = os.path.join(pictures, name + ".png")
        subprocess.run([dcae, "picture", "-o", path, "--size", size, "--force", "-q"], check=True, stdout=subprocess.DEVNULL)
    for family, side in [("sana", 64), ("f32", 64), ("lite", 64), ("f64", 128), ("f128", 256)]:
        found = statistics(os.path.join(root, "Tests/Fixtures/tiny", family, "diffusers"), listing(pictures), side)
        with open(os.path.join(folder, family + ".json"), "w") as file:
            json.dump(found, file, indent=1)
            file.write("\n")


def listing(folder):
    found = [os.path.join(at, name) for at, _, names in os.walk(folder) for name in names
             if name.lower().endswith((".png", ".jpg", ".jpeg", ".webp"))]
    return sorted(found, key=lambda path: os.path.relpath(path, folder).encode())


p = argparse.ArgumentParser()
p.add_argument("model", nargs="?")
p.add_argument("pictures", nargs="?")
p.add_argument("--size", type=int, default=512)
p.add_argument("--against")
p.add_argument("--fixtures", action="store_true")
p.add_argument("--dcae", default=os.path.join(root, ".build/release/dcae"))
p.add_argument("--threads", type=int, default=os.cpu_count())
a = p.parse_args()
torch.set_num_threads(a.threads)
if a.fixtures:
    fixtures(a.dcae)
    sys.exit(0)
if not a.model or not a.pictures:
    p.error("MODEL and PICTURES are needed")
expected = statistics(a.model, listing(a.pictures), a.size)
if not a.against:
    print(json.dumps(expected, indent=1))
    sys.exit(0)
with open(a.against) as file:
    worst = largest_difference(json.load(file)["result"]["measurement"], expected)
print(f"{expected['pictures']} pictures at {a.size}: rms {expected['rms']:.6f}, mean {expected['mean']:.6f}; "
      f"largest relative difference {worst:.2e}: {'within' if worst <= BOUND else 'BEYOND'} {BOUND:.0e}")
sys.exit(0 if worst <= BOUND else 1)
