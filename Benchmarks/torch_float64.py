"""diffusers' AutoencoderDC in float64, all of it.

RMSNorm and linear attention go through float32 whatever they are given (`.to(torch.float32)`), which is meant for half
precision; here a tensor in float64 stays what it is.
"""
import torch
from diffusers import AutoencoderDC

_to = torch.Tensor.to


def _keep_double(self, *args, **kwargs):
    wanted = kwargs.get("dtype", args[0] if args else None)
    if self.dtype == torch.float64 and wanted == torch.float32:
        return self
    return _to(self, *args, **kwargs)


class DoubleNetwork:
    def __init__(self, folder):
        self.model = AutoencoderDC.from_pretrained(folder, torch_dtype=torch.float32).double().eval()

    def _run(self, body, tensor):
        torch.Tensor.to = _keep_double
        try:
            with torch.inference_mode():
                result = body(tensor.double()).contiguous()
        finally:
            torch.Tensor.to = _to
        assert result.dtype == torch.float64
        return result

    def encode(self, image):
        return self._run(lambda x: self.model.encode(x).latent, image)

    def decode(self, latent):
        return self._run(lambda x: self.model.decode(x).sample, latent)
