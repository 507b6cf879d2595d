"""Step 8: post what happened. All money of the borrowers' pass is moved here, split between the parties of each
contract.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from colend.compilation import compiled, summed_over
from colend.equations.capacity import capital_ratio
from colend.equations.numbers import Row, Whole
from colend.scenario.parameters import SEGMENTS
from colend.state.books import FEN, Flow, Ledger, fen, move
from colend.state.table import Table
from colend.state.tables import JOINT, LENDER, NONE, OWN
from colend.state.world import World


def settlement(world: World) -> None:
    """Post the month, check the books against the loans, update equity, profit and the alliances' realised value."""
    post_loans(world)
    after_tax = post_taxes_and_payouts(world)
    world.books.check(summed_balances(world))
    update_balance_sheets(world, after_tax)


def count_rows(rows: Table, outstanding: np.ndarray, people: np.ndarray, customers: np.ndarray) -> None:
    """Add up what borrowers owe, by contract, from the loans themselves; and count them by region and segment (persons,
    with a loan, customers of a bank, fen owed) and customers by bank.
    """
    for row in rows:
        cell = people[row.region, row.segment]
        cell[0] += 1
        if row.balance > 0:
            balance = np.int64(row.balance)
            outstanding[row.contract] += balance
            cell[1] += 1
            cell[3] += balance
        if row.owner >= 0:
            cell[2] += 1
            customers[row.owner] += 1


def summed_balances(world: World) -> np.ndarray:
    """Fen outstanding by contract in the real market, summed again from the loans; counts `people` and `customers`."""
    people = world.parameters.population.regions, len(SEGMENTS), 4
    shapes = len(world.contracts), people, len(world.banks)
    outstanding, world.people, world.customers = summed_over(count_rows, world.borrowers, world.threads, *shapes)
    return outstanding * world.scale


class Accounts(NamedTuple):
    """Numbers of the accounts that a contract's flows pass through; cash accounts are numbered as entities."""

    borrowers: Whole
    depositors: Whole
    suppliers: Whole
    debt: Whole  # what borrowers owe; the claims follow, two a contract
    first_platform: Whole


def party_part(amount: Whole, share: float, party: Whole) -> Whole:
    """What of an amount is the bank's (party 0), rounded down to the fen, and the platform's (1)."""
    bank = np.int64(math.floor(amount * share)) if share < 1.0 else amount
    return bank if party == 0 else amount - bank


def monthly(balance: float | Whole, rate: float) -> Whole:
    """A month of a yearly rate on a balance, whole fen."""
    return whole(balance * rate / 12.0)


def whole(fen: float) -> Whole:
    """To the nearest whole fen."""
    return np.int64(np.rint(fen))


class Posting(NamedTuple):
    """What the month of every contract is posted with."""

    scale: Whole  # persons that a borrower stands for
    costs: np.ndarray  # float64[kinds]: what paying out a loan costs, fen
    banks: Table
    platforms: Table
    accounts: Accounts
    ledger: Ledger
    profit: np.ndarray  # int64[party, contract]: receives what each party earned, fen


def settle_contract(k: Whole, contract: Row, sums: Row, posting: Posting) -> None:
    """Post the month of contract `k`: principal, interest, fees, running costs and what paying out loans costs.

    `sums` is its TOTAL over segments; times the scale it is the real market's. Each party's claim is always the same
    share of the contract's loans; each flow moves the claim to where it belongs after the flow, so that nothing
    drifts.
    """
    scale, costs, banks, platforms, accounts, ledger, profit = posting
    kind, bank, platform = np.int64(contract.kind), np.int64(contract.bank), np.int64(contract.platform)
    share = contract.funding_share
    bank_cash = accounts.borrowers if bank == NONE else bank
    platform_cash = accounts.borrowers if platform == NONE else accounts.first_platform + platform
    first_claim = accounts.debt + 1 + 2 * k
    owed = ledger.balance[first_claim] + ledger.balance[first_claim + 1]
    paid_out = owed + sums.originated * scale
    not_lost = paid_out - (sums.defaulted - sums.recovered) * scale
    left = not_lost - (sums.repaid + sums.recovered) * scale
    for party in range(2):
        claim, cash = first_claim + party, bank_cash if party == 0 else platform_cash
        before = party_part(owed, share, party)
        lent = party_part(paid_out, share, party) - before
        lost = before + lent - party_part(not_lost, share, party)
        back = before + lent - lost - party_part(left, share, party)
        move(ledger, accounts.debt, claim, lent, Flow.PAID_OUT, kind)
        move(ledger, cash, accounts.borrowers, lent, Flow.PAID_OUT, kind)
        move(ledger, claim, accounts.debt, lost, Flow.WRITE_OFF, kind)
        move(ledger, claim, accounts.debt, back, Flow.PRINCIPAL, kind)
        move(ledger, accounts.borrowers, cash, back, Flow.PRINCIPAL, kind)
        interest = party_part(sums.interest * scale, share, party)
        funds_rate, operating_rate = 0.0, 0.0
        if party == 0 and bank != NONE:
            funds_rate, operating_rate = banks[bank].funds_rate, banks[bank].operating_rate
        if party == 1 and platform != NONE:
            funds_rate, operating_rate = platforms[platform].funds_rate, platforms[platform].operating_rate
        funding, operating = monthly(before, funds_rate), monthly(before, operating_rate)
        spent = whole(sums.originations * scale * costs[kind]) if (party == 1) == (kind == LENDER) else 0
        move(ledger, accounts.borrowers, cash, interest, Flow.INTEREST, kind)
        move(ledger, cash, accounts.depositors, funding, Flow.FUNDING_COST, kind)
        move(ledger, cash, accounts.suppliers, operating, Flow.OPERATING_COST, kind)
        move(ledger, cash, accounts.suppliers, spent, Flow.ORIGINATION_COST, kind)
        profit[party, k] = interest - lost - funding - operating - spent
    fee = monthly(party_part(owed, share, 0), contract.fee_rate)
    technology = monthly(owed, contract.technology_fee)
    move(ledger, bank_cash, platform_cash, fee, Flow.FEE, kind)
    move(ledger, bank_cash, platform_cash, technology, Flow.TECHNOLOGY_FEE, kind)
    profit[0, k] -= fee + technology
    profit[1, k] += fee + technology


def settle_contracts(contracts: Table, sums: Table, posting: Posting) -> None:
    """`settle_contract` for all."""
    for k in range(len(contracts)):
        settle_contract(k, contracts[k], sums[k], posting)


def post_loans(world: World) -> None:
    """Everything that the borrowers' pass moved, by contract; then the penalty on what was lent beyond headroom."""
    books, credit = world.books, world.parameters.credit
    banks, platforms = world.banks, world.platforms
    contracts = world.contracts
    accounts = Accounts(books.borrowers, books.depositors, books.suppliers, books.debt, books.banks)
    yuan = [{OWN: credit.origination_cost_own}.get(kind, credit.origination_cost_joint) for kind in range(3)]
    costs = np.array(yuan) * FEN
    profit = np.zeros((2, len(contracts)), dtype=np.int64)
    posting = Posting(world.scale, costs, banks, platforms, accounts, books.ledger, profit)
    compiled(settle_contracts, allocates=False)(contracts, world.contract_totals, posting)
    penalty = world.parameters.banks.penalty_rate
    for entities, source in ((np.arange(len(banks)), banks), (books.banks + np.arange(len(platforms)), platforms)):
        books.post(entities, books.depositors, fen(source.overshoot * penalty / 12.0), Flow.PENALTY, 0)
    world.contract_profit = profit / FEN
    credit_alliances(world)


class Credit(NamedTuple):
    """What an alliance's month counts with."""

    month: Whole
    scale: float  # persons that a borrower stands for
    discounts: np.ndarray  # float64[month + 1]: by months since the parties met
    added: float  # part of a platform's profit that it would not have without the alliance
    profit: np.ndarray  # float64[party, contract], yuan
    won: np.ndarray  # float64[banks, segments], yuan: worth of a customer won
    lost: np.ndarray  # float64[platforms, segments], yuan: of one lost


def credit_rows(contracts: Table, sums: Table, totals: Table, alliances: Table, credit: Credit) -> None:
    """Add the month of joint contracts to their alliances, discounted to the month of meeting; renewed contracts belong
    to one alliance. `sums` are the `totals` over segments.
    """
    for k in range(len(contracts)):
        contract, total = contracts[k], sums[k]
        if contract.kind == JOINT:
            one, won, lost = alliances[contract.alliance], 0.0, 0.0
            for s in range(totals.shape[1]):
                moved = totals[k, s].converted * credit.scale
                won += moved * credit.won[contract.bank, s]
                lost += moved * credit.lost[contract.platform, s]
            discount = credit.discounts[credit.month - one.met]
            one.bank_value += discount * (credit.profit[0, k] + won)
            one.platform_value += discount * (credit.profit[1, k] * credit.added - lost)
            one.originated += total.originated * credit.scale / FEN
            one.loans += total.originations * credit.scale
            one.borrowers += total.first_of_kind * credit.scale
            one.defaulted += total.defaulted * credit.scale / FEN
            one.converted += total.converted * credit.scale
            if total.originations > 0 and one.first_loan == NONE:
                one.first_loan = credit.month


def credit_alliances(world: World) -> None:
    """Add the month's surplus of each joint contract to its alliance."""
    outlook, added = world.outlook, world.parameters.platforms.incremental_share
    credit = Credit(
        world.month,
        float(world.scale),
        world.monthly_discount ** np.arange(world.month + 1),
        added,
        world.contract_profit,
        outlook.customer_worth,
        outlook.customer_loss,
    )
    compiled(credit_rows, allocates=False)(
        world.contracts, world.contract_totals, world.totals, world.alliances, credit
    )


def post_taxes_and_payouts(world: World) -> np.ndarray:
    """Tax on the profit of the calendar year so far; then a share of what is left goes to shareholders while capital
    allows.

    Platforms hand all profit on to their owners: the lender's equity is what they once put in, less losses. Returns
    the month's profit after tax of banks, then platforms, yuan.
    """
    books, group = world.books, world.parameters.banks
    first_month = int(world.calendar_month == 1)
    entities = np.arange(books.banks + books.platforms)
    profit = books.profit()[entities]
    if first_month or world.month == 0:
        world.year_profit = np.zeros(len(entities), dtype=np.int64)
        world.year_tax = np.zeros(len(entities), dtype=np.int64)
    world.year_profit += profit
    due = np.rint(np.maximum(world.year_profit, 0) * group.tax_rate).astype(np.int64)
    tax = due - world.year_tax
    world.year_tax = due
    books.post(entities, books.government, np.maximum(tax, 0), Flow.TAX)
    books.post(books.government, entities, np.maximum(-tax, 0), Flow.TAX)
    payout = np.maximum(profit - tax, 0)
    rich = world.banks.capital_ratio > group.target_ratio
    payout[: books.banks] = np.where(rich, np.rint(payout[: books.banks] * group.payout_share), 0)
    books.post(entities, books.shareholders, payout, Flow.PAYOUT)
    return (profit - tax) / FEN


def update_balance_sheets(world: World, after_tax: np.ndarray) -> None:
    """Equity, loans, capital ratio and profit from the ledger into the tables of banks and platforms."""
    books, banks, platforms = world.books, world.banks, world.platforms
    contracts = world.contracts
    equity = books.equity() / FEN
    banks.equity, platforms.equity = equity[: books.banks], equity[books.banks : books.banks + books.platforms]
    banks.profit, platforms.profit = after_tax[: books.banks], after_tax[books.banks :]
    contracts.balance = books.bank_claims + books.platform_claims
    funded, lent = contracts.bank != NONE, contracts.platform != NONE
    banks.consumer_loans = np.bincount(contracts.bank[funded], books.bank_claims[funded] / FEN, len(banks))
    platforms.lender_loans = np.bincount(contracts.platform[lent], books.platform_claims[lent] / FEN, len(platforms))
    risk_weight = world.parameters.banks.risk_weight
    banks.capital_ratio = capital_ratio(
        banks.equity, risk_weight * banks.consumer_loans, banks.other_risk_weighted_assets
    )
    banks.alive &= banks.equity > 0.0  # a bank whose equity is gone does not come back
