"""Step 4, offers: the terms on which every contract serves every segment this month."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from colend.compilation import compiled
from colend.equations.numbers import Row
from colend.equations.pricing import origination_rate
from colend.equations.relationship import AWAY, HOME, awareness_gain
from colend.equations.signals import sharing_weight
from colend.rules.channels import most_asked
from colend.rules.prospects import contract_depths
from colend.rules.regulation import is_local
from colend.state.books import FEN
from colend.state.snapshot import OFFER
from colend.state.table import Table
from colend.state.tables import JOINT, LENDER, NONE, OWN, table
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


class Side(NamedTuple):
    """What a contract asks and can do, the same in every segment."""

    base_rate: float  # funds + operating + fee + hurdle, a year
    origination: float  # yuan a loan
    intercept: float  # of the lender's default threshold
    limited: float  # part for which regulation's limits have room
    served: float  # probability that the pipeline can serve an application
    unlimited: float  # probability that there is capacity without those limits
    sight: float  # how much of an applicant the bank sees
    seen: float  # how much of the bank a borrower sees


def build_offers(world: World, segments: Table) -> Table:
    """The terms of every contract for every segment, OFFER[contract, segment]; `segments` is SEGMENT_MONTH."""
    customers, contracts, terms = world.parameters.customers, world.contracts, world.regulation.terms
    offers = table(OFFER, (len(contracts), len(segments)))
    parties = Parties(world.banks, world.platforms, world.pairs, world.alliances)
    touch = world.outlook.touch[world.banks.touchpoints]
    notice = Notice(customers.awareness_gain, customers.visibility.as_array(), touch, is_local(world))
    hurdle, depths = world.parameters.banks.base_hurdle, contract_depths(world)
    fill = compiled(fill_offers, allocates=False)
    fill(contracts, parties, terms.general, terms.segments, segments, depths, notice, hurdle, offers)
    return offers


def fill_offers(
    contracts: Table,
    parties: Parties,
    general: Row,
    terms: Table,
    segments: Table,
    depths: np.ndarray,
    notice: Notice,
    base_hurdle: float,
    offers: Table,
) -> None:
    """Fill OFFER[contract, segment]; `general` and `terms` are GENERAL_TERMS and SEGMENT_TERMS of the rules in force.

    An own channel has no platform and a platform's lender no bank; what an offer then says of them is meaningless.
    """
    for c in range(len(contracts)):
        contract = contracts[c]
        side = side_of(contract, parties, general, notice, base_hurdle)
        for s in range(len(segments)):
            offer = offers[c, s]
            set_lender(offer, contract, parties, general, notice)
            set_price(offer, contract, parties, side, general, terms[s], segments[s])
            set_screening(offer, contract, parties, side, terms[s], segments[s], depths[c])
            set_limit(offer, side, general, terms[s], depths[c])
            offer.gain_home = awareness_gain(notice.gain, notice.touch[contract.bank, s, HOME], side.seen)
            offer.gain_away = awareness_gain(notice.gain, notice.touch[contract.bank, s, AWAY], side.seen)


def side_of(contract: Row, parties: Parties, general: Row, notice: Notice, base_hurdle: float) -> Side:
    """The Side of a contract."""
    bank, platform = parties.banks[contract.bank], parties.platforms[contract.platform]
    seen = notice.visibility[contract.openness]
    if contract.kind == JOINT:
        pair = parties.pairs[contract.platform * len(parties.banks) + contract.bank]
        served = parties.alliances[contract.alliance].share_served
        fee = contract.fee_rate + contract.technology_fee / max(contract.funding_share, 1e-9)
        base = bank.funds_rate + bank.operating_rate + pair.hurdle + fee
        origination = general.cost_joint / contract.funding_share  # the bank pays it all and earns on its part
        sight = general.sight[contract.openness]
        return Side(base, origination, pair.intercept, pair.admission, served, bank.admission * bank.alive, sight, seen)
    if contract.kind == OWN:
        base = bank.funds_rate + bank.operating_rate + bank.hurdle
        return Side(base, general.cost_own, bank.own_intercept, 1.0, 1.0, bank.admission * bank.alive, 1.0, 1.0)
    base = platform.funds_rate + platform.operating_rate + base_hurdle
    return Side(base, general.cost_joint, platform.own_intercept, 1.0, 1.0, platform.admission, 1.0, seen)


def set_lender(offer: Row, contract: Row, parties: Parties, general: Row, notice: Notice) -> None:
    """Who lends, and where."""
    offer.kind, offer.bank, offer.region, offer.home_only = contract.kind, contract.bank, NONE, 0
    if contract.kind != LENDER:
        offer.region, offer.home_only = parties.banks[contract.bank].region, notice.local[contract.bank]
    offer.opens_customers = general.opens_customers[contract.openness] if contract.kind == JOINT else 0


def set_price(offer: Row, contract: Row, parties: Parties, side: Side, general: Row, terms: Row, segment: Row) -> None:
    """Costs, the price, and what the platform earns on it."""
    platform = parties.platforms[contract.platform]
    fee_income = contract.funding_share * contract.fee_rate + contract.technology_fee
    offer.base_rate, offer.origination_cost = side.base_rate, side.origination * FEN
    offer.price = terms.price_own
    if contract.kind != OWN:
        offer.price = min(terms.price_joint, general.rate_cap + (fee_income if contract.kind == JOINT else 0.0))
    offer.acceptance = math.log(offer.price / segment.reservation)
    offer.fee_income, offer.platform_part = fee_income, 1.0 - contract.funding_share
    offer.interest_margin = offer.price - (platform.funds_rate + platform.operating_rate)
    offer.minimum_income = general.minimum_income * FEN


def set_screening(
    offer: Row, contract: Row, parties: Parties, side: Side, terms: Row, segment: Row, depth: float
) -> None:
    """What lender and platform see, and what is shared at `depth`; whether there is capacity."""
    bank, platform = parties.banks[contract.bank], parties.platforms[contract.platform]
    offer.platform_precision = platform.precision * terms.platform_factor
    offer.precision = bank.precision * terms.bank_factor * side.sight
    if contract.kind == LENDER:
        offer.precision = offer.platform_precision
    offer.intercept, offer.threshold = side.intercept, segment.threshold + side.intercept
    offer.platform_threshold = segment.threshold + platform.own_intercept
    offer.unlimited, offer.admission, offer.served = side.unlimited, side.unlimited * side.limited, side.served
    offer.sharing_weight, offer.sharing_noise = 0.0, 0.0
    if depth > 0.0:
        offer.sharing_weight = sharing_weight(1.0 / (1.0 + offer.precision), offer.platform_precision, depth)
        offer.sharing_noise = math.sqrt((1.0 / max(depth, 1e-12) - 1.0) / offer.platform_precision)


def set_limit(offer: Row, side: Side, general: Row, terms: Row, depth: float) -> None:
    """The most expected loss that the lender prices in, where prices follow risk and dearer loans would pay less."""
    cost = side.base_rate + origination_rate(side.origination, terms.amount_months)
    known = offer.precision + depth * offer.platform_precision
    asked = most_asked(known, offer.threshold, terms.loading, cost, offer.price, offer.acceptance, general)
    offer.loss_limit = math.inf
    if asked < offer.price:
        offer.loss_limit = max(asked - cost, 0.0)
