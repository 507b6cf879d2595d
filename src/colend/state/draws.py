"""Random draws that are functions: of (seed, entity, month, purpose), never of call order.

Two arms of a scenario therefore share every draw that both make, adding an agent changes nobody else's draws, and the
number of threads cannot matter. The generator is splitmix64's finaliser (Steele, Lea, Flood 2014) applied to the mixed
coordinates; its constants are from that paper.
"""

from __future__ import annotations

import functools

import numpy as np

from colend.compilation import compiled
from colend.equations.normal import normal_quantile
from colend.equations.numbers import Whole

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MULTIPLY_1 = np.uint64(0xBF58476D1CE4E5B9)
_MULTIPLY_2 = np.uint64(0x94D049BB133111EB)
_SHIFT_30, _SHIFT_27, _SHIFT_31, _SHIFT_12 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(12)
_UNIT = 2.0**-52

# Purposes, one number each; never reuse or renumber: that would change every result. Borrowers, month by month:
DEFAULT, NEED, OWN_CHANNEL, TERM, PRODUCT, PLATFORM_SCORE, SHARED_NOISE, BUREAU_NOISE = range(1, 9)
CONVERSION, SWITCH, ATTRITION, ARRIVAL, ARRIVAL_BANK, CASH_OFFER = range(9, 15)
# ... per place in the waterfall (added to the place), and per lender (added to its number)
ROUTE, ADMISSION, SERVED, LENDER_NOISE = 100, 200, 300, 1_000
# Borrowers, once:
SEGMENT, REGION, CREDITWORTHINESS, AMOUNT, RESERVATION, SCENE, OWNER, OWNER_BANK = range(20, 28)
# Banks, platforms, once:
SIZE, TALENT, HORIZON, LEGACY, CAPITAL, OTHER = range(40, 46)
# Pairs and alliances:
FIT, PRIOR, OPERATION, SERVED_COUNT, MEETING, TIE, PILOT_SHIFT, POWER = range(60, 68)
# Adaptive choices of banks and platforms:
SEQUENCING_CHOICE, OPENNESS_CHOICE = 70, 71
# The economy:
MACRO = 80


def mixed(x: np.uint64) -> np.uint64:
    """splitmix64's finaliser: a bijection of 64 bits in which every input bit changes half of the output bits."""
    x = (x ^ (x >> _SHIFT_30)) * _MULTIPLY_1
    x = (x ^ (x >> _SHIFT_27)) * _MULTIPLY_2
    return x ^ (x >> _SHIFT_31)


def month_key(seed: int, month: int) -> np.uint64:
    """The part of a draw's coordinates that all entities share in a month; month -1 is before the start."""
    return mixed(mixed(np.uint64(seed) + _GOLDEN) + np.uint64(month + 1) * _GOLDEN)


@functools.lru_cache(maxsize=16)
def key_of_month(seed: int, month: int) -> np.uint64:
    """`month_key`, worked out once: all draws of a month ask for it."""
    with np.errstate(over="ignore"):
        return month_key(seed, month)


def entity_key(key: np.uint64, entity: Whole) -> np.uint64:
    """Coordinates of one entity in that month."""
    return mixed(key ^ (np.uint64(entity) * _GOLDEN + _MULTIPLY_2))


def uniform(key: np.uint64, purpose: int) -> float:
    """A draw in the open interval (0, 1) for an entity's key and a purpose."""
    bits = mixed(key + np.uint64(purpose) * _GOLDEN) >> _SHIFT_12
    return (np.float64(bits) + 0.5) * _UNIT


def draw_each(key: np.uint64, entities: np.ndarray, purpose: int, draws: np.ndarray) -> None:
    """A uniform draw for each of the entities on a month's key."""
    for i in range(len(entities)):
        draws[i] = uniform(entity_key(key, entities[i]), purpose)


def uniforms(seed: int, month: int, entities: np.ndarray, purpose: int) -> np.ndarray:
    """One uniform draw for each of many entities in a month, float64 in their shape."""
    numbers, draws = np.ascontiguousarray(entities, dtype=np.int64).ravel(), np.empty(entities.size)
    compiled(draw_each, allocates=False)(key_of_month(seed, month), numbers, purpose, draws)
    return draws.reshape(entities.shape)


def normal(key: np.uint64, purpose: int) -> float:
    """A standard normal draw for an entity's key and a purpose."""
    return normal_quantile(uniform(key, purpose))
