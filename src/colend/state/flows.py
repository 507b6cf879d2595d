"""What moved in a month, one definition for measures and for the fishing test."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from colend.state.books import FEN
from colend.state.world import World


class OwnChannels(NamedTuple):
    """The month of the banks' own channels, float64[banks], yuan."""

    owed: np.ndarray  # at its start: at the end, less what was paid out, and what was repaid and went into default
    lost: np.ndarray  # charged off after recoveries


def own_channels(world: World) -> OwnChannels:
    """What each bank's own channel owed and lost this month; own channels are the first contracts."""
    banks, yuan = len(world.banks), world.scale / FEN
    sums = world.contract_totals[:banks]
    gone = (sums.repaid + sums.defaulted - sums.originated) * yuan
    return OwnChannels(world.contracts.balance[:banks] / FEN + gone, (sums.defaulted - sums.recovered) * yuan)
