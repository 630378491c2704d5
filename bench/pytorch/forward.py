"""Times forward passes in PyTorch (inference mode). Prints one line a pass: milliseconds."""
import argparse
import time

import torch

from unet import UNet

parser = argparse.ArgumentParser()
parser.add_argument("--size", type=int, default=32)
parser.add_argument("--channels", default="32,64,64")
parser.add_argument("--image-channels", type=int, default=1)
parser.add_argument("--groups", type=int, default=32)
parser.add_argument("--batch", type=int, default=16)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--warmup", type=int, default=5)
parser.add_argument("--steps", type=int, default=40)
args = parser.parse_args()

torch.manual_seed(0)
torch.set_num_threads(args.threads)
net = UNet(args.image_channels, tuple(int(c) for c in args.channels.split(",")), groups=args.groups).eval()
x = torch.zeros(args.batch, args.image_channels, args.size, args.size)
with torch.inference_mode():
    for i in range(args.warmup + args.steps):
        start = time.perf_counter()
        net(x, torch.full((args.batch,), i))
        if i >= args.warmup:
            print(f"{(time.perf_counter() - start) * 1000:.3f}")
