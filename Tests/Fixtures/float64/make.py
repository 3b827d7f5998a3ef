#!/usr/bin/env python3
"""Makes the files of this folder: what diffusers computes in float64 for the small networks of ../tiny and ../odd.

  make.py            (diffusers 0.42.1, torch 2.13.0)

Of each network the smallest input of its expected.safetensors: `latent` is its image encoded, `sample` its latent there
(which is float32) decoded.
"""
import glob, os, sys
from safetensors.torch import load_file, save_file

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(here, "../../../Benchmarks"))
from torch_float64 import DoubleNetwork

for folder in sorted(glob.glob(here + "/../tiny/*") + glob.glob(here + "/../odd/*/")):
    given = load_file(os.path.join(folder, "expected.safetensors"))
    cases = [name[:-6] for name in given if name.endswith(".image") and not name.startswith("tiled")]
    case = min(cases, key=lambda name: given[name + ".image"].numel())
    network = DoubleNetwork(os.path.join(folder, "diffusers"))
    name = os.path.basename(os.path.normpath(folder))
    save_file({"latent": network.encode(given[case + ".image"]), "sample": network.decode(given[case + ".latent"])},
              os.path.join(here, name + ".safetensors"), {"case": case})
    print(name, case)
