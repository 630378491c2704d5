"""Times whole sampling runs with DDIM in eager PyTorch: one line a run, milliseconds. The same run as `DdimRun`'s."""
import argparse
import time

import torch

from unet import UNet

SEED = 7


def sample(net, shape, steps, layout=torch.contiguous_format):
    """Evenly spaced timesteps, eta 0, x_0 clipped to [-1, 1]; coefficients in double, before the loop."""
    abar = torch.cumprod(1 - torch.linspace(1e-4, 0.02, 1000, dtype=torch.float64), 0)
    stride = 1000 // steps
    timesteps = [i * stride for i in reversed(range(steps))]
    alphas = [abar[t].item() for t in timesteps]
    targets = [abar[t - stride].item() if t >= stride else 1.0 for t in timesteps]
    torch.manual_seed(SEED)
    x = torch.randn(shape).contiguous(memory_format=layout)
    for t, a, target in zip(timesteps, alphas, targets):
        eps = net(x, torch.full((shape[0],), t))
        x0 = ((x - (1 - a) ** 0.5 * eps) / a ** 0.5).clamp(-1, 1)
        x = target ** 0.5 * x0 + (1 - target) ** 0.5 * eps
    return x


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", type=int, default=32)
    parser.add_argument("--channels", default="32,64,64")
    parser.add_argument("--image-channels", type=int, default=1)
    parser.add_argument("--groups", type=int, default=32)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--layout", choices=("contiguous", "channels_last"), default="contiguous")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    layout = torch.channels_last if args.layout == "channels_last" else torch.contiguous_format
    net = UNet(args.image_channels, tuple(int(c) for c in args.channels.split(",")), groups=args.groups).eval()
    net = net.to(memory_format=layout)
    shape = (args.batch, args.image_channels, args.size, args.size)
    with torch.inference_mode():
        sample(net, shape, args.steps, layout)
        for _ in range(args.runs):
            start = time.perf_counter()
            sample(net, shape, args.steps, layout)
            print(f"{(time.perf_counter() - start) * 1000:.3f}")


if __name__ == "__main__":
    main()
