"""Who meets whom: bank-proposing deferred acceptance (Gale and Shapley 1962), platforms' free slots as quotas."""

from __future__ import annotations

import numpy as np


def deferred_acceptance(
    bank_worth: np.ndarray,
    platform_worth: np.ndarray,
    bank_quota: np.ndarray,
    platform_quota: np.ndarray,
    tie: np.ndarray,
) -> list[tuple[int, int]]:
    """Stable matching of platforms and banks; returns (platform, bank) pairs in order of platform, then bank.

    `bank_worth` and `platform_worth` are float64[platforms, banks], what the pair is worth to each side, -inf where
    it may not meet; only pairs worth more than 0 to both are considered. Equal worth is ordered by `tie` (lower
    first). A bank proposes to its best platforms first, up to its quota at a time; the result is the best stable one
    for banks.
    """
    platforms = len(bank_worth)
    acceptable = (bank_worth > 0.0) & (platform_worth > 0.0)
    able = np.flatnonzero(acceptable.any(axis=0) & (bank_quota > 0))
    proposals = {}
    for bank in able.tolist():
        choice = np.flatnonzero(acceptable[:, bank])
        order = np.lexsort((tie[choice, bank], -bank_worth[choice, bank]))
        proposals[bank] = choice[order][::-1].tolist()  # best last, so that it is popped first
    quota, room = bank_quota.tolist(), platform_quota.tolist()
    held: list[list[int]] = [[] for _ in range(platforms)]

    def least_liked(platform: int) -> int:
        return min(held[platform], key=lambda bank: (platform_worth[platform, bank], -tie[platform, bank]))

    engaged = dict.fromkeys(proposals, 0)
    waiting = list(proposals)
    while waiting:
        bank = waiting.pop()
        while engaged[bank] < quota[bank] and proposals[bank]:
            platform = proposals[bank].pop()
            held[platform].append(bank)
            engaged[bank] += 1
            if len(held[platform]) > room[platform]:
                worst = least_liked(platform)
                held[platform].remove(worst)
                engaged[worst] -= 1
                if worst != bank:
                    waiting.append(worst)
    return [(platform, bank) for platform in range(platforms) for bank in sorted(held[platform])]
