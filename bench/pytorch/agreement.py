"""Repeats in PyTorch what `Agreement` wrote: from the same weights, batch and seed the same prediction, images of a run
of DDIM, and losses."""
import argparse
import json
import struct
import sys

import torch

from ddim import sample
from unet import UNet

DDIM_STEPS = 5  # an untrained network multiplies last bits at each: after 50 the two sides have other images
DTYPES = {"F32": torch.float32, "I64": torch.int64}


def read(path):
    with open(path, "rb") as file:
        data = bytearray(file.read())
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + size])
    header.pop("__metadata__", None)
    return {
        name: torch.frombuffer(data, dtype=DTYPES[t["dtype"]], offset=8 + size + t["data_offsets"][0],
                               count=max(1, torch.Size(t["shape"]).numel())).reshape(t["shape"])
        for name, t in header.items()
    }


parser = argparse.ArgumentParser()
parser.add_argument("--out", required=True)
parser.add_argument("--size", type=int, default=32)
parser.add_argument("--channels", default="32,64,64")
parser.add_argument("--image-channels", type=int, default=1)
parser.add_argument("--groups", type=int, default=32)
args = parser.parse_args()

given = read(args.out)
net = UNet(args.image_channels, tuple(int(c) for c in args.channels.split(",")), groups=args.groups)
net.load_state_dict({name[len("weight."):]: tensor for name, tensor in given.items() if name.startswith("weight.")})
with torch.inference_mode():
    prediction = net(given["noise"], torch.full((len(given["noise"]),), 500))
worst = (prediction - given["prediction"]).abs().max().item() / prediction.abs().max().item()
with torch.inference_mode():
    images = (sample(net, given["images"].shape, DDIM_STEPS) - given["images"]).abs().max().item()

adam = torch.optim.Adam(net.parameters(), lr=2e-4)
a = torch.cumprod(1 - torch.linspace(1e-4, 0.02, 1000, dtype=torch.float64), 0).float()[given["timesteps"]]
a = a[:, None, None, None]
x = a.sqrt() * (given["pixels"] * (2 / 255) - 1) + (1 - a).sqrt() * given["noise"]
for step, expected in enumerate(given["losses"].tolist(), 1):
    loss = ((net(x, given["timesteps"]) - given["noise"]) ** 2).mean()
    adam.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
    adam.step()
    worst = max(worst, abs(loss.item() - expected) / loss.item())
count = sum(p.numel() for p in net.parameters())
print(f"{count:,} parameters; largest relative difference of prediction and three losses: {worst:.1e}; "
      f"largest difference of the images of {DDIM_STEPS} steps of DDIM: {images:.1e}")
if worst > 1e-4 or images > 1e-3:
    sys.exit("the two sides do not compute the same: nothing was timed")
