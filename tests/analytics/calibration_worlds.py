"""Simulated judges whose bias is known, and the people whom they should follow."""

import numpy as np

N_ALL = 2_000
JUDGES = ("optimistic", "compressed", "nonlinear", "noisy", "useless")


def steps(values):
    return np.clip(np.round(values * 4) / 4, 0, 1)


def world(seed: int, judge: str, *, n: int = N_ALL, quality=(4, 1.6)):
    """All scores and what people would say of each conversation: mostly good, in five steps."""
    rng = np.random.default_rng(seed)
    truth = rng.beta(*quality, n)
    people = steps(truth + rng.normal(0, 0.12, n))
    scores = {
        "optimistic": lambda: 0.5 + 0.5 * truth + rng.normal(0, 0.05, n),
        "compressed": lambda: 0.6 + 0.2 * truth + rng.normal(0, 0.03, n),
        "nonlinear": lambda: truth**4 + rng.normal(0, 0.04, n),
        "noisy": lambda: truth + rng.normal(0, 0.3, n),
        "useless": lambda: rng.random(n),
    }[judge]()
    return np.clip(scores, 0, 1), people


def draw_labels(seed: int, n: int, n_all: int = N_ALL):
    return np.sort(np.random.default_rng(10_000 + seed).choice(n_all, n, replace=False))
