"""Regulation: rules with a number each, in force by date, and what each means for who may lend what to whom.

A rule is a limit that lenders plan with, never an act of theirs. A limit L on a stock S of joint loans raises the
hurdle as a capital ratio of minimum x L / S would, lowers what a bank offers its partner (kappa) and the probability
that an application finds room. Loans made before a rule run off; contracts whose terms it forbids are made anew.
Section 8 of the model. Yuan and yearly rates.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from colend.equations.capacity import admission, headroom, hurdle, monthly_runoff, offered_lending
from colend.rules.alliance import alliances_in, pairs_of
from colend.rules.alliance_worth import BANK, party_terms
from colend.rules.outlook import general_terms, mean_term, segment_terms
from colend.scenario.parameters import BANK_KINDS, Parameters
from colend.scenario.regulation import Regime, Rule, month_number
from colend.state.books import FEN
from colend.state.outlook import LendingTerms
from colend.state.regulation import STOCK_LIMITS
from colend.state.tables import (
    DECIDING,
    DORMANT,
    INTEGRATING,
    JOINT,
    OPERATING,
    PILOT,
    PILOT_SETUP,
    SIGNED,
    pair_of,
)
from colend.state.world import World

RUNNING = (DECIDING, PILOT_SETUP, PILOT, SIGNED, INTEGRATING, OPERATING, DORMANT)
REGIONAL = np.array([kind.regional for kind in BANK_KINDS.values()])


def regime_of(rules: Iterable[Rule]) -> Regime:
    """The regime that these rules make together."""
    numbers: dict[str, Any] = {rule.name: rule.value for rule in rules}
    return Regime(**numbers)


def known_rules(policy: Sequence[Rule], month: int) -> tuple[list[Rule], list[Rule]]:
    """The rules in force in a calendar month, and those that are announced by then and come later."""
    announced = [rule for rule in policy if month < month_number(rule.start) <= month + rule.notice_months]
    return [rule for rule in policy if holds(rule, month)], announced


def holds(rule: Rule, month: int) -> bool:
    """Whether a rule is in force in a calendar month."""
    return month_number(rule.start) <= month and (rule.until is None or month < month_number(rule.until))


def lending_terms(parameters: Parameters, regime: Regime) -> LendingTerms:
    """GENERAL_TERMS and SEGMENT_TERMS of a scenario with the funding share and the prices that a regime allows."""
    general, segments = general_terms(parameters), segment_terms(parameters)
    general.funding_share = bank_share(parameters, regime)
    general.rate_cap = regime.rate_cap
    segments.price_joint = np.minimum(segments.price_joint, regime.all_in_cost_cap)
    segments.price_own = np.minimum(segments.price_own, min(regime.all_in_cost_cap, regime.rate_cap))
    return LendingTerms(general, segments)


def bank_share(parameters: Parameters, regime: Regime) -> float:
    """The bank's part of new joint loans."""
    return min(parameters.alliances.funding_share, 1.0 - regime.minimum_platform_share)


def is_local(world: World) -> np.ndarray:
    """bool[banks]: those that may lend in their own region only, as things stand."""
    bound = world.regulation.now.home_region_only != 0.0
    return bound & REGIONAL[world.banks.kind]


def home_share(world: World) -> np.ndarray:
    """Share of each bank's joint borrowers who live in its region: all where it may lend nowhere else."""
    return np.where(is_local(world), 1.0, 1.0 / world.parameters.population.regions)


def region_weights(world: World) -> np.ndarray:
    """How much of what a bank offers goes to each part of the world, float64[parts, banks].

    One part, the country, while everybody lends everywhere; else the regions, local banks in their own and the others
    evenly in all.
    """
    banks, regions = world.banks, world.parameters.population.regions
    if regions == 1 or world.regulation.now.home_region_only == 0.0:
        return np.ones((1, len(banks)))
    here = banks.region == np.arange(regions)[:, None]
    return np.where(is_local(world), here.astype(np.float64), 1.0 / regions)


def depth_limit(world: World) -> np.ndarray:
    """Deepest sharing of the score that each pair is allowed, float64[pairs], inf for any.

    At depth delta the score has precision delta tau_p. Own risk control: that is at most `maximum_score_reliance` times
    the bank's own precision, in the segment where it is largest against it; segments in which nobody is do not count.
    """
    regime, credit = world.regulation.now, world.parameters.credit
    if np.isinf(regime.maximum_score_reliance):
        return np.full(len(world.pairs), regime.maximum_sharing_depth)
    ratio = credit.bank_precision_factor.as_array() / credit.platform_precision_factor.as_array()
    least = ratio[inhabited(world.parameters)].min()
    own = regime.maximum_score_reliance * world.banks.precision * least
    return np.minimum(own / world.platforms.precision[:, None], regime.maximum_sharing_depth).ravel()


def inhabited(parameters: Parameters) -> np.ndarray:
    """bool[segments]: those in which anybody is."""
    return parameters.population.segment_share.as_array() > 0.0


def joint_stocks(world: World) -> np.ndarray:
    """Yuan of its part of joint loans that each bank has with each platform, float64[pairs]."""
    contracts = world.contracts
    joint = contracts.kind == JOINT
    pair = pair_of(contracts.platform[joint], contracts.bank[joint], len(world.banks))
    return np.bincount(pair, world.books.bank_claims[joint] / FEN, len(world.pairs))


def stock_limits(world: World, stocks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Yuan of joint loans allowed with one platform by the bank's capital, and with all by its loans; [pairs], [banks].

    J / (J + others) <= q is J <= others q / (1 - q); others are own-channel loans and the exogenous other assets.
    """
    regime, banks = world.regulation.now, world.banks
    number = len(banks)
    to_capital = regime.maximum_partner_to_capital * np.maximum(banks.equity, 1e-9)
    share = regime.maximum_joint_share
    odds = share / (1.0 - share) if share < 1.0 else np.inf
    others = banks.consumer_loans - stocks.reshape(-1, number).sum(axis=0) + banks.other_risk_weighted_assets
    return np.tile(to_capital, len(stocks) // number), odds * np.maximum(others, 1e-9)


def limits(world: World) -> tuple[np.ndarray, np.ndarray]:
    """What the limits on stocks do to plans: the hurdle of joint lending, float64[pairs], and the most that a bank
    offers each partner, yuan a month, float64[platforms, banks].

    Where no limit is nearer than capital, the hurdle is the bank's.
    """
    banks, group, regime = world.banks, world.parameters.banks, world.regulation.now
    number, platforms = len(banks), len(world.platforms)
    own = np.tile(banks.hurdle, platforms)
    if not regime.limits_stocks:
        return own, np.full((platforms, number), np.inf)
    stocks = joint_stocks(world)
    whole = stocks.reshape(-1, number).sum(axis=0)
    with_one, with_all = stock_limits(world, stocks)
    distance = np.minimum(ratio(with_one, stocks), np.tile(ratio(with_all, whole), platforms))
    as_capital = group.minimum_ratio * distance
    nearer = as_capital < np.tile(banks.capital_ratio, platforms)
    raised = hurdle(as_capital, group.minimum_ratio, group.base_hurdle, group.hurdle_slope, group.hurdle_scale)

    term, months = mean_term(world.parameters), group.headroom_months
    operating = alliances_in(world, OPERATING)
    partners = np.bincount(world.alliances.bank[operating], minlength=number)
    one = offered_lending(np.maximum(with_one - stocks, 0.0), monthly_runoff(stocks, term), months, 1)
    every = offered_lending(np.maximum(with_all - whole, 0.0), monthly_runoff(whole, term), months, partners)
    return np.where(nearer, raised, own), np.minimum(one.reshape(-1, number), every)


def ratio(limit: np.ndarray, stock: np.ndarray) -> np.ndarray:
    """limit / stock, inf where there is no stock."""
    return np.divide(limit, stock, out=np.full(len(stock), np.inf), where=stock > 0.0)


class Room(NamedTuple):
    """What each limit on stocks leaves, [limit, pair]."""

    admission: np.ndarray  # the part of a month's joint lending for which it has room
    yuan: np.ndarray  # of joint loans more, inf where there is no limit


def room_left(world: World, expected: np.ndarray) -> Room:
    """What the limits on stocks leave of `expected`, the banks' part that is asked of each pair, yuan.

    One filter after the other, each on what is left: the pair's own limit, the bank's limit on all joint loans, then,
    where platforms must fund a share, the capital of the platform's lender.
    """
    regime, term, number = world.regulation.now, mean_term(world.parameters), len(world.banks)
    platforms = len(world.platforms)
    filters = np.ones((len(STOCK_LIMITS), len(world.pairs)))
    room = np.full((len(STOCK_LIMITS), len(world.pairs)), np.inf)
    if regime.limits_stocks:
        stocks = joint_stocks(world)
        whole = stocks.reshape(-1, number).sum(axis=0)
        with_one, with_all = stock_limits(world, stocks)
        with_all, whole = (np.tile(column, platforms) for column in (with_all, whole))
        for place, limit, stock in ((1, with_one, stocks), (2, with_all, whole)):
            asked = expected * filters.prod(axis=0)
            if place == 2:
                asked = np.tile(asked.reshape(-1, number).sum(axis=0), platforms)
            room[place] = limit - stock + monthly_runoff(stock, term)
            filters[place] = admission(np.maximum(room[place], 0.0), asked)
    if regime.minimum_platform_share > 0.0:
        lenders, least = world.platforms, world.parameters.platforms.lender_minimum_ratio
        share = bank_share(world.parameters, regime)
        asked = (expected * filters.prod(axis=0)).reshape(-1, number).sum(axis=1) * (1.0 - share) / max(share, 1e-9)
        free = headroom(lenders.equity, least, lenders.lender_loans, 1.0, 0.0, np.inf)
        free = free + monthly_runoff(lenders.lender_loans, term)
        filters[0] = np.repeat(admission(free, asked), number)
        room[0] = np.repeat(free, number)
    return Room(filters, room)


def forbidden_contracts(world: World) -> np.ndarray:
    """Running alliances whose contract the rules forbid: the bank funds too much."""
    rows = alliances_in(world, *RUNNING)
    return rows[world.contracts.funding_share[world.alliances.contract[rows]] > most_funded(world.regulation.now)]


def most_funded(regime: Regime) -> float:
    """The largest part of a joint loan that a bank may fund."""
    return 1.0 - regime.minimum_platform_share


def beyond_lists(world: World) -> np.ndarray:
    """Alliances beyond the places that a bank's list of platforms has: those that are worth least to it a month."""
    places, alliances, rows = world.regulation.now.partner_list, world.alliances, alliances_in(world, *RUNNING)
    partners = np.bincount(alliances.bank[rows], minlength=len(world.banks))
    crowded = rows[partners[alliances.bank[rows]] > places]
    if not len(crowded):
        return crowded
    terms = party_terms(world, pairs_of(world, crowded), BANK)
    order = np.lexsort((crowded, terms.cost - terms.gain, alliances.bank[crowded]))
    banks = alliances.bank[crowded][order]
    place = np.arange(len(banks)) - np.searchsorted(banks, banks)
    return np.sort(crowded[order][place >= places])
