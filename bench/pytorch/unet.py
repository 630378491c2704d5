"""The benchmark's U-Net in plain PyTorch: the structure and parameter names of diffusers' UNet2DModel
(plain and attention levels, default time shift), so that both sides of a comparison run the same network."""
import math

import torch
from torch import nn
from torch.nn import functional as F


def timestep_embedding(t, dim):
    half = dim // 2
    freqs = torch.exp(-math.log(10000) * torch.arange(half, dtype=torch.float32) / half)
    args = t.float()[:, None] * freqs[None]
    return torch.cat([torch.cos(args), torch.sin(args)], dim=1)


class TimestepEmbedding(nn.Module):
    def __init__(self, dim, width):
        super().__init__()
        self.linear_1 = nn.Linear(dim, width)
        self.linear_2 = nn.Linear(width, width)

    def forward(self, x):
        return self.linear_2(F.silu(self.linear_1(x)))


class Resnet(nn.Module):
    def __init__(self, inp, out, temb, groups):
        super().__init__()
        self.norm1 = nn.GroupNorm(groups, inp, eps=1e-5)
        self.conv1 = nn.Conv2d(inp, out, 3, padding=1)
        self.time_emb_proj = nn.Linear(temb, out)
        self.norm2 = nn.GroupNorm(groups, out, eps=1e-5)
        self.conv2 = nn.Conv2d(out, out, 3, padding=1)
        if inp != out:
            self.conv_shortcut = nn.Conv2d(inp, out, 1)

    def forward(self, x, temb):
        h = self.conv1(F.silu(self.norm1(x)))
        h = h + self.time_emb_proj(F.silu(temb))[:, :, None, None]
        h = self.conv2(F.silu(self.norm2(h)))
        return (self.conv_shortcut(x) if hasattr(self, "conv_shortcut") else x) + h


class Attention(nn.Module):
    def __init__(self, channels, head_dim, groups):
        super().__init__()
        self.heads = channels // head_dim
        self.group_norm = nn.GroupNorm(groups, channels, eps=1e-5)
        self.to_q = nn.Linear(channels, channels)
        self.to_k = nn.Linear(channels, channels)
        self.to_v = nn.Linear(channels, channels)
        self.to_out = nn.ModuleList([nn.Linear(channels, channels)])

    def forward(self, x):
        n, c, h, w = x.shape
        tokens = self.group_norm(x).view(n, c, h * w).transpose(1, 2)
        q, k, v = (
            f(tokens).view(n, -1, self.heads, c // self.heads).transpose(1, 2)
            for f in (self.to_q, self.to_k, self.to_v)
        )
        out = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(n, h * w, c)
        return self.to_out[0](out).transpose(1, 2).reshape(n, c, h, w) + x


class Sampler(nn.Module):
    def __init__(self, channels, up):
        super().__init__()
        self.up = up
        self.conv = nn.Conv2d(channels, channels, 3, stride=1 if up else 2, padding=1)

    def forward(self, x):
        return self.conv(F.interpolate(x, scale_factor=2.0, mode="nearest") if self.up else x)


class Block(nn.Module):
    def __init__(self, inputs, out, temb, groups, head_dim, attention, sampler):
        super().__init__()
        self.resnets = nn.ModuleList([Resnet(i, out, temb, groups) for i in inputs])
        if attention:
            self.attentions = nn.ModuleList([Attention(out, head_dim, groups) for _ in inputs])
        if sampler is not None:
            setattr(self, "upsamplers" if sampler.up else "downsamplers", nn.ModuleList([sampler]))


class UNet(nn.Module):
    def __init__(self, image_channels=1, channels=(32, 64, 64), attention=(False, False, True), layers=1, groups=32,
                 head_dim=0, classes=0):
        super().__init__()
        self.width = channels[0]
        temb = 4 * channels[0]
        self.time_embedding = TimestepEmbedding(channels[0], temb)
        if classes:
            self.class_embedding = nn.Embedding(classes, temb)
        self.conv_in = nn.Conv2d(image_channels, channels[0], 3, padding=1)
        levels = len(channels)
        self.down_blocks = nn.ModuleList()
        skips = [channels[0]]
        previous = channels[0]
        for i, c in enumerate(channels):
            last = i == levels - 1
            self.down_blocks.append(Block([previous] + [c] * (layers - 1), c, temb, groups, head_dim or c, attention[i],
                                          None if last else Sampler(c, False)))
            skips += [c] * (layers + (0 if last else 1))
            previous = c
        self.mid_block = Block([previous, previous], previous, temb, groups, head_dim or previous, False, None)
        self.mid_block.attentions = nn.ModuleList([Attention(previous, head_dim or previous, groups)])
        self.up_blocks = nn.ModuleList()
        for i, c in enumerate(reversed(channels)):
            last = i == levels - 1
            inputs = []
            for _ in range(layers + 1):
                inputs.append(previous + skips.pop())
                previous = c
            self.up_blocks.append(Block(inputs, c, temb, groups, head_dim or c, list(reversed(attention))[i],
                                        None if last else Sampler(c, True)))
        self.conv_norm_out = nn.GroupNorm(groups, channels[0], eps=1e-5)
        self.conv_out = nn.Conv2d(channels[0], image_channels, 3, padding=1)

    def forward(self, x, t, labels=None):
        temb = self.time_embedding(timestep_embedding(t, self.width))
        if labels is not None:
            temb = temb + self.class_embedding(labels)
        h = self.conv_in(x)
        skips = [h]
        for block in self.down_blocks:
            for i, resnet in enumerate(block.resnets):
                h = resnet(h, temb)
                if hasattr(block, "attentions"):
                    h = block.attentions[i](h)
                skips.append(h)
            if hasattr(block, "downsamplers"):
                h = block.downsamplers[0](h)
                skips.append(h)
        h = self.mid_block.resnets[0](h, temb)
        h = self.mid_block.attentions[0](h)
        h = self.mid_block.resnets[1](h, temb)
        for block in self.up_blocks:
            for i, resnet in enumerate(block.resnets):
                h = resnet(torch.cat([h, skips.pop()], dim=1), temb)
                if hasattr(block, "attentions"):
                    h = block.attentions[i](h)
            if hasattr(block, "upsamplers"):
                h = block.upsamplers[0](h)
        return self.conv_out(F.silu(self.conv_norm_out(h)))
