"""The terms of an offer: what a lender asks of a segment and sees of it, and what a platform brings to it.

They are worked out here alone: parties expect on them (`rules/channels.py`), and borrowers meet them
(`month/offers.py`). Yearly rates, yuan.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from colend.compilation import compiled
from colend.equations.acceptance import Terms, highest_price
from colend.equations.numbers import Row, Whole
from colend.equations.pricing import origination_rate
from colend.rules.regulation import depth_limit
from colend.state.table import Table
from colend.state.tables import JOINT, pair_of
from colend.state.world import World


class Deal(NamedTuple):
    """What partners agree on."""

    openness: Whole
    part: float  # of a loan that the bank funds
    fees: float  # that the bank pays on its part
    income: float  # from them, of the platform on the whole balance


def deal_of(openness: Whole, part: float, fee_rate: float, technology_fee: float) -> Deal:
    """A Deal, of the numbers of a contract; a platform's lender alone funds it all."""
    return Deal(openness, part, fee_rate + technology_fee / max(part, 1e-9), part * fee_rate + technology_fee)


def deal_at(openness: Whole, platform: Row, general: Row) -> Deal:
    """What banks would agree on with a platform at a level of openness."""
    return deal_of(openness, general.funding_share, platform.fee_rate, general.technology_fee[openness])


def depth_at(openness: Whole, trust: float, limit: float, general: Row) -> float:
    """Depth delta at which the platform's score is shared at a level of openness, where rules allow `limit`."""
    depth: float = general.data_share[openness]
    if general.deepens[openness] != 0:
        depth = max(depth, trust)
    return min(depth, limit)


def contract_depths(world: World) -> np.ndarray:
    """delta by contract: how deep the platform shares its score; 0 outside joint programmes."""
    depths = np.zeros(len(world.contracts))
    compiled(depth_rows, allocates=False)(
        world.contracts, world.pairs, len(world.banks), world.outlook.general, depth_limit(world), depths
    )
    return depths


def depth_rows(
    contracts: Table, pairs: Table, banks: int, general: Row, limits: np.ndarray, depths: np.ndarray
) -> None:
    """Fill the depths of joint contracts."""
    for row in range(len(contracts)):
        contract = contracts[row]
        if contract.kind == JOINT:
            pair: int = pair_of(contract.platform, contract.bank, banks)
            depths[row] = depth_at(contract.openness, pairs[pair].trust, limits[pair], general)


class Side(NamedTuple):
    """A lender in a channel, the same in every segment."""

    cost: float  # funds and operating
    fees: float  # that it pays
    hurdle: float
    origination: float  # yuan a loan, of its part
    intercept: float  # of its default threshold
    sight: float  # how much of an applicant it sees, of its precision


def own_side(bank: Row, general: Row) -> Side:
    """A bank in its own channel."""
    return Side(bank.funds_rate + bank.operating_rate, 0.0, bank.hurdle, general.cost_own, bank.own_intercept, 1.0)


def joint_side(bank: Row, pair: Row, deal: Deal, general: Row) -> Side:
    """A bank in joint loans: it pays all of a loan's origination and earns on its part."""
    cost, origination = bank.funds_rate + bank.operating_rate, general.cost_joint / deal.part
    return Side(cost, deal.fees, pair.hurdle, origination, pair.intercept, general.sight[deal.openness])


def lender_side(platform: Row, hurdle: float, general: Row) -> Side:
    """A platform's own lender."""
    cost = platform.funds_rate + platform.operating_rate
    return Side(cost, 0.0, hurdle, general.cost_joint, platform.own_intercept, 1.0)


def view_of(bank: Row, side: Side, segment: Row) -> float:
    """Precision of a bank's own signal of applicants of a segment."""
    view: float = bank.precision * segment.bank_factor * side.sight
    return view


def loan_cost(side: Side, segment: Row) -> float:
    """What a mean loan costs its lender, without losses and hurdle."""
    return side.cost + (side.fees + origination_rate(side.origination, segment.amount_months))


class Brought(NamedTuple):
    """What a platform brings to loans of a segment."""

    price: float  # posted, or the cap
    part: float  # that the bank funds
    precision: float  # of the platform's score
    threshold: float  # of default, as the platform sees it
    fees: float  # that it earns on the whole balance
    cost: float  # of what it funds
    minimum_income: float  # yuan, from which it passes an application on


def brought_by(platform: Row, deal: Deal, general: Row, segment: Row) -> Brought:
    """What a platform brings under a deal; where its lender funds all, that lender's."""
    return Brought(
        min(segment.price_joint, general.rate_cap + deal.income),
        deal.part,
        platform.precision * segment.platform_factor,
        segment.threshold + platform.own_intercept,
        deal.income,
        platform.funds_rate + platform.operating_rate,
        platform.minimum_income,
    )


def brought_by_nobody(segment: Row) -> Brought:
    """A bank's own channel: nothing is shared, and the bank has all."""
    return Brought(segment.price_own, 1.0, 1.0, segment.threshold, 0.0, 0.0, 0.0)


def terms_at(price: float, side: Side, general: Row, segment: Row) -> Terms:
    """A lender's terms at a price."""
    return Terms(
        segment.threshold + side.intercept,
        segment.loading,
        general.loss_given_default,
        loan_cost(side, segment) + side.hurdle,
        price,
        math.log(price / segment.reservation),
        general.reservation_slope,
        general.reservation_sigma,
        general.rational,
        general.risk_based,
    )


def terms_of(side: Side, known: float, price: float, general: Row, segment: Row) -> Terms:
    """A lender's terms where its signals have precision `known` together: at `price`, posted or the cap, or at less
    where prices follow risk and dearer loans would pay less.
    """
    terms = terms_at(price, side, general, segment)
    if not general.risk_based or not general.rational:
        return terms
    return terms_at(highest_price(1.0 / (1.0 + known), terms), side, general, segment)
