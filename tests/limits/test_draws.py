"""Draws: uniform and independent along every coordinate and diagonal that the model uses, by a published battery.

Draws are a fixed function, so a test passes or fails for ever; the level was fixed before the first run: the family
of all tests on all streams fails by chance with probability 0.1 %, shared out evenly (Bonferroni), and both ends count,
for a fit that is too good is a fault as well.
"""

import numpy as np
import pytest
from randomness import battery
from scipy import stats

import colend.rules.application as application
import colend.rules.borrower as borrower
from colend.state import draws
from colend.state.draws import LENDER_NOISE, PILOT_SHIFT, SERVED_COUNT, entity_key, mixed, month_key, uniform

FAMILY_LEVEL = 0.001
SIZE = 2**18
ONE = np.arange(SIZE)
PAIR = (1 + ONE % 8) * 100_000_000 + 2_000_000 + ONE // 8 % 128  # eight platforms with 128 rural banks
# Coordinates (seed, month, entity, purpose) of each stream.
STREAMS = {
    "entities": (0, 0, ONE, 1),
    "months": (0, ONE - 1, 7, 1),
    "seeds": (ONE, 0, 7, 1),
    "lenders of one application": (0, 0, 7, LENDER_NOISE + ONE),
    "purposes of one borrower after the other": (0, 0, ONE // 14, 1 + ONE % 14),
    "months of one borrower after the other": (0, ONE % 72, ONE // 72, 1),
    "borrowers of one month after the other": (0, ONE // 4096, ONE % 4096, 1),
    "seeds of one borrower after the other": (ONE % 20, 0, ONE // 20, 1),
    "lenders of one borrower after the other": (0, 3, ONE // 144, LENDER_NOISE + ONE % 144),
    "seed and month together": (ONE, ONE, 7, 1),
    "month and entity together": (0, ONE, ONE, 1),
    "entity and lender together": (0, 0, ONE, LENDER_NOISE + ONE),
    "entity up, lender down": (0, 0, ONE, LENDER_NOISE + SIZE - 1 - ONE),
    "pairs in months": (0, ONE // 1024, PAIR, SERVED_COUNT),
    "pilots of pairs": (0, -1, PAIR * 1_000 + ONE // 1024, PILOT_SHIFT),
}
TESTS = 16
LEVEL = (
    FAMILY_LEVEL / (len(STREAMS) + 2) / TESTS / 2
)  # the draws that a market makes and the purposes' correlations too


@pytest.fixture(autouse=True)
def wrap_around():
    with np.errstate(over="ignore"):
        yield


def drawn(seed, month, entity, purpose):
    return uniform(entity_key(month_key(seed, month), entity), purpose)


def rejected(sequence):
    """Names of the tests that fail at their level, either end, with their p-values."""
    found = battery(sequence)
    assert len(found) == TESTS
    return {name: p for name, p in found.items() if min(p, 1.0 - p) < LEVEL}


@pytest.mark.parametrize("stream", STREAMS)
def test_a_stream_passes_the_battery(stream, compare):
    """2^18 draws along each coordinate and diagonal, 16 tests, both ends of each p-value at 0.1 % for all together."""
    failed = rejected(drawn(*STREAMS[stream]))
    compare(f"{stream}: tests of {TESTS} below their level", len(failed), 0.0, 0.0)


def test_the_battery_passes_a_good_generator():
    """NumPy's PCG64, three streams: the null distributions are right."""
    generator = np.random.default_rng(2024)
    for _ in range(3):
        assert not rejected((generator.integers(0, 2**52, SIZE) + 0.5) / 2**52)


def congruential(bits):
    """x <- 6364136223846793005 x + 1442695040888963407 (Knuth's MMIX): its `bits` lowest of 64."""
    state, values = 1, np.zeros(SIZE, dtype=np.uint64)
    for i in range(SIZE):
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        values[i] = state % 2**bits
    return (values.astype(np.float64) * 2.0 ** (52 - bits) + 0.5) / 2.0**52


def unmixed(seed, month, entity, purpose):
    """Draws as they are, without the finaliser."""
    key = (np.uint64(seed) + np.uint64(month + 1)) ^ np.uint64(entity)
    return (np.float64((key + np.uint64(purpose)) * draws._GOLDEN >> np.uint64(12)) + 0.5) / 2.0**52


def summed(seed, month, entity, purpose):
    """One good hash of the sum of the coordinates: entity 8's purpose 1 is entity 7's purpose 2."""
    word = mixed(mixed(np.uint64(seed + month + 1) + np.uint64(entity) + np.uint64(purpose)))
    return (np.float64(word >> np.uint64(12)) + 0.5) / 2.0**52


def half_mixed(seed, month, entity, purpose):
    """The finaliser with one of its two rounds, on coordinates as they are."""
    word = (np.uint64(seed + month + 1) ^ np.uint64(entity)) + np.uint64(purpose)
    word = (word ^ (word >> np.uint64(30))) * draws._MULTIPLY_1
    return (np.float64((word ^ (word >> np.uint64(27))) >> np.uint64(12)) + 0.5) / 2.0**52


def test_the_battery_fails_bad_generators():
    """A congruential generator, coordinates unmixed, half mixed, and summed before mixing: each is caught."""
    assert rejected(congruential(52))
    assert len(rejected(unmixed(*STREAMS["entities"]))) > TESTS // 2
    assert rejected(half_mixed(*STREAMS["entities"]))
    assert not rejected(summed(*STREAMS["entities"]))  # only where purposes and entities meet does it show
    assert rejected(summed(*STREAMS["purposes of one borrower after the other"]))


def test_purposes_are_uncorrelated_with_each_other_and_with_neighbours(compare):
    """All purposes of the model, 144 lenders', at a borrower, at the next one, in the next month, under the next seed:
    12 (u - 1/2)(v - 1/2) has mean 0 and variance 1, so of n = 8,192 its mean times sqrt(n) is standard normal, and the
    sum of squares over all couples chi-square."""
    purposes = np.concatenate(
        [
            [*range(1, 29), *range(40, 46), *range(60, 68), 80],
            *(place + np.arange(4) for place in (100, 200, 300)),
            LENDER_NOISE + np.arange(144),
        ]
    )
    number = 8_192
    borrowers = 2 * np.arange(number)
    neighbours = ((0, 0, 0), (0, 0, 1), (0, 1, 0), (1, 0, 0))
    away = np.concatenate(
        [drawn(seed, month, borrowers + more, purposes[:, None]) - 0.5 for seed, month, more in neighbours]
    )
    scores = (12.0 / np.sqrt(number) * away @ away.T)[np.triu_indices(len(away), 1)]
    p = stats.chi2.sf((scores**2).sum(), scores.size)
    compare(
        "purposes and neighbours: sum of squared correlations below its level", float(min(p, 1 - p) < LEVEL), 0.0, 0.0
    )
    level = 2 * stats.norm.sf(np.abs(scores).max()) * scores.size
    assert level > 2 * LEVEL
    assert abs(scores.mean()) < 4 / np.sqrt(scores.size)


@pytest.mark.slow
def test_the_draws_that_a_market_makes_pass_the_battery(make_market, monkeypatch, compare):
    """Every draw of every borrower in a year, in the order of use, each once: what was drawn decides which are
    drawn next, and they are uniform and independent all the same."""
    made = {}

    def noted(key, purpose):
        value = uniform(key, purpose)
        made[int(key), int(purpose)] = float(value)
        return value

    market = make_market(engine="objects", platforms__openness="customers", population__monthly_need=0.5)
    for module in (application, borrower, draws):  # what banks draw is compiled by now, and stays as it was
        monkeypatch.setattr(module, "uniform", noted)
    for _ in range(12):
        market.step()
    sequence = np.array(list(made.values()))
    assert len(sequence) > 2**16
    assert len(set(made.values())) > len(sequence) - 3  # no two purposes are one: 2^52 values hardly ever meet
    compare(f"draws of a market: tests of {TESTS} below their level", len(rejected(sequence)), 0.0, 0.0)
