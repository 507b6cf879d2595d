"""Before the first month: everybody who is there, what they own, and what they expect."""

from __future__ import annotations

import numpy as np

from colend.equations.default import solve_threshold
from colend.rules.adaptive import first_choices
from colend.rules.alliance import found_pairs
from colend.rules.bank import prepare_plans
from colend.rules.founding import customer_shares, found_banks, found_borrowers, found_platforms
from colend.rules.regulation import set_regulation
from colend.scenario.parameters.credit import Credit
from colend.scenario.setting import Setting
from colend.state.books import Books, Flow, fen
from colend.state.regulation import Regulation
from colend.state.tables import ALLIANCE, CONTRACT, LENDER, NONE, OWN, table
from colend.state.world import World


def found_world(setting: Setting, seed: int, threads: int) -> World:
    """The world of a setting before its first month; `seed` numbers the replication."""
    world = World(setting, seed, threads)
    world.month, world.systematic_factor = 0, 0.0
    world.history, world.year_ends = [], []
    world.default_threshold = thresholds(setting.parameters.credit)
    found_parties(world)
    open_books(world)
    world.pairs = found_pairs(world)
    world.regulation = Regulation()
    set_regulation(world)
    prepare_plans(world)
    return world


def thresholds(credit: Credit) -> np.ndarray:
    """The default threshold of each segment, from its yearly rate of default."""
    numbers = zip(credit.annual_default_rate.as_array(), credit.default_loading.as_array(), strict=True)
    return np.array([solve_threshold(rate, loading) for rate, loading in numbers])


def found_parties(world: World) -> None:
    """Banks, platforms, and borrowers with their banks."""
    parameters, seed = world.parameters, world.seed
    world.banks, world.platforms = found_banks(parameters, seed), found_platforms(parameters, seed)
    first_choices(world)
    world.customer_shares = customer_shares(parameters, world.banks)
    world.borrowers = found_borrowers(parameters, seed, world.customer_shares)
    owners = world.borrowers.owner
    customers = np.bincount(owners[owners != NONE], minlength=len(world.banks))
    world.banks.initial_customers = customers * float(world.scale)


def open_books(world: World) -> None:
    """Accounts of all, what owners put in, own channels of banks and the platforms' own lenders."""
    banks, platforms = world.banks, world.platforms
    world.books = books = Books(len(banks), len(platforms))
    equity = np.append(banks.equity, platforms.equity)
    books.post(books.shareholders, np.arange(len(equity)), fen(equity), Flow.OPENING_BALANCE)
    world.contracts, world.alliances = table(CONTRACT, 0), table(ALLIANCE, 0)
    for bank in range(len(banks)):
        world.open_contract(OWN, bank, NONE, NONE, 0, 1.0, 0.0, 0.0)
    world.lender_rows = np.array(
        [world.open_contract(LENDER, NONE, row, NONE, 0, 0.0, 0.0, 0.0) for row in range(len(platforms))]
    )
