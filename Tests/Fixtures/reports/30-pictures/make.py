#!/usr/bin/env python3
"""Writes expected.txt: what Pillow says of the pictures in this folder, one a line.

A picture is turned by exif_transpose and made RGB; of its bytes there is the 64-bit FNV-1a. Of what Pillow does not read
there is "refused". A grey picture of 16 bits is left out: Pillow's convert("RGB") cuts its values off at 255.
Pictures of other formats than PNG, JPEG and WebP, and animations, are not here.
"""
from pathlib import Path
from PIL import Image, ImageOps

here, lines = Path(__file__).parent, []
for path in sorted(here.iterdir()):
    if path.suffix in (".py", ".txt"):
        continue
    try:
        image = Image.open(path)
        image.load()
        image = ImageOps.exif_transpose(image).convert("RGB")
    except Exception:
        lines.append(f"{path.name} refused")
        continue
    value = 0xCBF29CE484222325
    for byte in image.tobytes():
        value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    lines.append(f"{path.name} {image.width} {image.height} {value:016x}")
(here / "expected.txt").write_text("\n".join(lines) + "\n")
