#!/usr/bin/env python3
"""Makes the networks of this folder: configurations that no published variant has, with what diffusers computes for them.

  make.py            (diffusers 0.42.1, torch 2.15; weights are seeded)
"""
import os
import torch
from diffusers import AutoencoderDC
from safetensors.torch import save_file

R, E = "ResBlock", "EfficientViTBlock"
BASE = dict(
    latent_channels=8, encoder_block_out_channels=[8, 16, 32], decoder_block_out_channels=[8, 16, 32],
    encoder_layers_per_block=[1, 1, 1], decoder_layers_per_block=[1, 1, 1], encoder_qkv_multiscales=[[], [], []],
    decoder_qkv_multiscales=[[], [], []],
)
CASES = {
    "attention-everywhere": dict(
        attention_head_dim=8, encoder_block_types=E, decoder_block_types=E, encoder_qkv_multiscales=[[3], [5, 3], [7, 1]],
        decoder_qkv_multiscales=[[5], [], [3, 5]],
    ),
    "head-of-20": dict(
        attention_head_dim=20, encoder_block_types=E, decoder_block_types=E, encoder_block_out_channels=[24, 24, 48],
        decoder_block_out_channels=[24, 24, 48], encoder_qkv_multiscales=[[3], [3], [5]], decoder_qkv_multiscales=[[5], [], [3]],
        latent_channels=6,
    ),
    "activations": dict(
        decoder_act_fns=["gelu", "mish", "swish"], decoder_norm_types=["batch_norm", "rms_norm", "batch_norm"],
        decoder_block_types=[R, R, E], decoder_conv_act_fn="gelu", upsample_block_type="interpolate", downsample_block_type="conv",
    ),
    "no-shortcuts": dict(
        decoder_conv_act_fn="mish", encoder_out_shortcut=False, decoder_in_shortcut=False, upsample_block_type="interpolate",
        in_channels=5,
    ),
    "empty-first-stages": dict(
        encoder_layers_per_block=[0, 2, 1], decoder_layers_per_block=[0, 1, 2], downsample_block_type="conv",
        upsample_block_type="interpolate",
    ),
    "empty-first-of-encoder": dict(encoder_layers_per_block=[0, 2, 1], decoder_layers_per_block=[1, 1, 2]),
    "odd-channels": dict(
        encoder_block_out_channels=[12, 12, 24], decoder_block_out_channels=[6, 12, 24], latent_channels=12,
    ),
}
for index, (name, changes) in enumerate(CASES.items()):
    torch.manual_seed(100 + index)
    config = {**BASE, **changes}
    model = AutoencoderDC(**config).eval()
    with torch.no_grad():
        for key, parameter in model.named_parameters():
            if parameter.dim() == 1 and "norm" in key and key.endswith("weight"):
                parameter.uniform_(0.5, 1.5)
            elif parameter.dim() == 1:
                parameter.normal_(0, 0.1)
            else:
                parameter.normal_(0, parameter[0].numel() ** -0.5)
        for key, buffer in model.named_buffers():
            if "running_mean" in key:
                buffer.normal_(0, 0.2)
            if "running_var" in key:
                buffer.uniform_(0.5, 1.5)
        tensors = {}
        for height, width in ((8, 8), (40, 24)):
            image = torch.rand(1, config.get("in_channels", 3), height, width) * 2 - 1
            latent = model.encode(image).latent
            case = f"{height}x{width}"
            tensors |= {f"{case}.image": image, f"{case}.latent": latent.contiguous(), f"{case}.sample": model.decode(latent).sample.contiguous()}
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), name)
    model.save_pretrained(os.path.join(folder, "diffusers"))
    save_file(tensors, os.path.join(folder, "expected.safetensors"))
