"""Writes objective/timesteps.json: the timesteps that importance sampling by the losses' second moment draws (Nichol and
Dhariwal 2021, section 3.3), in NumPy: sampled with numpy.random.choice's own rule, the first timestep whose cumulative
probability exceeds a uniform number. Losses follow from a formula, so that only results are stored.

    python3 timesteps_reference.py ../resources/io/ddpm4j/trainer/objective/timesteps.json
"""
import json
import math
import sys

import numpy as np

T, KEPT, EVENLY, BATCH, STEPS = 6, 10, 0.001, 8, 40

history = [[] for _ in range(T)]
steps = []
for step in range(STEPS):
    if all(len(h) == KEPT for h in history):
        p = np.sqrt(np.mean(np.square(np.array(history)), axis=1))
        p = p / p.sum() * (1 - EVENLY) + EVENLY / T
    else:
        p = np.full(T, 1 / T)
    words = [(2654435761 * (step * BATCH + i + 1)) % 2**32 for i in range(BATCH)]
    cdf = np.cumsum(p)
    cdf /= cdf[-1]
    drawn = np.searchsorted(cdf, np.array(words) / 2**32, side="right")
    losses = [np.float32((1 + t) ** 2 * (0.6 + 0.5 * math.sin(3 * step + i))) for i, t in enumerate(drawn)]
    for t, loss in zip(drawn, losses):
        history[t] = (history[t] + [float(loss)])[-KEPT:]
    steps.append({"probabilities": p.tolist(), "timesteps": drawn.tolist(),
                  "weights": [1 / (T * p[t]) for t in drawn]})
with open(sys.argv[1], "w") as file:
    json.dump({"numpy": np.__version__, "trainTimesteps": T, "batch": BATCH, "steps": steps}, file)
    file.write("\n")
