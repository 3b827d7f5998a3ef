#!/usr/bin/env python3
"""Times dcae beside PyTorch and OpenVINO on the same model, in one run, and prints the table that the README quotes.

  forward.py [VARIANT] [--size 512] [--threads 2] [--repeat 3] [--precisions f32,bf16]
             [--peers torch-f32,torch-bf16,openvino-f32,openvino-bf16]

The weights are synthesized. dcae runs first and last, so that a machine that slows down meanwhile shows. Peers run where
this Python has them (Benchmarks/peers/requirements.txt); --peers "" leaves them out. Medians; every program in a process
of its own; dcae's bf16 is left out where the processor cannot multiply it. Memory is the peak of the process, for dcae
with the mapped weights, and its buffers alone.
"""
import argparse, json, os, subprocess, sys, tempfile

root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
p = argparse.ArgumentParser()
p.add_argument("variant", nargs="?", default="sana-1.0")
p.add_argument("--size", type=int, default=512)
p.add_argument("--threads", type=int, default=2)
p.add_argument("--repeat", type=int, default=3)
p.add_argument("--precisions", default="f32,bf16")
p.add_argument("--peers", default="torch-f32,torch-bf16,openvino-f32,openvino-bf16")
p.add_argument("--dcae", default=os.path.join(root, ".build/release/dcae"))
p.add_argument("--model", help="a diffusers folder to run instead of a synthesized one")
a = p.parse_args()
known = ["torch-f32", "torch-bf16", "openvino-f32", "openvino-bf16"]
for peer in filter(None, a.peers.split(",")):
    if peer not in known:
        p.error(f"no such peer: {peer}; known are {', '.join(known)}")


def ours(folder, precision="f32"):
    words = ["bench", folder, "--size", str(a.size), "--threads", str(a.threads), "--repeat", str(a.repeat),
             "--precision", precision, "--json", "-q"]
    found = json.loads(subprocess.run([a.dcae, *words], check=True, capture_output=True, text=True).stdout)["result"]
    coders = {c["name"]: c for c in found["coders"]}
    return {
        "encode_s": coders["encode"]["median_seconds"], "decode_s": coders["decode"]["median_seconds"],
        "peak_rss_mb": found["peak_rss_bytes"] / 1e6,
        "buffers_mb": max(c["buffer_bytes"] for c in coders.values()) / 1e6,
        "gflop": (coders["encode"]["operations"] / 1e9, coders["decode"]["operations"] / 1e9),
    }


def row(name, encode, decode, base, memory):
    print(f"| {name} | {encode:.2f} s | {decode:.2f} s | {encode / base[0]:.2f} | {decode / base[1]:.2f} | {memory} |", flush=True)


with tempfile.TemporaryDirectory(prefix="dcae-bench.") as work:
    folder = a.model or os.path.join(work, a.variant)
    if not a.model:
        subprocess.run([a.dcae, "synthesize", a.variant, "--layout", "diffusers", "-o", folder, "-q"], check=True,
                       stdout=subprocess.DEVNULL)
    first = ours(folder)
    base = (first["encode_s"], first["decode_s"])
    print(f"{a.variant}, {a.size}x{a.size}, {a.threads} threads, medians of {a.repeat}; "
          f"{first['gflop'][0]:.0f} and {first['gflop'][1]:.0f} GFLOP counted directly\n")
    print("| | encode | decode | encode / dcae | decode / dcae | peak memory |")
    print("|---|---|---|---|---|---|")
    memory = lambda r: f"{r['peak_rss_mb']:.0f} MB, of which buffers {r['buffers_mb']:.0f} MB"
    row("dcae f32", *base, base, memory(first))
    if "bf16" in a.precisions.split(","):
        try:
            half = ours(folder, "bf16")
            row("dcae bf16", half["encode_s"], half["decode_s"], base, memory(half))
        except subprocess.CalledProcessError as error:
            print(f"dcae bf16 left out: {error.stderr.strip()}", file=sys.stderr)
    for peer in filter(None, a.peers.split(",")):
        script = os.path.join(root, "Benchmarks/peers/forward.py")
        words = [sys.executable, script, folder, "--size", str(a.size), "--threads", str(a.threads), "--repeat", str(a.repeat)]
        run = subprocess.run([*words, "--one", peer], capture_output=True, text=True)
        lines = [line for line in run.stdout.splitlines() if line.startswith("{")]
        if run.returncode != 0 or not lines:
            reason = (run.stderr.strip().splitlines() or ["it printed nothing"])[-1]
            print(f"{peer} left out: {reason}", file=sys.stderr)
            continue
        found = json.loads(lines[-1])
        row(peer.replace("-", " "), found["encode_s"], found["decode_s"], base, f"{found['peak_rss_mb']} MB")
    last = ours(folder)
    row("dcae f32, again", last["encode_s"], last["decode_s"], base, memory(last))
