"""Deferred acceptance: no blocking pair, quotas kept, best for banks, against enumeration."""

import itertools

import numpy as np
import pytest

from colend.rules.matching import deferred_acceptance


def market(generator, platforms, banks):
    worth = generator.normal(0.5, 1.0, (2, platforms, banks))
    worth[:, generator.random((platforms, banks)) < 0.15] = -np.inf  # already partners
    return (
        worth[0],
        worth[1],
        generator.integers(0, 3, banks),
        generator.integers(0, 4, platforms),
        generator.random((platforms, banks)),
    )


def partners(matching, side, row):
    return [pair for pair in matching if pair[side] == row]


def blocks(matching, bank_worth, platform_worth, bank_quota, platform_quota, platform, bank):
    """Whether the two would rather be together: each has room, or would drop somebody for the other."""
    if (platform, bank) in matching or bank_worth[platform, bank] <= 0 or platform_worth[platform, bank] <= 0:
        return False
    banks, platforms = partners(matching, 0, platform), partners(matching, 1, bank)
    platform_wants = len(banks) < platform_quota[platform] or any(
        platform_worth[platform, bank] > platform_worth[pair] for pair in banks
    )
    bank_wants = len(platforms) < bank_quota[bank] or any(bank_worth[platform, bank] > bank_worth[p] for p in platforms)
    return platform_wants and bank_wants and platform_quota[platform] > 0 and bank_quota[bank] > 0


def stable(matching, *terms):
    bank_worth = terms[0]
    return not any(blocks(matching, *terms, p, b) for p, b in np.ndindex(bank_worth.shape))


@pytest.mark.parametrize("seed", range(40))
def test_no_pair_would_rather_be_together(seed):
    terms = market(np.random.default_rng(seed), platforms=4, banks=9)
    matching = deferred_acceptance(*terms)
    assert len(set(matching)) == len(matching)
    for platform, bank in matching:
        assert terms[0][platform, bank] > 0
        assert terms[1][platform, bank] > 0
    assert all(len(partners(matching, 1, bank)) <= quota for bank, quota in enumerate(terms[2]))
    assert all(len(partners(matching, 0, platform)) <= quota for platform, quota in enumerate(terms[3]))
    assert stable(matching, *terms[:4])


@pytest.mark.parametrize("seed", range(25))
def test_best_stable_matching_for_banks_by_enumeration(seed):
    """All matchings of two platforms and four banks with one slot each: no stable one suits any bank better."""
    generator = np.random.default_rng(100 + seed)
    bank_worth, platform_worth, _, _, tie = market(generator, 2, 4)
    quotas = np.ones(4, dtype=np.int64), np.array([1, 2])
    found = {bank: platform for platform, bank in deferred_acceptance(bank_worth, platform_worth, *quotas, tie)}
    for choice in itertools.product((None, 0, 1), repeat=4):
        matching = [(platform, bank) for bank, platform in enumerate(choice) if platform is not None]
        if any(bank_worth[pair] <= 0 or platform_worth[pair] <= 0 for pair in matching):
            continue
        if any(len(partners(matching, 0, p)) > quotas[1][p] for p in (0, 1)):
            continue
        if not stable(matching, bank_worth, platform_worth, *quotas):
            continue
        for platform, bank in matching:
            assert bank in found
            assert bank_worth[found[bank], bank] >= bank_worth[platform, bank]


def test_ties_are_broken_by_the_draw():
    worth = np.ones((1, 2))
    for tie, chosen in (([[0.1, 0.9]], 0), ([[0.9, 0.1]], 1)):
        assert deferred_acceptance(worth, worth, np.ones(2, int), np.ones(1, int), np.array(tie)) == [(0, chosen)]
