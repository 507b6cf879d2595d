"""Step 8: post what happened. All money of the borrowers' pass is moved here, split between the parties of each
contract.
"""

from __future__ import annotations

import numpy as np

from colend.compilation import summed_over
from colend.equations.capacity import capital_ratio
from colend.state.books import FEN, Flow, fen
from colend.state.tables import JOINT, LENDER, NONE, OWN

_BASIS = 10_000


def settlement(market) -> None:
    """Post the month, check the books against the loans, update equity, profit and the alliances' realised value."""
    post_loans(market)
    post_taxes_and_payouts(market)
    market.books.check(summed_balances(market))
    update_balance_sheets(market)


def sum_rows(rows, outstanding):
    """Add up what borrowers owe, by contract, from the loans themselves."""
    for row in rows:
        if row.balance > 0:
            outstanding[row.contract] += row.balance


def summed_balances(market) -> np.ndarray:
    """Fen outstanding by contract in the real market, summed again from the loans."""
    (outstanding,) = summed_over(sum_rows, market.borrowers_table, market.threads, market.contract_count)
    return outstanding * market.scale


def post_loans(market) -> None:
    """Loans paid out, repaid and written off, interest, fees and running costs, by contract.

    The bank's claim is always the same share of the contract's loans, rounded down to the fen; each flow moves the
    claim to where it belongs after the flow, so that nothing drifts.
    """
    books, parameters = market.books, market.parameters
    contracts = market.contracts[: market.contract_count]
    banks, platforms = market.banks_table, market.platforms_table
    kind = contracts.kind.astype(np.int64)
    rows = np.arange(len(contracts))
    bank = contracts.bank.astype(np.int64)
    platform = contracts.platform.astype(np.int64)
    bank_cash = np.where(bank == NONE, books.borrowers, bank)
    platform_cash = np.where(platform == NONE, books.borrowers, books.banks + platform)
    share = np.rint(contracts.funding_share * _BASIS).astype(np.int64)
    sums = {
        name: market.totals[name].sum(axis=1) * market.scale
        for name in ("originated", "repaid", "defaulted", "recovered", "interest", "originations")
    }
    before = books.bank_claims + books.platform_claims
    bank_before, platform_before = books.bank_claims.copy(), books.platform_claims.copy()
    profit = np.zeros((2, len(contracts)))  # economic profit in fen, by party

    def bank_part(amount):
        return amount * share // _BASIS

    def earn(party, entity, other, amount, flow):
        """Party receives `amount` from `other` (or pays it, when negative)."""
        books.post(other, entity, np.maximum(amount, 0), flow, kind)
        books.post(entity, other, np.maximum(-amount, 0), flow, kind)
        profit[party] += amount

    # Principal: out, back in cash (instalments and recoveries), lost.
    lost = sums["defaulted"] - sums["recovered"]
    stages = [before, before + sums["originated"]]
    stages.append(stages[-1] - lost)
    stages.append(stages[-1] - sums["repaid"] - sums["recovered"])
    for flow, earlier, later in zip((Flow.PAID_OUT, Flow.WRITE_OFF, Flow.PRINCIPAL), stages, stages[1:], strict=False):
        change = np.array([bank_part(later) - bank_part(earlier), 0 * later])
        change[1] = later - earlier - change[0]
        for party, cash in enumerate((bank_cash, platform_cash)):
            claim, amount = books.claim(rows, party), np.abs(change[party])
            if flow == Flow.PAID_OUT:
                books.post(books.debt, claim, amount, flow, kind)
                books.post(cash, books.borrowers, amount, flow, kind)
            else:
                books.post(claim, books.debt, amount, flow, kind)
                if flow == Flow.PRINCIPAL:
                    books.post(books.borrowers, cash, amount, flow, kind)
                else:
                    profit[party] -= amount

    bank_interest = bank_part(sums["interest"])
    earn(0, bank_cash, books.borrowers, bank_interest, Flow.INTEREST)
    earn(1, platform_cash, books.borrowers, sums["interest"] - bank_interest, Flow.INTEREST)

    def monthly(balance, rate):
        return np.rint(balance * rate / 12.0).astype(np.int64)

    fees = monthly(bank_before, contracts.fee_rate)
    technology = monthly(before, contracts.technology_fee)
    for amount, flow in ((fees, Flow.FEE), (technology, Flow.TECHNOLOGY_FEE)):
        earn(0, bank_cash, platform_cash, -amount, flow)
        profit[1] += amount
    for party, entity, claims, source, index in (
        (0, bank_cash, bank_before, banks, bank),
        (1, platform_cash, platform_before, platforms, platform),
    ):
        earn(party, entity, books.depositors, -monthly(claims, source.funds_rate[index]), Flow.FUNDING_COST)
        earn(party, entity, books.suppliers, -monthly(claims, source.operating_rate[index]), Flow.OPERATING_COST)
    cost = np.where(kind == OWN, parameters.credit.origination_cost_own, parameters.credit.origination_cost_joint)
    spent = sums["originations"] * fen(cost)
    earn(0, bank_cash, books.suppliers, -np.where(kind == LENDER, 0, spent), Flow.ORIGINATION_COST)
    earn(1, platform_cash, books.suppliers, -np.where(kind == LENDER, spent, 0), Flow.ORIGINATION_COST)

    penalty = parameters.banks.penalty_rate
    for entities, source in ((np.arange(len(banks)), banks), (books.banks + np.arange(len(platforms)), platforms)):
        books.post(entities, books.depositors, fen(source.overshoot * penalty / 12.0), Flow.PENALTY, 0)
    market.contract_profit = profit / FEN
    credit_alliances(market, contracts, kind, profit / FEN)


def credit_alliances(market, contracts, kind, profit) -> None:
    """Add the month's surplus of each joint contract to its alliance, discounted to the month of meeting."""
    joint = np.flatnonzero(kind == JOINT)
    if not len(joint):
        return
    alliance = contracts.alliance[joint]
    rows = market.alliances
    totals = market.totals[joint]
    converted = totals.converted.astype(np.float64) * market.scale
    customers = (converted * market.lifetime_value[contracts.bank[joint]]).sum(axis=1)
    lost = (converted * market.lifetime_loss[contracts.platform[joint]]).sum(axis=1)
    discount = market.monthly_discount ** (market.month - rows.met[alliance])
    bank_value = profit[0, joint] + customers
    platform_value = profit[1, joint] * market.parameters.platforms.incremental_share - lost
    np.add.at(rows.bank_value, alliance, discount * bank_value)
    np.add.at(rows.platform_value, alliance, discount * platform_value)
    originations = totals.originations.sum(axis=1)
    np.add.at(rows.originated, alliance, totals.originated.sum(axis=1) * float(market.scale) / FEN)
    np.add.at(rows.loans, alliance, originations * float(market.scale))
    np.add.at(rows.borrowers, alliance, totals.first_of_kind.sum(axis=1) * float(market.scale))
    np.add.at(rows.defaulted, alliance, totals.defaulted.sum(axis=1) * float(market.scale) / FEN)
    np.add.at(rows.converted, alliance, converted.sum(axis=1))
    first = alliance[(originations > 0) & (rows.first_loan[alliance] == NONE)]
    rows.first_loan[first] = market.month


def post_taxes_and_payouts(market) -> None:
    """Tax on the profit of the calendar year so far; then a share of what is left goes to shareholders while capital
    allows.

    Platforms hand all profit on to their owners: the lender's equity is what they once put in, less losses.
    """
    books, group = market.books, market.parameters.banks
    first_month = int(market.calendar_month == 1)
    entities = np.arange(books.banks + books.platforms)
    profit = books.profit()[entities]
    if first_month or market.month == 0:
        market.year_profit = np.zeros(len(entities), dtype=np.int64)
        market.year_tax = np.zeros(len(entities), dtype=np.int64)
    market.year_profit += profit
    due = np.rint(np.maximum(market.year_profit, 0) * group.tax_rate).astype(np.int64)
    tax = due - market.year_tax
    market.year_tax = due
    books.post(entities, books.government, np.maximum(tax, 0), Flow.TAX)
    books.post(books.government, entities, np.maximum(-tax, 0), Flow.TAX)
    rich = np.append(market.banks_table.capital_ratio > group.target_ratio, np.ones(books.platforms, dtype=bool))
    part = np.append(np.full(books.banks, group.payout_share), np.ones(books.platforms))
    payout = np.where(rich, np.rint(np.maximum(profit - tax, 0) * part), 0).astype(np.int64)
    books.post(entities, books.shareholders, payout, Flow.PAYOUT)
    market.after_tax = (profit - tax) / FEN


def update_balance_sheets(market) -> None:
    """Equity, loans, capital ratio and profit from the ledger into the tables of banks and platforms."""
    books, banks, platforms = market.books, market.banks_table, market.platforms_table
    contracts = market.contracts[: market.contract_count]
    equity = books.equity() / FEN
    banks.equity, platforms.equity = equity[: books.banks], equity[books.banks : books.banks + books.platforms]
    banks.profit, platforms.profit = market.after_tax[: books.banks], market.after_tax[books.banks :]
    banks.cumulative_profit += banks.profit
    platforms.cumulative_profit += platforms.profit
    contracts.balance = books.bank_claims + books.platform_claims
    funded, lent = contracts.bank != NONE, contracts.platform != NONE
    banks.consumer_loans = np.bincount(contracts.bank[funded], books.bank_claims[funded] / FEN, len(banks))
    platforms.lender_loans = np.bincount(contracts.platform[lent], books.platform_claims[lent] / FEN, len(platforms))
    risk_weight = market.parameters.banks.risk_weight
    banks.capital_ratio = capital_ratio(
        banks.equity, risk_weight * banks.consumer_loans, banks.other_risk_weighted_assets
    )
    banks.alive &= banks.equity > 0.0  # a bank whose equity is gone does not come back
