"""Experience-weighted attraction: how a party's past payoffs, and those it sees with others, draw it to an option.

Camerer and Ho (1999), "Experience-weighted attraction learning in normal form games", Econometrica 67(4), in the
notation of Ho, Camerer and Chong (2007), J. Economic Theory 133: rho = memory (1 - cumulation).
"""

from __future__ import annotations

import numpy as np


def reinforcement(own: np.ndarray, peers: np.ndarray, foregone_weight: float) -> np.ndarray:
    """What each option adds: the own payoff where it was used, else `foregone_weight` x the peers' mean; NaN unseen.

    `own` float64[agents, options] and `peers` of the same shape, NaN where nothing was observed.
    """
    return np.where(np.isnan(own), foregone_weight * peers, own)


def updated(
    attraction: np.ndarray, experience: np.ndarray, payoff: np.ndarray, memory: float, cumulation: float
) -> tuple[np.ndarray, np.ndarray]:
    """N' = memory (1 - cumulation) N + 1 and A' = (memory N A + payoff) / N'.

    `attraction`, `payoff` float64[agents, options] (NaN: unseen, its attraction stays), `experience` float64[agents]
    (stays where nothing was seen). cumulation 0: A is a weighted mean of payoffs; 1: a discounted sum.
    """
    seen = ~np.isnan(payoff)
    grown = memory * (1.0 - cumulation) * experience + 1.0
    moved = (memory * experience[:, None] * attraction + np.where(seen, payoff, 0.0)) / grown[:, None]
    return np.where(seen, moved, attraction), np.where(seen.any(axis=1), grown, experience)


def choice_probabilities(attraction: np.ndarray, sensitivity: float) -> np.ndarray:
    """Logit: softmax(sensitivity x A) along the last axis. 0: all alike; infinite: the best, ties shared.

    An attraction of -inf is an option that is not open.
    """
    best = attraction.max(axis=-1, keepdims=True)
    behind = np.where(attraction == best, 0.0, attraction - best)
    open_ = np.isfinite(attraction)
    with np.errstate(invalid="ignore"):
        weight = np.where(behind == 0.0, 1.0, np.exp(sensitivity * np.where(open_, behind, -1.0)))
    weight = np.where(open_, weight, 0.0)
    return weight / weight.sum(axis=-1, keepdims=True)


def chosen(probabilities: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """The option that each uniform draw falls on, int64[agents]; `probabilities` float64[agents, options]."""
    cumulative = np.cumsum(probabilities, axis=1)
    last = probabilities.shape[1] - 1 - np.argmax(probabilities[:, ::-1] > 0.0, axis=1)
    return np.minimum((draws[:, None] >= cumulative).sum(axis=1), last)
