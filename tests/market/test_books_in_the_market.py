"""Money: every fen has an owner, every month, and one fen taken stops the run."""

import numpy as np
import pytest

from colend.month.settlement import summed_balances
from colend.state.books import FEN, BooksError, Flow


def run(market, months):
    for _ in range(months):
        market.step()
    return market


def test_the_ledger_adds_up_every_month(make_market):
    market = make_market(years=2, platforms__openness="technology")
    for _ in range(24):
        before = market.world.books.equity()
        market.step()
        books = market.world.books
        assert books.balance.sum() == 0
        assert (books.bank_claims + books.platform_claims == summed_balances(market.world)).all()
        # equity changes by exactly what flowed
        assert (books.equity() - before == books.flows.sum(axis=(0, 2))).all()
        # borrowers gain what lenders lose on principal: the rest of the economy is the mirror of banks and platforms
        assert books.flows[Flow.INTEREST].sum() == 0


def test_one_fen_taken_from_one_loan_stops_the_run(make_market):
    market = run(make_market(), 8)
    loan = np.flatnonzero(market.world.borrowers.balance > 0)[0]
    contract = market.world.borrowers.contract[loan]
    market.world.borrowers.balance[loan] -= 1
    with pytest.raises(BooksError, match=rf"contract {contract}: .*-{market.world.scale} fen"):
        market.step()


def test_what_the_bank_holds_is_its_share_of_every_contract(make_market):
    market = run(make_market(years=2), 18)
    contracts = market.world.contracts
    total = market.world.books.bank_claims + market.world.books.platform_claims
    assert (market.world.books.bank_claims == np.floor(total * contracts.funding_share)).all()


def test_profit_is_income_less_cost(make_market):
    """After-tax profit of a year equals the change of equity plus what was paid out."""
    market = make_market()
    opening, payout, profit = market.world.books.equity()[: market.world.books.banks], 0, 0.0
    for _ in range(12):
        market.step()
        payout = payout - market.world.books.flows[Flow.PAYOUT].sum(axis=1)[: market.world.books.banks]
        profit = profit + market.world.banks.profit
    change = market.world.books.equity()[: market.world.books.banks] - opening + payout
    np.testing.assert_allclose(change / FEN, profit, atol=0.005 * 12)
