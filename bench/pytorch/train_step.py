"""Times a whole train step in eager PyTorch: noising, forward, loss, backward, clipping, Adam, EMA.
Prints one line a step: milliseconds."""
import argparse
import time

import torch

from unet import UNet

parser = argparse.ArgumentParser()
parser.add_argument("--size", type=int, default=32)
parser.add_argument("--channels", default="32,64,64")
parser.add_argument("--image-channels", type=int, default=1)
parser.add_argument("--groups", type=int, default=32)
parser.add_argument("--batch", type=int, default=32)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--warmup", type=int, default=3)
parser.add_argument("--steps", type=int, default=20)
args = parser.parse_args()

torch.manual_seed(0)
torch.set_num_threads(args.threads)
net = UNet(args.image_channels, tuple(int(c) for c in args.channels.split(",")), groups=args.groups)
ema = [p.detach().clone() for p in net.parameters()]
adam = torch.optim.Adam(net.parameters(), lr=2e-4)
abar = torch.cumprod(1 - torch.linspace(1e-4, 0.02, 1000), 0)
images = torch.randint(0, 256, (args.batch, args.image_channels, args.size, args.size), dtype=torch.uint8)
for i in range(args.warmup + args.steps):
    start = time.perf_counter()
    x0 = images.float() * (2 / 255) - 1
    t = torch.randint(0, 1000, (args.batch,))
    noise = torch.randn_like(x0)
    a = abar[t][:, None, None, None]
    loss = ((net(a.sqrt() * x0 + (1 - a).sqrt() * noise, t) - noise) ** 2).mean()
    adam.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
    adam.step()
    with torch.no_grad():
        torch._foreach_lerp_(ema, list(net.parameters()), 0.001)
    value = loss.item()
    if i >= args.warmup:
        print(f"{(time.perf_counter() - start) * 1000:.3f}")
