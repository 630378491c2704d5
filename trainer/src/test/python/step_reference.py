"""Writes step/pytorch.json: three whole training steps of a tiny U-Net in PyTorch, in double precision.
Weights and inputs follow from formulas, so that only results are stored.

    python3 step_reference.py ../resources/io/ddpm4j/trainer/step/pytorch.json
"""
import json
import math
import pathlib
import sys

import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[4] / "bench" / "pytorch"))
import unet  # noqa: E402

BATCH, CHANNELS, SIZE, STEPS, CLASSES = 4, 3, 8, 3, 3
LR, EPS, CLIP, DECAY = 1e-3, 1e-5, 0.5, 0.999
embedding = unet.timestep_embedding
unet.timestep_embedding = lambda t, dim: embedding(t, dim).double()


def start(name, size):
    offset = sum(name.encode()) % 97
    scale, shift = (0.1, 1) if "norm" in name and name.endswith("weight") else (0.15, 0)
    return [shift + scale * math.sin(0.7 * k + offset) for k in range(size)]


net = unet.UNet(CHANNELS, (8, 16), (False, True), groups=4, head_dim=4, classes=CLASSES).double()
with torch.no_grad():
    for name, p in net.named_parameters():
        p.copy_(torch.tensor(start(name, p.numel()), dtype=torch.float64).view_as(p))
ema = {name: p.detach().clone() for name, p in net.named_parameters()}
adam = torch.optim.Adam(net.parameters(), lr=LR, eps=EPS)
abar = torch.cumprod(1 - torch.linspace(1e-4, 0.02, 1000, dtype=torch.float64), 0)
elements = BATCH * CHANNELS * SIZE * SIZE
steps = []
for step in range(1, STEPS + 1):
    pixels = torch.tensor([(37 * k + 11 * step) % 256 for k in range(elements)], dtype=torch.float64)
    noise = torch.tensor([1.4 * math.sin(1.3 * k * k + step) for k in range(elements)], dtype=torch.float64)
    pixels, noise = (x.view(BATCH, CHANNELS, SIZE, SIZE) for x in (pixels, noise))
    t = torch.tensor([(313 * n + 97 * step) % 1000 for n in range(BATCH)])
    labels = torch.tensor([(n + step) % CLASSES for n in range(BATCH)])
    a = abar[t][:, None, None, None]
    x0 = pixels * (2 / 255) - 1
    error = (net(a.sqrt() * x0 + (1 - a).sqrt() * noise, t, labels) - noise) ** 2
    loss = error.mean()
    adam.zero_grad()
    loss.backward()
    norm = torch.nn.utils.clip_grad_norm_(net.parameters(), CLIP)
    adam.step()
    decay = min(DECAY, (1 + step) / (10 + step))
    with torch.no_grad():
        for name, p in net.named_parameters():
            ema[name].mul_(decay).add_(p, alpha=1 - decay)
    steps.append({"loss": loss.item(), "sample_loss": error.mean((1, 2, 3)).tolist(), "gradient_norm": norm.item()})


def picture(p):
    flat = p.detach().flatten()
    return {"sum_abs": flat.abs().sum().item(), "first": flat[:4].tolist(), "last": flat[-1].item()}


with open(sys.argv[1], "w") as file:
    json.dump({"torch": torch.__version__, "steps": steps,
               "weights": {name: picture(p) for name, p in net.named_parameters()},
               "ema": {name: picture(p) for name, p in ema.items()}}, file, indent=1)
    file.write("\n")
