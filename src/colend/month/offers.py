"""Step 4, offers: the terms on which every contract serves every segment this month."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from colend.compilation import compiled
from colend.equations.numbers import Row
from colend.equations.relationship import AWAY, HOME, awareness_gain
from colend.equations.signals import sharing_weight
from colend.rules.offer import (
    Brought,
    Side,
    brought_by,
    brought_by_nobody,
    contract_depths,
    deal_of,
    joint_side,
    lender_side,
    own_side,
    terms_of,
    view_of,
)
from colend.rules.regulation import is_local
from colend.state.books import FEN
from colend.state.snapshot import OFFER
from colend.state.table import Table
from colend.state.tables import JOINT, LENDER, NONE, OWN, pair_of, table
from colend.state.world import World


class Parties(NamedTuple):
    """The tables of those who lend together."""

    banks: Table
    platforms: Table
    pairs: Table
    alliances: Table


class Notice(NamedTuple):
    """How borrowers come to know the bank that funds them."""

    gain: float  # of awareness a month at full strength
    visibility: np.ndarray  # float64[openness]
    touch: np.ndarray  # float64[banks, segments, home/away]
    local: np.ndarray  # bool[banks]: may lend in its region only


def build_offers(world: World) -> Table:
    """The terms of every contract for every segment, OFFER[contract, segment]."""
    customers, contracts, terms = world.parameters.customers, world.contracts, world.regulation.terms
    offers = table(OFFER, (len(contracts), len(terms.segments)))
    parties = Parties(world.banks, world.platforms, world.pairs, world.alliances)
    touch = world.outlook.touch[world.banks.touchpoints]
    notice = Notice(customers.awareness_gain, customers.visibility.as_array(), touch, is_local(world))
    hurdle, depths = world.parameters.banks.base_hurdle, contract_depths(world)
    fill = compiled(fill_offers, allocates=False)
    fill(contracts, parties, *terms, depths, notice, hurdle, offers)
    return offers


def fill_offers(
    contracts: Table,
    parties: Parties,
    general: Row,
    segments: Table,
    depths: np.ndarray,
    notice: Notice,
    base_hurdle: float,
    offers: Table,
) -> None:
    """Fill OFFER[contract, segment]; `general` and `segments` are the terms of the rules in force.

    An own channel has no platform and a platform's lender no bank; what an offer then says of them is meaningless.
    """
    for c in range(len(contracts)):
        contract = contracts[c]
        bank, platform = parties.banks[contract.bank], parties.platforms[contract.platform]
        deal = deal_of(contract.openness, contract.funding_share, contract.fee_rate, contract.technology_fee)
        side, seen = own_side(bank, general), 1.0
        if contract.kind == LENDER:
            side = lender_side(platform, base_hurdle, general)
        if contract.kind == JOINT:
            row: int = pair_of(contract.platform, contract.bank, len(parties.banks))
            pair = parties.pairs[row]
            side = joint_side(bank, pair, deal, general)
        if contract.kind != OWN:
            seen = notice.visibility[contract.openness]
        for s in range(len(segments)):
            offer, segment = offers[c, s], segments[s]
            brought = brought_by_nobody(segment)
            if contract.kind != OWN:
                brought = brought_by(platform, deal, general, segment)
            set_lender(offer, contract, parties, general, notice)
            set_capacity(offer, contract, parties)
            set_screening(offer, bank, side, brought, depths[c], segment)
            set_price(offer, side, brought, depths[c], general, segment)
            offer.gain_home = awareness_gain(notice.gain, notice.touch[contract.bank, s, HOME], seen)
            offer.gain_away = awareness_gain(notice.gain, notice.touch[contract.bank, s, AWAY], seen)


def set_lender(offer: Row, contract: Row, parties: Parties, general: Row, notice: Notice) -> None:
    """Who lends, and where."""
    offer.kind, offer.bank, offer.region, offer.home_only = contract.kind, contract.bank, NONE, 0
    if contract.kind != LENDER:
        offer.region, offer.home_only = parties.banks[contract.bank].region, notice.local[contract.bank]
    offer.opens_customers = general.opens_customers[contract.openness] if contract.kind == JOINT else 0


def set_capacity(offer: Row, contract: Row, parties: Parties) -> None:
    """P(there is capacity), with regulation's limits on joint loans and without, and P(the pipeline can serve it)."""
    offer.served = offer.unlimited = offer.admission = 1.0
    if contract.kind == LENDER:
        offer.unlimited = parties.platforms[contract.platform].admission
    else:
        bank = parties.banks[contract.bank]
        offer.unlimited = bank.admission * bank.alive
    if contract.kind == JOINT:
        row: int = pair_of(contract.platform, contract.bank, len(parties.banks))
        offer.admission = parties.pairs[row].admission
        offer.served = parties.alliances[contract.alliance].share_served
    offer.admission = offer.unlimited * offer.admission


def set_screening(offer: Row, bank: Row, side: Side, brought: Brought, depth: float, segment: Row) -> None:
    """What lender and platform see, and what is shared at `depth`."""
    offer.platform_precision, offer.platform_threshold = brought.precision, brought.threshold
    offer.precision = brought.precision if offer.kind == LENDER else view_of(bank, side, segment)
    offer.intercept, offer.threshold = side.intercept, segment.threshold + side.intercept
    offer.sharing_weight, offer.sharing_noise = 0.0, 0.0
    if depth > 0.0:
        offer.sharing_weight = sharing_weight(1.0 / (1.0 + offer.precision), offer.platform_precision, depth)
        offer.sharing_noise = math.sqrt((1.0 / max(depth, 1e-12) - 1.0) / offer.platform_precision)


def set_price(offer: Row, side: Side, brought: Brought, depth: float, general: Row, segment: Row) -> None:
    """Costs, the price, what the platform earns on it, and the most expected loss that the lender prices in, where
    prices follow risk and dearer loans would pay less.
    """
    offer.base_rate, offer.origination_cost = side.cost + side.hurdle + side.fees, side.origination * FEN
    offer.price, offer.acceptance = brought.price, math.log(brought.price / segment.reservation)
    offer.fee_income, offer.platform_part = brought.fees, 1.0 - brought.part
    offer.interest_margin = brought.price - brought.cost
    offer.minimum_income = brought.minimum_income * FEN
    asked = terms_of(side, offer.precision + depth * brought.precision, brought.price, general, segment)
    offer.loss_limit = math.inf
    if asked.price < offer.price:
        offer.loss_limit = max(asked.price - asked.base_rate, 0.0)
