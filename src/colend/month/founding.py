"""Before the first month: everybody who is there, what they own, and what they expect."""

from __future__ import annotations

import numpy as np

from colend.month.alliances import open_contract
from colend.month.choices import choose_first
from colend.month.expectations import refresh_prospects
from colend.month.forecasts import note_forecasts
from colend.month.plans import set_capacity
from colend.month.regulation import set_regulation
from colend.month.routing import route
from colend.rules.adaptive import agreed_sequencing
from colend.rules.alliance import found_pairs, pair_entities, share_tables
from colend.rules.bank import done, initial_customers
from colend.rules.founding import customer_shares, found_banks, found_borrowers, found_platforms
from colend.rules.outlook import open_outlook
from colend.rules.platform import expected_applications
from colend.rules.prospects import own_need
from colend.rules.regulation import lending_terms
from colend.scenario.regulation import OPEN
from colend.scenario.setting import Setting
from colend.state.books import Books, Flow, fen
from colend.state.outlook import Calibration
from colend.state.regulation import Regulation
from colend.state.tables import ALLIANCE, CONTRACT, LENDER, NONE, OWN, table
from colend.state.world import World


def found_world(setting: Setting, seed: int, threads: int) -> World:
    """The world of a setting before its first month; `seed` numbers the replication."""
    world = World(setting, seed, threads)
    world.month, world.systematic_factor = 0, 0.0
    world.history, world.year_ends = [], []
    found_parties(world)
    open_books(world)
    acquaint(world)
    terms = lending_terms(setting.parameters, OPEN)
    world.regulation, world.default_threshold = Regulation(terms, terms), terms.segments.threshold.copy()
    set_regulation(world)
    prepare_plans(world)
    return world


def found_parties(world: World) -> None:
    """Banks, platforms, and borrowers with their banks."""
    parameters, seed = world.parameters, world.seed
    world.banks, world.platforms = found_banks(parameters, seed), found_platforms(parameters, seed)
    choose_first(world)
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
        open_contract(world, OWN, bank, NONE, funding_share=1.0)
    world.lender_rows = np.array([open_contract(world, LENDER, NONE, row) for row in range(len(platforms))])


def acquaint(world: World) -> None:
    """Every platform and every bank, before they have met."""
    world.pair_entities = pair_entities(world.banks, world.platforms)
    world.share_table, world.pilot_share_table = share_tables(world.parameters.alliances)
    world.pairs = found_pairs(world)
    world.pair_sequencing = agreed_sequencing(world)


def prepare_plans(world: World) -> None:
    """What plans rest on before the first month: expectations, and routing by them."""
    banks, platforms = world.banks, world.platforms
    world.calibration = Calibration.empty(len(world.pairs) + len(banks) + len(platforms))
    world.outlook = outlook = open_outlook(world)
    applications = expected_applications(world.parameters)
    platforms.applications = applications.sum(axis=1)
    outlook.mix = applications / np.maximum(applications.sum(axis=1, keepdims=True), 1e-300)
    set_capacity(world)
    refresh_prospects(world)
    outlook.own_applications = initial_customers(world) * own_need(world)
    outlook.experience = (outlook.own_applications * outlook.own_loans).sum(axis=1)
    outlook.effort = done(world)
    outlook.lender_lending = applications @ outlook.segments.amount
    refresh_prospects(world)  # once more: the worth of precision now counts the own channel
    route(world)
    note_forecasts(world, made=-1)
