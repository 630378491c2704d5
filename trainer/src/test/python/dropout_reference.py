"""Writes autodiff/dropout.json: loss and gradients of a tiny U-Net with given dropout masks in PyTorch, in double
precision. Weights, inputs and masks follow from formulas, so that only results are stored.

    python3 dropout_reference.py ../resources/io/ddpm4j/trainer/autodiff/dropout.json
"""
import json
import math
import pathlib
import sys

import torch
from torch.nn import functional as F

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[4] / "bench" / "pytorch"))
import unet  # noqa: E402

BATCH, CHANNELS, SIZE, RATIO = 2, 3, 8, 0.3
embedding = unet.timestep_embedding
unet.timestep_embedding = lambda t, dim: embedding(t, dim).double()


def offset(name):
    return sum(name.encode()) % 97


def start(name, size):
    scale, shift = (0.1, 1) if "norm" in name and name.endswith("weight") else (0.15, 0)
    return [shift + scale * math.sin(0.7 * k + offset(name)) for k in range(size)]


class Masked(torch.nn.Module):
    """Stands before a convolution, as torch.nn.Dropout does, but with a mask that is known."""

    def __init__(self, name, conv):
        super().__init__()
        self.name, self.conv = name, conv

    def forward(self, x):
        kept = [(7 * k + offset(self.name)) % 10 >= 3 for k in range(x.numel())]
        return self.conv(x * torch.tensor(kept, dtype=x.dtype).view_as(x) / (1 - RATIO))


net = unet.UNet(CHANNELS, (16, 32), (False, True), groups=4, head_dim=4).double()
parameters = dict(net.named_parameters())
with torch.no_grad():
    for name, p in parameters.items():
        p.copy_(torch.tensor(start(name, p.numel()), dtype=torch.float64).view_as(p))
masked = 0
for name, module in list(net.named_modules()):
    if isinstance(module, unet.Resnet):
        module.conv2 = Masked(name + ".dropout", module.conv2)
        masked += 1
elements = BATCH * CHANNELS * SIZE * SIZE
sample = torch.tensor([math.sin(1.3 * k * k) for k in range(elements)], dtype=torch.float64)
out = net(sample.view(BATCH, CHANNELS, SIZE, SIZE), torch.tensor([17, 503]))
loss = F.mse_loss(out, torch.tensor([math.sin(0.01 * k) for k in range(elements)], dtype=torch.float64).view_as(out))
loss.backward()
with open(sys.argv[1], "w") as file:
    json.dump({"torch": torch.__version__, "masks": masked, "loss": loss.item(),
               "gradients": {name: {"sum_abs": p.grad.abs().sum().item(), "first": p.grad.flatten()[:4].tolist()}
                             for name, p in parameters.items()}}, file, indent=1)
    file.write("\n")
