"""Writes optim/pytorch.json: what PyTorch's Adam, AdamW, LambdaLR and clip_grad_norm_ give, in double precision.

    python3 optim_reference.py ../resources/io/ddpm4j/trainer/optim/pytorch.json
"""
import json
import math
import sys

import torch


def gradient(step, size):
    return torch.tensor([round(math.sin(1.7 * step + 0.9 * i) * 10.0 ** (i % 4 - 2), 6) for i in range(size)],
                        dtype=torch.float64)


def adam(lr, beta1, beta2, eps, first_step, steps, size=8, weight_decay=0.0):
    w = torch.tensor([round(math.cos(0.5 * i), 6) for i in range(size)], dtype=torch.float64).requires_grad_()
    case = {"lr": lr, "beta1": beta1, "beta2": beta2, "eps": eps, "weight_decay": weight_decay,
            "first_step": first_step, "w0": w.tolist()}
    optimizer = torch.optim.AdamW([w], lr=lr, betas=(beta1, beta2), eps=eps, weight_decay=weight_decay)
    if not weight_decay:
        optimizer = torch.optim.Adam([w], lr=lr, betas=(beta1, beta2), eps=eps)
    m = torch.zeros(size, dtype=torch.float64)
    v = torch.zeros(size, dtype=torch.float64)
    if first_step > 1:
        m = gradient(0, size) * 0.5
        v = gradient(0, size) ** 2 * 0.7
        optimizer.state[w] = {"step": torch.tensor(float(first_step - 1)), "exp_avg": m.clone(), "exp_avg_sq": v.clone()}
    case["m0"], case["v0"] = m.tolist(), v.tolist()
    case["rows"] = []
    for step in range(first_step, first_step + steps):
        w.grad = gradient(step, size)
        optimizer.step()
        state = optimizer.state[w]
        case["rows"].append({"g": w.grad.tolist(), "w": w.tolist(), "m": state["exp_avg"].tolist(),
                             "v": state["exp_avg_sq"].tolist()})
    return case


def factors(warmup, steps):
    """What diffusers' get_scheduler multiplies the rate by, for the number of steps done; by its names."""
    def warm(after):
        return lambda done: done / max(1, warmup) if done < warmup else after((done - warmup) / max(1, steps - warmup))
    return {"constant": warm(lambda progress: 1.0), "linear": warm(lambda progress: max(0.0, 1 - progress)),
            "cosine": warm(lambda progress: max(0.0, 0.5 * (1 + math.cos(math.pi * 2 * 0.5 * progress))))}


def rates(schedule, peak, warmup, steps, shown):
    """Of the steps that are shown, the first being 1; the rate before the warm-up is 0."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=peak)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, factors(warmup, steps)[schedule])
    every = []
    for _ in range(max(shown)):
        every.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return {"schedule": schedule, "peak": peak, "warmup": warmup, "steps": steps,
            "rates": {step: every[step - 1] for step in shown}}


def clip(max_norm, scale):
    a = gradient(1, 5) * scale
    b = gradient(2, 3) * scale
    pa, pb = torch.zeros(5, dtype=torch.float64), torch.zeros(3, dtype=torch.float64)
    pa.grad, pb.grad = a.clone(), b.clone()
    norm = torch.nn.utils.clip_grad_norm_([pa, pb], max_norm)
    return {"max_norm": max_norm, "g": a.tolist() + b.tolist(), "norm": norm.item(),
            "clipped": pa.grad.tolist() + pb.grad.tolist()}


norm = torch.cat([gradient(1, 5), gradient(2, 3)]).norm().item()
with open(sys.argv[1], "w") as file:
    json.dump({
        "torch": torch.__version__,
        "adam": [adam(1e-2, 0.9, 0.999, 1e-8, 1, 6), adam(1e-3, 0.5, 0.9, 1e-2, 1, 6),
                 adam(1e-2, 0.9, 0.999, 1e-8, 1000, 6), adam(5e-3, 0.0, 0.0, 1e-3, 1, 3),
                 adam(1e-2, 0.9, 0.999, 1e-8, 1, 6, weight_decay=1e-2), adam(1e-3, 0.9, 0.99, 1e-6, 1, 6, weight_decay=10.0),
                 adam(2e-4, 0.95, 0.999, 1e-8, 5000, 6, weight_decay=0.1)],
        "rates": [rates(schedule, 2e-3, warmup, steps, sorted({1, 2, 3, 10, 11, 12, 57, 99, 100, *extra} - {0}))
                  for schedule in ("constant", "linear", "cosine")
                  for warmup, steps, extra in ((0, 100, ()), (10, 100, (101,)), (10, 1000, (500, 999, 1000)))],
        "clip": [clip(1.0, 0.01), clip(1.0, 100), clip(round(norm * 1.001, 6), 1), clip(round(norm * 0.999, 6), 1),
                 clip(1e-3, 1)],
    }, file, indent=1)
    file.write("\n")
