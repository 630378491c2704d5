"""Writes classifier/pytorch.json: the cross-entropy of some logits with its gradient, and a small classifier's logits,
features, loss and gradients, in double precision by PyTorch's autograd. The network is written out here by the words of
exporter.nn.Classifier. Inputs and weights follow from formulas, so that only results are stored; of each parameter's gradient
the norm and the product with a vector.

    python3 classifier_reference.py ../resources/io/ddpm4j/trainer/classifier/pytorch.json
"""
import json
import math
import sys

import torch
import torch.nn.functional as F

WEIGHTS = [0.1, 0.2, 0.3, 0.4, 0.25]


def formula(count, f):
    return torch.tensor([f(k) for k in range(count)], dtype=torch.float64)


def cross_entropy(classes, smoothing, scale):
    n = len(WEIGHTS)
    logits = formula(n * classes, lambda k: scale * math.sin(0.9 * k + 0.4)).view(n, classes).requires_grad_()
    labels = torch.tensor([(3 * i + 1) % classes for i in range(n)])
    per_image = F.cross_entropy(logits, labels, reduction="none", label_smoothing=smoothing)
    (per_image * torch.tensor(WEIGHTS, dtype=torch.float64)).sum().backward()
    return {
        "classes": classes,
        "smoothing": smoothing,
        "scale": scale,
        "per_image": per_image.tolist(),
        "gradient": logits.grad.flatten().tolist(),
    }


class Network:
    def __init__(self, config):
        self.config = config
        self.parameters = {}

    def parameter(self, name, *shape):
        if name not in self.parameters:
            first = len(self.parameters)
            norm = "norm" in name
            centre = 1 if norm and name.endswith("weight") else 0
            values = formula(math.prod(shape), lambda k: centre + 0.3 * math.sin(0.7 * k + first))
            self.parameters[name] = values.view(shape).requires_grad_()
        return self.parameters[name]

    def conv(self, name, x, channels, stride):
        w = self.parameter(name + ".weight", channels, x.shape[1], 3, 3)
        return F.conv2d(x, w, self.parameter(name + ".bias", channels), stride=stride, padding=1)

    def activated(self, name, x):
        w = self.parameter(name + ".weight", x.shape[1])
        b = self.parameter(name + ".bias", x.shape[1])
        return F.silu(F.group_norm(x, self.config["groups"], w, b, 1e-5))

    def __call__(self, x):
        c = self.config
        for level, width in enumerate(c["widths"]):
            x = self.conv(f"levels.{level}.conv_in", x, width, 1 if level == 0 else 2)
            for block in range(c["blocks"][level]):
                name = f"levels.{level}.blocks.{block}"
                h = self.conv(name + ".conv1", self.activated(name + ".norm1", x), width, 1)
                x = x + self.conv(name + ".conv2", self.activated(name + ".norm2", h), width, 1)
        features = self.activated("norm_out", x).mean((2, 3))
        w = self.parameter("classifier.weight", c["classes"], features.shape[1])
        return features @ w.T + self.parameter("classifier.bias", c["classes"]), features


def network(config, smoothing):
    net = Network(config)
    n = len(WEIGHTS)
    shape = (n, config["channels"], config["height"], config["width"])
    pixels = formula(math.prod(shape), lambda k: (37 * k * k + 11) % 256).view(shape)
    labels = torch.tensor([(2 * i + 1) % config["classes"] for i in range(n)])
    logits, features = net(pixels * (2 / 255) - 1)
    per_image = F.cross_entropy(logits, labels, reduction="none", label_smoothing=smoothing)
    per_image.mean().backward()
    gradients = {}
    for name, p in net.parameters.items():
        g = p.grad.flatten()
        direction = formula(g.numel(), lambda k: math.cos(0.3 * k + 0.1))
        gradients[name] = [g.norm().item(), (g * direction).sum().item()]
    return {
        "config": config,
        "smoothing": smoothing,
        "logits": logits.flatten().tolist(),
        "features": features.flatten().tolist(),
        "per_image": per_image.tolist(),
        "gradients": gradients,
    }


def config(channels, height, width, widths, blocks, groups, classes):
    return dict(
        channels=channels, height=height, width=width, widths=widths, blocks=blocks, groups=groups, classes=classes
    )


json.dump(
    {
        "cross_entropy": [
            cross_entropy(*c) for c in [(2, 0, 1), (10, 0, 1.2), (10, 0.1, 1.2), (7, 0.05, 3), (3, 0.3, 60), (3, 0, 200)]
        ],
        "networks": [
            network(config(2, 6, 5, [4, 8], [1, 1], 2, 3), 0.1),
            network(config(1, 8, 8, [4, 8, 8], [0, 1, 2], 4, 10), 0),
        ],
    },
    open(sys.argv[1], "w"),
    indent=1,
)
