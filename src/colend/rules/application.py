"""What happens to one loan application: its bank, the platform's waterfall of lenders, the price, the borrower's
answer.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from colend.equations.acceptance import Terms, price_of_risk
from colend.equations.default import hazard_decline, hazard_score, hazard_slope
from colend.equations.normal import normal_cdf, normal_quantile
from colend.equations.numbers import Row, Whole
from colend.equations.pricing import (
    hazard_bearable,
    origination_rate,
    platform_cutoff,
)
from colend.rules.screening import belief, given_acceptance, signal_cutoff
from colend.state.draws import (
    ADMISSION,
    BUREAU_NOISE,
    LENDER_NOISE,
    PLATFORM_SCORE,
    PRODUCT,
    ROUTE,
    SERVED,
    SHARED_NOISE,
    TERM,
    normal,
    uniform,
)
from colend.state.snapshot import Snapshot
from colend.state.table import Table
from colend.state.tables import CASH_LOAN, JOINT, LENDER, NONE, SCENE_INSTALMENT

# What a lender's visit comes to.
FUNDED, DECLINED, MOVES_ON = 0, 1, 2
# Places outside the waterfall, for draws: the own channel and the platform's lender.
OWN_PLACE, LENDER_PLACE = 90, 91


class Application(NamedTuple):
    """What a borrower asks for, the same at every lender."""

    key: np.uint64  # of the borrower's draws
    term: Whole  # months
    product: Whole
    score: float  # the platform's signal x_p; 0 in an own channel
    amount_months: float  # fen x (months + 1)


class Turn(NamedTuple):
    """Where on its way an application is."""

    contract: Whole  # under which it is seen
    place: Whole  # the number used for draws
    visited: Whole  # lenders before this one
    last: bool  # no other comes after it


def application(row: Row, key: np.uint64, term: Whole, product: Whole, score: float) -> Application:
    """The Application of the borrower with record `row`."""
    return Application(key, term, product, score, np.float64(np.int64(row.amount) * (term + 1)))


def turn_of(contract: Whole, place: Whole, visited: Whole, last: bool) -> Turn:
    """A Turn, of numbers of one type whether they are constants or not: else Numba compiles the visit for each."""
    return Turn(contract, place, visited, last)


def drawn_term(key: np.uint64, snapshot: Snapshot) -> Whole:
    """The term in months that this application asks for."""
    place = uniform(key, TERM)
    last = len(snapshot.terms) - 1
    for i in range(last):
        if place < snapshot.term_cumulative[i]:
            return snapshot.terms[i]
    return snapshot.terms[last]


def is_outside(row: Row, offer: Row) -> bool:
    """Whether the bank of an offer may not lend where the borrower lives."""
    return offer.home_only != 0 and row.region != offer.region


def visit_own_channel(
    row: Row, key: np.uint64, snapshot: Snapshot, totals: Table, refusals: Table, bank: Whole
) -> Whole:
    """A bank sees the applicant in its own channel, for a cash loan: alone and before all other lenders."""
    term, segment = drawn_term(key, snapshot), row.segment
    month, numbers = snapshot.month[0], snapshot.segments[segment]
    offer, cell = snapshot.offers[bank, segment], totals[bank, segment]  # the own channel of bank b is contract b
    asked, turn = application(row, key, term, CASH_LOAN, 0.0), turn_of(bank, OWN_PLACE, 0, False)
    return visit(row, asked, month, numbers, offer, cell, refusals, turn)


def apply_at_own_bank(row: Row, key: np.uint64, snapshot: Snapshot, totals: Table, refusals: Table) -> bool:
    """The customer asks its own bank, which screens alone. True: served or declined there; False: goes on to a
    platform, with the bank's refusal as the first of `refusals`.
    """
    bank = np.int64(row.owner)
    cell = totals[bank, row.segment]
    if is_outside(row, snapshot.offers[bank, row.segment]):
        cell.outside += 1
        return False
    cell.applications += 1
    if visit_own_channel(row, key, snapshot, totals, refusals, bank) == MOVES_ON:
        cell.moved_on += 1
        refusals[0].place = NONE  # in no platform's routing table
        return False
    return True


def grant_cash_offer(row: Row, key: np.uint64, snapshot: Snapshot, totals: Table, bank: Whole, refusals: Table) -> None:
    """Product path: after a scene instalment the bank offers a cash loan of its own to whom it would lend; taking it
    makes the bank stick.
    """
    cell = totals[bank, row.segment]
    if is_outside(row, snapshot.offers[bank, row.segment]):
        return
    outcome = visit_own_channel(row, key, snapshot, totals, refusals, bank)
    if outcome != MOVES_ON:
        cell.cash_offers += 1
    if outcome == FUNDED:
        cell.cash_taken += 1
        awareness = np.float64(row.awareness)
        row.awareness = awareness + snapshot.month[0].cash_stickiness * (1.0 - awareness)


def apply_at_platform(
    row: Row, key: np.uint64, snapshot: Snapshot, totals: Table, refusals: Table, before: Whole
) -> None:
    """The platform sends the application along its partners, first by weight, without replacement, then to its own
    lender. `before` lenders have seen it already, its own bank: 0 or 1.
    """
    month, segment = snapshot.month[0], np.int64(row.segment)
    platform = np.int64(row.platform)
    lender = snapshot.lender_contract[platform]
    totals[lender, segment].applications += 1
    term = drawn_term(key, snapshot)
    product = SCENE_INSTALMENT if uniform(key, PRODUCT) < month.scene_share else CASH_LOAN
    part = platform * month.route_regions + row.region % month.route_regions
    start, stop = snapshot.route_start[part], snapshot.route_start[part + 1]
    precision = snapshot.offers[lender, segment].platform_precision
    score = np.float64(row.creditworthiness) + normal(key, PLATFORM_SCORE) / math.sqrt(precision)
    asked = application(row, key, term, product, score)

    most = min(month.waterfall_depth, stop - start)
    visited = 0
    left = 1.0  # weight of the partners not visited yet
    lender_seen = False
    while True:
        chosen: Whole = NONE
        if visited < most and left > 1e-9:
            draw = uniform(key, ROUTE + visited) * left
            chosen = next_partner(draw, start, stop, snapshot.route_weight, refusals, before, before + visited)
        last = chosen == NONE
        if last and lender_seen:
            return
        contract = lender if last else snapshot.route_member[chosen]
        place = LENDER_PLACE if contract == lender else visited
        offer, cell = snapshot.offers[contract, segment], totals[contract, segment]
        numbers, earlier = snapshot.segments[segment], before + visited
        turn = turn_of(contract, place, earlier, last)
        outcome = visit(row, asked, month, numbers, offer, cell, refusals, turn)
        if last or outcome != MOVES_ON:
            return
        lender_seen = lender_seen or contract == lender
        refusals[earlier].place = chosen
        left -= snapshot.route_weight[chosen]
        visited += 1


def next_partner(
    draw: float, start: Whole, stop: Whole, weights: np.ndarray, refusals: Table, first: Whole, last: Whole
) -> Whole:
    """The place from `start` to `stop` in the routing table at which the weights of the partners that are not in
    `refusals` from `first` to `last` reach the draw; NONE where none is left.
    """
    chosen = NONE
    for i in range(start, stop):
        seen = False
        for j in range(first, last):
            if refusals[j].place == i:
                seen = True
        if seen or weights[i] <= 0.0:
            continue
        chosen = i
        draw -= weights[i]
        if draw < 0.0:
            break
    return chosen


def refused_by(bank: Whole, refusals: Table, visited: Whole) -> bool:
    """Whether this bank has refused the applicant already (in its own channel): its signal is the same there."""
    known = False
    for i in range(visited):
        known = known or (refusals[i].informative != 0 and refusals[i].bank == bank)
    return known


def visit(
    row: Row, asked: Application, month: Row, segment: Row, offer: Row, cell: Row, refusals: Table, turn: Turn
) -> Whole:
    """One lender sees the application: can it be served, does the platform pass it on, is there capacity, is the risk
    borne by the price, does the borrower accept. Returns FUNDED, DECLINED (the borrower refused: the application
    ends) or MOVES_ON.

    `asked` is an Application and `turn` a Turn; `offer` are the contract's terms for the borrower's `segment`, `cell`
    counts what happens under them. After the last lender nobody asks what its refusal says, which is dear to work out.
    """
    cell.visited += 1
    refusals[turn.visited].informative = 0
    cutoff, shared_score = -math.inf, 0.0
    if offer.kind == JOINT:
        if uniform(asked.key, SERVED + turn.place) >= offer.served:
            cell.unserved += 1
            return MOVES_ON
        cutoff = score_needed(offer, month, segment, asked.amount_months)
        if asked.score < cutoff:
            cell.not_passed += 1
            return MOVES_ON
        if offer.sharing_weight > 0.0:
            shared_score = asked.score + offer.sharing_noise * normal(asked.key, SHARED_NOISE)
    draw = uniform(asked.key, ADMISSION + turn.place)
    if draw >= offer.admission:
        cell.no_capacity += 1
        if draw < offer.unlimited:
            cell.over_limit += 1
        return MOVES_ON
    origination = origination_rate(offer.origination_cost, asked.amount_months)
    price, log_price, loss_rate = highest(offer, origination)
    bearable = hazard_bearable(loss_rate, month.loss_given_default)
    if bearable <= 0.0:  # refuses everybody: that says nothing about this one
        cell.refused += 1
        return MOVES_ON
    signal = seen_by(offer, row, asked, month)
    mean, variance = belief(signal, offer, shared_score, cutoff, month, refusals, turn.visited)
    taken_mean, taken_variance = given_acceptance(mean, variance, log_price, month)
    risk, limit = hazard_score(offer.threshold, segment.loading, taken_mean, taken_variance), normal_quantile(bearable)
    if risk > limit:
        cell.refused += 1
        if not turn.last and month.rational != 0 and not refused_by(offer.bank, refusals, turn.visited):
            refusals[turn.visited].informative = 1
            refusals[turn.visited].bank = offer.bank
            refusals[turn.visited].precision = offer.precision
            refusals[turn.visited].cutoff = signal_cutoff(
                limit, log_price, offer, segment.loading, shared_score, cutoff, month, refusals, turn.visited
            )
        return MOVES_ON
    if month.risk_based != 0:
        terms = Terms(
            offer.threshold,
            segment.loading,
            month.loss_given_default,
            offer.base_rate + origination,
            price,
            log_price,
            month.reservation_slope,
            month.reservation_sigma,
            month.rational != 0,
            month.risk_based != 0,
        )
        price, risk, taken_variance = price_of_risk(mean, variance, terms)
    cell.offered += 1
    if price > np.float64(row.reservation_rate):
        cell.declined += 1
        return DECLINED
    pay_out(row, asked, month, segment, offer, cell, turn.contract, price, risk, taken_variance)
    return FUNDED


def score_needed(offer: Row, month: Row, segment: Row, amount_months: float) -> float:
    """The platform's score from which it passes an application on."""
    return platform_cutoff(
        offer.fee_income,
        offer.platform_part,
        offer.interest_margin,
        offer.minimum_income,
        amount_months,
        month.loss_given_default,
        offer.platform_threshold,
        segment.loading,
        offer.platform_precision,
    )


def highest(offer: Row, origination: float) -> tuple[float, float, float]:
    """The most that the lender asks, its log over the reservation rate R_s, and the expected loss a year that it bears.
    `origination` is the cost of paying out as a yearly rate.
    """
    loss_rate = offer.price - offer.base_rate - origination
    if loss_rate <= offer.loss_limit:
        return offer.price, offer.acceptance, loss_rate
    price = offer.base_rate + origination + offer.loss_limit
    return price, offer.acceptance + math.log(price / offer.price), offer.loss_limit


def seen_by(offer: Row, row: Row, asked: Application, month: Row) -> float:
    """The lender's signal of the applicant: the platform's own lender has the score, banks share a part of their
    noise.
    """
    if offer.kind == LENDER:
        return asked.score
    common = month.bureau_correlation
    noise = math.sqrt(common) * normal(asked.key, BUREAU_NOISE)
    noise += math.sqrt(1.0 - common) * normal(asked.key, LENDER_NOISE + offer.bank)
    return np.float64(row.creditworthiness) + noise / math.sqrt(offer.precision)


def pay_out(
    row: Row,
    asked: Application,
    month: Row,
    segment: Row,
    offer: Row,
    cell: Row,
    contract: Whole,
    price: float,
    risk: float,
    variance: float,
) -> None:
    """The loan begins; `risk` and `variance` are the hazard's score and the lender's variance of z once it is taken."""
    hazard, amount = normal_cdf(risk), np.int64(row.amount)
    slope = hazard_slope(risk, segment.loading, variance)
    row.balance = amount
    row.instalment = max(1, amount // asked.term)
    row.months_left = asked.term
    row.contract = contract
    row.rate = price
    row.begun = month.number
    row.product = asked.product
    row.predicted_hazard = hazard - slope * offer.intercept
    row.hazard_slope = slope
    row.hazard_decline = hazard_decline(hazard, slope, segment.loading, variance)
    cell.originations += 1
    cell.originated += amount
    cell.rate_amount += math.floor(price * 100.0 * amount + 0.5)
    before, of_this_kind = np.int64(row.ever_served), 1 << np.int64(offer.kind)
    if before == 0:
        cell.first_loans += 1
    if before & of_this_kind == 0:
        cell.first_of_kind += 1
        row.ever_served = before | of_this_kind
