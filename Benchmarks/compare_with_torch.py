#!/usr/bin/env python3
"""Compares dcae's latents and samples with those of PyTorch in float32, at full size with seeded weights.

  compare_with_torch.py [VARIANT ...] [--sizes 256,512] [--dcae PATH] [--model DIR] [--precision f32|bf16]

For each variant (by default sana-1.0, f32c32-mix, lite and f64c128-mix) a checkpoint is synthesized, run by diffusers and
by dcae on the same image and the same latent, and one line is printed for each size: the largest difference over the
largest value, and the relative RMS error, of latent and sample. Exit code 1 if any is beyond 1e-4 or 2e-5; with
--precision bf16, if any relative RMS error is beyond that of PyTorch in bf16, which has a line of its own.
Needs Benchmarks/peers/requirements.txt.
"""
import argparse, os, subprocess, sys, tempfile
import torch
from diffusers import AutoencoderDC
from safetensors.torch import load_file, save_file

MOST, RMS = 1e-4, 2e-5
root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def errors(found, expected):
    difference = (found.double() - expected.double()).abs()
    return ((difference.max() / expected.abs().max()).item(),
            (difference.square().sum() / expected.double().square().sum()).sqrt().item())


def row(name, size, found, verdict):
    figures = "".join(f"{most:>12.2e}{rms:>12.2e}" for most, rms in found)
    print(f"{name:<28}{size:>6}{figures}   {verdict}", flush=True)


def compare(name, folder, sizes, dcae, work, precision):
    model = AutoencoderDC.from_pretrained(folder, torch_dtype=torch.float32).eval()
    run = lambda *words: subprocess.run([dcae, *words, "--force", "-q"], check=True, stdout=subprocess.DEVNULL)
    path = lambda name: os.path.join(work, name)
    passed = True
    for size in sizes:
        image = torch.rand(1, 3, size, size, generator=torch.Generator().manual_seed(7)) * 2 - 1
        with torch.inference_mode():
            latent = model.encode(image).latent.contiguous()
            sample = model.decode(latent).sample.contiguous()
        save_file({"image": image}, path("image.safetensors"))
        save_file({"latent": latent}, path("latent.safetensors"))
        words = ["--precision", precision]
        run("encode", folder, path("image.safetensors"), "-o", path("ours-latent.safetensors"), *words)
        run("decode", folder, path("latent.safetensors"), "-o", path("ours-sample.safetensors"), *words)
        found = [errors(load_file(path("ours-latent.safetensors"))["latent"], latent),
                 errors(load_file(path("ours-sample.safetensors"))["sample"], sample)]
        bounds = [(MOST, RMS)] * 2
        if precision == "bf16":
            half = model.to(torch.bfloat16)
            with torch.inference_mode():
                theirs = [errors(half.encode(image.bfloat16()).latent, latent),
                          errors(half.decode(latent.bfloat16()).sample, sample)]
            model = AutoencoderDC.from_pretrained(folder, torch_dtype=torch.float32).eval()
            row("PyTorch in bf16", size, theirs, "the bound")
            bounds = [(1, rms) for _, rms in theirs]
        good = all(most <= bound[0] and rms <= bound[1] for (most, rms), bound in zip(found, bounds))
        passed = passed and good
        row(name, size, found, "within bounds" if good else "BEYOND BOUNDS")
    return passed


p = argparse.ArgumentParser()
p.add_argument("variants", nargs="*")
p.add_argument("--sizes", default="256,512")
p.add_argument("--dcae", default=os.path.join(root, ".build/release/dcae"))
p.add_argument("--model", help="a diffusers folder to run instead of synthesized ones")
p.add_argument("--precision", default="f32", choices=["f32", "bf16"])
p.add_argument("--threads", type=int, default=os.cpu_count())
a = p.parse_args()
torch.set_num_threads(a.threads)
sizes = [int(size) for size in a.sizes.split(",")]
print(f"{'':<34}{'latent':>12}{'':>12}{'sample':>12}")
print(f"{'MODEL':<28}{'SIZE':>6}{'max/max':>12}{'rel. RMS':>12}{'max/max':>12}{'rel. RMS':>12}")
passed = True
with tempfile.TemporaryDirectory(prefix="dcae-compare.") as work:
    if a.model:
        passed = compare(os.path.basename(os.path.normpath(a.model)), a.model, sizes, a.dcae, work, a.precision)
    else:
        for variant in a.variants or ["sana-1.0", "f32c32-mix-1.0", "lite", "f64c128-mix-1.0"]:
            folder = os.path.join(work, variant)
            subprocess.run([a.dcae, "synthesize", variant, "--layout", "diffusers", "-o", folder, "-q"], check=True,
                           stdout=subprocess.DEVNULL)
            passed = compare(variant, folder, sizes, a.dcae, work, a.precision) and passed
            subprocess.run(["rm", "-r", folder], check=True)
sys.exit(0 if passed else 1)
