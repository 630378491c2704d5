"""Writes objective/pytorch.json: the losses of a few images and their gradients with respect to a network's output, in
double precision by PyTorch's autograd, for every prediction, loss and variance. The formulas are those of the papers (Ho et
al. 2020; Nichol and Dhariwal 2021; Hang et al. 2023; Tang et al. 2025) with means, variances and divergences written out. Inputs follow from
formulas, so that only results are stored.

    python3 objective_reference.py ../resources/io/ddpm4j/trainer/objective/pytorch.json
"""
import json
import math
import sys

import torch

N, C, SIZE = 4, 3, 2
ELEMENTS = N * C * SIZE * SIZE
SHAPE = (N, C, SIZE, SIZE)
CUSTOM = [0.05, 0.2, 0.5, 0.8]


def numbers(f, count=ELEMENTS, shape=SHAPE):
    return torch.tensor([f(k) for k in range(count)], dtype=torch.float64).view(shape)


def pixel(k):
    return 0 if k % 5 == 0 else 255 if k % 5 == 1 else (37 * k + 11) % 256


def betas(schedule):
    if schedule == "linear":
        return torch.linspace(1e-4, 0.02, 1000, dtype=torch.float64)
    if schedule == "cosine":
        bar = [math.cos((i / 1000 + 0.008) / 1.008 * math.pi / 2) ** 2 for i in range(1001)]
        return torch.tensor([min(1 - b / a, 0.999) for a, b in zip(bar, bar[1:])], dtype=torch.float64)
    return torch.tensor(CUSTOM, dtype=torch.float64)


def cdf(x):
    return 0.5 * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def decoder(x0, mean, log_scale):
    """-log of the Gaussian's integral over a grey level."""
    inverse = torch.exp(-log_scale)
    plus = cdf((x0 - mean + 1 / 255) * inverse)
    minus = cdf((x0 - mean - 1 / 255) * inverse)
    inner = (plus - minus).clamp(min=1e-12).log()
    black = plus.clamp(min=1e-12).log()
    white = (1 - minus).clamp(min=1e-12).log()
    return -torch.where(x0 < -0.999, black, torch.where(x0 > 0.999, white, inner))


def kl(mean1, log1, mean2, log2):
    return 0.5 * (-1 + log2 - log1 + torch.exp(log1 - log2) + (mean1 - mean2) ** 2 * torch.exp(-log2))


def flat(x):
    return x.mean(dim=(1, 2, 3))


def run(schedule, prediction, loss, variance, gamma, guidance=1):
    beta = betas(schedule)
    T = len(beta)
    t = torch.tensor([0, 1, T // 2, T - 1])
    bar = torch.cumprod(1 - beta, 0)
    previous = torch.cat([torch.ones(1, dtype=torch.float64), bar[:-1]])
    posterior = beta * (1 - previous) / (1 - bar)
    clipped = torch.cat([posterior[1:2], posterior[1:]]).log()
    at = lambda table: table[t].view(N, 1, 1, 1)

    x0 = numbers(pixel) * 2 / 255 - 1
    noise = numbers(lambda k: 1.4 * math.sin(1.3 * k * k + 1))
    xt = at(bar.sqrt()) * x0 + at((1 - bar).sqrt()) * noise
    velocity = at(bar.sqrt()) * noise - at((1 - bar).sqrt()) * x0
    target = {"epsilon": noise, "sample": x0, "v_prediction": velocity}[prediction]
    learned = variance == "learned_range"
    shape = (N, 2 * C if learned else C, SIZE, SIZE)
    output = numbers(lambda k: 1.2 * math.sin(0.9 * k + 0.4), shape[1] * N * SIZE * SIZE, shape).requires_grad_()

    predicted = output[:, :C]
    if guidance > 1:
        unconditional = numbers(lambda k: 0.8 * math.sin(0.7 * k + 1.1))
        target = target + (1 - 1 / guidance) * (predicted - unconditional).detach()
    simple = flat((predicted - target) ** 2)
    if gamma:
        snr = bar / (1 - bar)
        least = snr.clamp(max=gamma)
        weight = {"epsilon": least / snr, "sample": least, "v_prediction": least / (snr + 1)}[prediction]
        simple = weight[t] * simple

    mean_output = predicted.detach() if loss == "hybrid" else predicted
    if prediction == "epsilon":
        x0_predicted = (xt - at((1 - bar).sqrt()) * mean_output) / at(bar.sqrt())
    elif prediction == "sample":
        x0_predicted = mean_output
    else:
        x0_predicted = at(bar.sqrt()) * xt - at((1 - bar).sqrt()) * mean_output
    c0 = at(beta * previous.sqrt() / (1 - bar))
    ct = at((1 - previous) * (1 - beta).sqrt() / (1 - bar))
    if learned:
        share = (output[:, C:] + 1) / 2
        log_variance = share * at(beta.log()) + (1 - share) * at(clipped)
    else:
        large = torch.cat([posterior[1:2], beta[1:]]).log()
        log_variance = at(large if variance == "fixed_large" else clipped).expand(SHAPE)
    mean = c0 * x0_predicted + ct * xt
    terms = torch.where(
        t == 0,
        flat(decoder(x0, mean, 0.5 * log_variance)),
        flat(kl(c0 * x0 + ct * xt, at(clipped), mean, log_variance)))
    bound = T * terms / math.log(2)

    per_image = {"simple": simple, "vlb": bound, "hybrid": simple + 0.001 * bound}[loss]
    weights = torch.tensor([0.1, 0.2, 0.3, 0.4], dtype=torch.float64)
    (per_image * weights).sum().backward()
    return {"schedule": schedule, "prediction": prediction, "loss": loss, "variance": variance, "min_snr": gamma,
            "model_guidance": guidance, "timesteps": t.tolist(), "per_image": rounded(per_image), "gradient": rounded(output.grad)}


def rounded(x):
    return [float(f"{v:.9g}") for v in x.flatten().tolist()]


LOSSES = [("simple", "fixed_small", 0), ("simple", "fixed_large", 5), ("vlb", "fixed_small", 0),
          ("vlb", "fixed_large", 0), ("vlb", "learned_range", 0), ("hybrid", "learned_range", 0),
          ("hybrid", "learned_range", 5)]
cases = [run(schedule, prediction, *loss)
         for schedule in ("linear", "cosine", "custom")
         for prediction in ("epsilon", "sample", "v_prediction")
         for loss in LOSSES
         if schedule != "cosine" or prediction == "epsilon"]
cases += [run(schedule, prediction, "simple", "fixed_small", gamma, guidance)
          for schedule, gamma, guidance in (("linear", 0, 1.4), ("cosine", 5, 3), ("custom", 0, 2))
          for prediction in ("epsilon", "sample", "v_prediction")]
with open(sys.argv[1], "w") as file:
    file.write('{"torch": "%s", "custom": %s, "cases": [\n' % (torch.__version__, json.dumps(CUSTOM)))
    file.write(",\n".join(json.dumps(case) for case in cases))
    file.write("\n]}\n")
