#!/usr/bin/env python3
"""Compares dcae's latents and samples with those of PyTorch in float32, at full size with seeded weights.

  compare_with_torch.py [VARIANT ...] [--sizes 256,512] [--dcae PATH] [--model DIR] [--precision f32|bf16]
                        [--channels 16,32,64] [--original DIR]

For each variant (by default sana-1.0, f32c32-mix, lite and f64c128-mix) a checkpoint is synthesized, run by diffusers and
by dcae on the same image and the same latent, and one line is printed for each size: the largest difference over the
largest value, and the relative RMS error, of latent and sample. Exit code 1 if any is beyond 1e-4 or 2e-5; with
--precision bf16, if any relative RMS error is beyond that of PyTorch in bf16, which has a line of its own.
--channels compares latents of their first channels alone too, of networks that have no shortcut there (DC-AE 1.5).
--original runs the network of a checkout of DC-Gen instead of that of diffusers, from the same weights in its own layout,
and its own encode(image, latent_channels=K); without it, K channels are the arithmetic of that on diffusers' layers.
Needs Benchmarks/peers/requirements.txt, and omegaconf for --original.
"""
import argparse, json, os, subprocess, sys, tempfile
import torch
from diffusers import AutoencoderDC
from safetensors.torch import load_file, save_file

MOST, RMS = 1e-4, 2e-5
root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class Diffusers:
    """The network of diffusers; of fewer channels, its last and first convolution computed for these alone."""

    def __init__(self, folder):
        self.net = AutoencoderDC.from_pretrained(folder, torch_dtype=torch.float32).eval()

    def encode(self, image, channels=None):
        if channels is None:
            return self.net.encode(image).latent
        return self.narrowed(self.net.encoder.conv_out, lambda t: t[:channels], lambda: self.net.encode(image).latent)

    def decode(self, latent):
        k = latent.shape[1]
        if k == self.net.config.latent_channels:
            return self.net.decode(latent).sample
        return self.narrowed(self.net.decoder.conv_in, lambda t: t[:, :k] if t.dim() > 1 else t,
                             lambda: self.net.decode(latent).sample)

    def narrowed(self, conv, cut, run):
        whole = [conv.weight, conv.bias]
        conv.weight, conv.bias = [torch.nn.Parameter(cut(p)) for p in whole]
        try:
            return run()
        finally:
            conv.weight, conv.bias = whole


class Original:
    """The network of DC-Gen, by the original layout's names."""

    def __init__(self, variant, file, checkout):
        sys.path.insert(0, checkout)
        from dc_gen.aecore.models import dc_ae
        from dc_gen.models.nn import norm

        def forward(self, x):
            # Its kernel is for GPUs; this is what it computes (triton_rms_norm.py).
            rms = torch.sqrt(torch.square(x.float()).mean(dim=1, keepdim=True) + self.eps)
            return (x.float() / rms * self.weight.view(1, -1, 1, 1) + self.bias.view(1, -1, 1, 1)).to(x.dtype)

        norm.TritonRMSNorm2d.forward = forward
        families = [("f32c128-1.1", dc_ae.dc_ae_f32_1_1), ("f32c128-1.5", dc_ae.dc_ae_f32_1_5),
                    ("f64c128-1.5", dc_ae.dc_ae_f64_1_5), ("f32c32", dc_ae.dc_ae_f32c32),
                    ("f64c128", dc_ae.dc_ae_f64c128), ("f128c512", dc_ae.dc_ae_f128c512)]
        make = next(make for part, make in families if part in variant)
        self.net = dc_ae.DCAE(make(variant, None)).eval()
        self.net.load_state_dict(load_file(file), strict=True)

    def encode(self, image, channels=None):
        return self.net.encode(image) if channels is None else self.net.encode(image, latent_channels=channels)

    def decode(self, latent):
        return self.net.decode(latent)


def errors(found, expected):
    difference = (found.double() - expected.double()).abs()
    return ((difference.max() / expected.abs().max()).item(),
            (difference.square().sum() / expected.double().square().sum()).sqrt().item())


def row(name, size, found, verdict):
    figures = "".join(f"{most:>12.2e}{rms:>12.2e}" for most, rms in found)
    print(f"{name:<28}{size:>6}{figures}   {verdict}", flush=True)


def compare(name, folder, sizes, dcae, work, precision, peer, counts):
    run = lambda *words: subprocess.run([dcae, *words, "--force", "-q"], check=True, stdout=subprocess.DEVNULL)
    path = lambda name: os.path.join(work, name)
    passed = True
    for size in sizes:
        image = torch.rand(1, 3, size, size, generator=torch.Generator().manual_seed(7)) * 2 - 1
        save_file({"image": image}, path("image.safetensors"))
        for count in [None] + counts:
            with torch.inference_mode():
                latent = peer.encode(image, count).contiguous()
                sample = peer.decode(latent).contiguous()
            save_file({"latent": latent}, path("latent.safetensors"))
            words = ["--precision", precision]
            some = [] if count is None else ["--latent-channels", str(count)]
            run("encode", folder, path("image.safetensors"), "-o", path("ours-latent.safetensors"), *words, *some)
            run("decode", folder, path("latent.safetensors"), "-o", path("ours-sample.safetensors"), *words)
            found = [errors(load_file(path("ours-latent.safetensors"))["latent"], latent),
                     errors(load_file(path("ours-sample.safetensors"))["sample"], sample)]
            if count is not None:
                good = all(most <= MOST and rms <= RMS for most, rms in found)
                passed = passed and good
                row(f"  first {count} channels", size, found, "within bounds" if good else "BEYOND BOUNDS")
                continue
            whole = found, latent, sample
            if precision == "f32":
                good = all(most <= MOST and rms <= RMS for most, rms in found)
                passed = passed and good
                row(name, size, found, "within bounds" if good else "BEYOND BOUNDS")
        if precision == "bf16":
            found, latent, sample = whole
            half = peer.net.to(torch.bfloat16)
            with torch.inference_mode():
                theirs = [errors(half.encode(image.bfloat16()).latent, latent),
                          errors(half.decode(latent.bfloat16()).sample, sample)]
            peer = Diffusers(folder)
            row("PyTorch in bf16", size, theirs, "the bound")
            good = all(rms <= bound for (_, rms), (_, bound) in zip(found, theirs))
            passed = passed and good
            row(name, size, found, "within bounds" if good else "BEYOND BOUNDS")
    return passed


p = argparse.ArgumentParser()
p.add_argument("variants", nargs="*")
p.add_argument("--sizes", default="256,512")
p.add_argument("--dcae", default=os.path.join(root, ".build/release/dcae"))
p.add_argument("--model", help="a diffusers folder to run instead of synthesized ones")
p.add_argument("--precision", default="f32", choices=["f32", "bf16"])
p.add_argument("--channels", default="", help="numbers of latent channels, as 16,32,64")
p.add_argument("--original", metavar="DIR", help="a checkout of DC-Gen, whose network is run")
p.add_argument("--threads", type=int, default=os.cpu_count())
a = p.parse_args()
if a.original and (a.model or a.precision == "bf16"):
    p.error("--original goes with neither --model nor --precision bf16")
torch.set_num_threads(a.threads)
sizes = [int(size) for size in a.sizes.split(",")]
counts = [int(count) for count in filter(None, a.channels.split(","))]
print(f"{'':<34}{'latent':>12}{'':>12}{'sample':>12}")
print(f"{'MODEL':<28}{'SIZE':>6}{'max/max':>12}{'rel. RMS':>12}{'max/max':>12}{'rel. RMS':>12}")
passed = True
with tempfile.TemporaryDirectory(prefix="dcae-compare.") as work:
    if a.model:
        name = os.path.basename(os.path.normpath(a.model))
        passed = compare(name, a.model, sizes, a.dcae, work, a.precision, Diffusers(a.model), counts)
    else:
        quiet = dict(check=True, stdout=subprocess.DEVNULL)
        for variant in a.variants or ["sana-1.0", "f32c32-mix-1.0", "lite", "f64c128-mix-1.0"]:
            folder = os.path.join(work, variant)
            layout = "original" if a.original else "diffusers"
            subprocess.run([a.dcae, "synthesize", variant, "--layout", layout, "-o", folder, "-q"], **quiet)
            if a.original:
                shown = subprocess.run([a.dcae, "show", variant, "--json"], check=True, capture_output=True).stdout
                peer = Original(json.loads(shown)["result"]["variant"], os.path.join(folder, "model.safetensors"), a.original)
            else:
                peer = Diffusers(folder)
            passed = compare(variant, folder, sizes, a.dcae, work, a.precision, peer, counts) and passed
            subprocess.run(["rm", "-r", folder], check=True)
sys.exit(0 if passed else 1)
