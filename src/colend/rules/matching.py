"""Who meets whom: bank-proposing deferred acceptance (Gale and Shapley 1962), platforms' free slots as quotas."""

from __future__ import annotations

import numpy as np


def deferred_acceptance(
    bank_worth: np.ndarray, platform_worth: np.ndarray, bank_quota: np.ndarray, platform_quota: np.ndarray, tie: np.ndarray
) -> list[tuple[int, int]]:
    """Stable matching of platforms and banks; returns (platform, bank) pairs in order of platform, then bank.

    `bank_worth` and `platform_worth` are float64[platforms, banks], what the pair is worth to each side, -inf where it may not meet; only
    pairs worth more than 0 to both are considered. Equal worth is ordered by `tie` (lower first). A bank proposes to its best platforms first, up to its
    quota at a time; the result is the best stable one for banks.
    """
    platforms, banks = bank_worth.shape
    acceptable = (bank_worth > 0.0) & (platform_worth > 0.0)
    proposals = []
    for bank in range(banks):
        choice = np.flatnonzero(acceptable[:, bank])
        order = np.lexsort((tie[choice, bank], -bank_worth[choice, bank]))
        proposals.append(list(choice[order]))
    held: list[list[int]] = [[] for _ in range(platforms)]
    engaged = np.zeros(banks, dtype=np.int64)
    waiting = [bank for bank in range(banks) if proposals[bank] and bank_quota[bank] > 0]
    while waiting:
        bank = waiting.pop()
        while engaged[bank] < bank_quota[bank] and proposals[bank]:
            platform = proposals[bank].pop(0)
            held[platform].append(bank)
            engaged[bank] += 1
            if len(held[platform]) > platform_quota[platform]:
                worst = min(held[platform], key=lambda b: (platform_worth[platform, b], -tie[platform, b]))
                held[platform].remove(worst)
                engaged[worst] -= 1
                if worst != bank:
                    waiting.append(worst)
    return [(platform, bank) for platform in range(platforms) for bank in sorted(held[platform])]
