"""One value an agent from a number, a list or a distribution."""

from __future__ import annotations

from typing import Any

import numpy as np


def draw(value: Any, scores: np.ndarray, bounds: tuple[float, float]) -> np.ndarray:
    """float64[agents]: the quantile of the distribution at Phi(score) for each agent, clipped to `bounds`.

    `value` is a number (the same for all), a list (one an agent) or {normal: [mean, sd]}: mean + sd x score,
    {lognormal: [median, sigma]}: median x exp(sigma x score), {uniform: [low, high]}, {choice: {value: probability}}:
    by cumulative probability. Raises ValueError when a list has another length than `scores`.
    """
    scores = np.asarray(scores, dtype=np.float64)
    if not isinstance(value, dict):
        if isinstance(value, (list, tuple)) and len(value) != len(scores):
            raise ValueError(f"a list of {len(value)} for {len(scores)} agents")
        return np.broadcast_to(np.asarray(value, dtype=np.float64), scores.shape).copy()
    ((name, numbers),) = value.items()
    if name == "normal":
        drawn = numbers[0] + numbers[1] * scores
    elif name == "lognormal":
        drawn = numbers[0] * np.exp(numbers[1] * scores)
    else:
        from scipy.special import ndtr

        if name == "uniform":
            drawn = numbers[0] + (numbers[1] - numbers[0]) * ndtr(scores)
        else:
            steps = np.cumsum(list(numbers.values()))[:-1]
            drawn = np.array(list(numbers), dtype=np.float64)[np.searchsorted(steps, ndtr(scores), side="right")]
    return np.clip(drawn, *bounds)
