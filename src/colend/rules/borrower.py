"""One borrower's month: steps 4 to 6 of the model, as one function of its row, the month's snapshot and its draws.

Plain Python over records: compiled it runs over millions of rows, uncompiled it is `Borrower.step()` and the
reference. Only the borrower's own row, the counters and a scratch list of refusals are written.
"""

from __future__ import annotations

import numpy as np

from colend.equations.default import monthly_hazard
from colend.equations.numbers import Row, Whole
from colend.equations.pricing import monthly_interest
from colend.rules.application import apply_at_own_bank, apply_at_platform, grant_cash_offer
from colend.state.draws import (
    ARRIVAL_BANK,
    ATTRITION,
    CASH_OFFER,
    CONVERSION,
    DEFAULT,
    NEED,
    OWN_CHANNEL,
    SWITCH,
    entity_key,
    uniform,
)
from colend.state.snapshot import BOUND_AT, Snapshot
from colend.state.table import Table
from colend.state.tables import NO_PRODUCT, NONE, SCENE_INSTALMENT
from colend.state.totals import FIXED_POINT

SERVICED, DEFAULTED, MATURED = 0, 1, 2


def borrower_month(number: Whole, row: Row, snapshot: Snapshot, totals: Table, refusals: Table) -> None:
    """Servicing, demand and credit, relationship, in this order, for borrower `number` with record `row`.

    `totals` is TOTAL[contract, segment], added to; `refusals` is scratch, REFUSAL[waterfall depth + 2]. Whoever pays
    off a loan this month may need the next one from the month after.
    """
    month = snapshot.month[0]
    segment = np.int64(row.segment)
    key = entity_key(month.key, number)
    contract = np.int64(row.contract)
    if row.balance > 0:
        offer = snapshot.offers[contract, segment]
        cell = totals[contract, segment]
        outcome = service(row, key, month, snapshot.segments[segment], cell)
        if outcome == MATURED and offer.bank != NONE:
            convert(row, key, month, offer.bank, cell)
            if offer.opens_customers != 0 and row.product == SCENE_INSTALMENT:
                chance = month.cash_offer_rate * np.float64(row.awareness)
                if row.aware_bank == offer.bank and uniform(key, CASH_OFFER) < chance:
                    grant_cash_offer(row, key, snapshot, totals, offer.bank, refusals)
        if outcome != SERVICED and row.balance == 0:
            row.contract = NONE
            row.product = NO_PRODUCT
    elif row.lockout > 0:
        row.lockout -= 1
    elif uniform(key, NEED) < snapshot.segments[segment].need:
        asks_bank = row.owner != NONE and uniform(key, OWN_CHANNEL) < month.loyalty
        if not asks_bank or not apply_at_own_bank(row, key, snapshot, totals, refusals):
            apply_at_platform(row, key, snapshot, totals, refusals, np.int64(asks_bank))
    belong(row, key, month, snapshot)
    notice(row, month, snapshot)


def service(row: Row, key: np.uint64, month: Row, segment: Row, cell: Row) -> Whole:
    """Pay this month's instalment and interest, or default; returns SERVICED, DEFAULTED or MATURED."""
    balance = np.int64(row.balance)
    cell.loan_months += 1
    cell.predicted += np.int64(np.float64(row.predicted_hazard) * FIXED_POINT)
    cell.slope += np.int64(np.float64(row.hazard_slope) * FIXED_POINT)
    if defaults(np.float64(row.creditworthiness), uniform(key, DEFAULT), month, segment):
        cell.defaults += 1
        cell.defaulted += balance
        cell.recovered += np.int64(np.float64(balance) * (1.0 - month.loss_given_default))
        row.balance = 0
        row.lockout = month.lockout_months
        return DEFAULTED
    left = np.int64(row.months_left) - 1
    principal = balance
    if left > 0:
        principal = min(np.int64(row.instalment), balance)
    cell.interest += monthly_interest(balance, row.rate)
    cell.repaid += principal
    row.balance = balance - principal
    row.months_left = left
    row.predicted_hazard = np.float64(row.predicted_hazard) - np.float64(row.hazard_decline)
    if row.balance > 0:
        return SERVICED
    cell.matured += 1
    return MATURED


def defaults(creditworthiness: float, draw: float, month: Row, segment: Row) -> bool:
    """Whether the draw falls below the hazard. Most draws lie above what even bad risks have: those need no hazard."""
    if creditworthiness >= BOUND_AT and draw >= segment.hazard_bound:
        return False
    return draw < monthly_hazard(
        segment.threshold, segment.loading, creditworthiness, month.asset_correlation, month.factor
    )


def convert(row: Row, key: np.uint64, month: Row, bank: Whole, cell: Row) -> None:
    """At the end of a loan the borrower may become a customer of the bank that funded it, if it noticed that bank."""
    if row.owner == bank or row.aware_bank != bank:
        return
    if uniform(key, CONVERSION) >= np.float64(row.awareness) * month.conversion:
        return
    if row.owner != NONE and uniform(key, SWITCH) >= month.switch_probability:
        return
    row.owner = bank
    cell.converted += 1


def belong(row: Row, key: np.uint64, month: Row, snapshot: Snapshot) -> None:
    """Customers leave at a constant rate; others come to a bank of their region from outside, so that the base is
    steady.
    """
    chance = month.attrition if row.owner != NONE else snapshot.segments[row.segment].arrival
    if uniform(key, ATTRITION) >= chance:
        return
    if row.owner != NONE:
        row.owner = NONE
    else:
        place = uniform(key, ARRIVAL_BANK)
        for i in range(snapshot.bank_start[row.region], snapshot.bank_start[row.region + 1]):
            if place < snapshot.bank_cumulative[i]:
                row.owner = snapshot.bank_member[i]
                break


def notice(row: Row, month: Row, snapshot: Snapshot) -> None:
    """Awareness of the funding bank grows while its loan runs, a <- a + (1 - a) gain, and fades otherwise, a <- (1 -
    fade) a.
    """
    if row.balance > 0:
        offer = snapshot.offers[row.contract, row.segment]
        if offer.bank != NONE:
            if row.aware_bank != offer.bank:
                row.aware_bank = offer.bank
                row.awareness = 0.0
            gain = offer.gain_home if row.region == offer.region else offer.gain_away
            awareness = np.float64(row.awareness)
            row.awareness = awareness + (1.0 - awareness) * gain
            return
    if row.awareness > 0.0:
        row.awareness = np.float64(row.awareness) * (1.0 - month.awareness_fade)
