#!/usr/bin/env python3
"""Compares the reference engine with PyTorch in float64, at full size with seeded weights.

  reference_with_torch.py [VARIANT ...] [--dcae PATH] [--picture FILE]

For each variant (by default sana-1.0 and f64c128-1.5) a checkpoint is synthesized, `dcae verify --numerics` runs a picture of
256 pixels through both engines of dcae and saves what they made, and diffusers in float64 runs the same image and latent.
One line for each: the largest difference over the largest value and the relative RMS of the reference engine against
PyTorch, then of the fast engine. Exit code 1 if the reference is beyond 1e-9. Needs Benchmarks/peers/requirements.txt.
"""
import argparse, os, subprocess, sys, tempfile
from safetensors.torch import load_file
from torch_float64 import DoubleNetwork

root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def errors(found, expected):
    difference = (found.double() - expected).abs()
    return (difference.max() / expected.abs().max()).item(), (difference.square().sum() / expected.square().sum()).sqrt().item()


p = argparse.ArgumentParser()
p.add_argument("variants", nargs="*")
p.add_argument("--dcae", default=os.path.join(root, ".build/release/dcae"))
p.add_argument("--picture")
a = p.parse_args()
passed = True
print(f"{'MODEL':<20}{'':>8}{'reference':>12}{'rel. RMS':>12}{'fast':>12}{'rel. RMS':>12}")
with tempfile.TemporaryDirectory(prefix="dcae-reference.") as work:
    for variant in a.variants or ["sana-1.0", "f64c128-1.5"]:
        folder, file = os.path.join(work, variant), os.path.join(work, variant + ".safetensors")
        subprocess.run([a.dcae, "synthesize", variant, "--layout", "diffusers", "-o", folder, "-q"], check=True, stdout=subprocess.DEVNULL)
        subprocess.run([a.dcae, "verify", folder, *([a.picture] if a.picture else []), "--numerics", "--save-tensors", file, "-q"],
                       check=True, stdout=subprocess.DEVNULL)
        ours = load_file(file)
        network = DoubleNetwork(folder)
        for name, expected in [("latent", network.encode(ours["image"])), ("sample", network.decode(ours["latent"]))]:
            reference, fast = errors(ours["reference." + name], expected), errors(ours[name], expected)
            passed = passed and reference[0] <= 1e-9
            print(f"{variant:<20}{name:>8}" + "".join(f"{value:>12.2e}" for value in reference + fast), flush=True)
        subprocess.run(["rm", "-r", folder], check=True)
sys.exit(0 if passed else 1)
