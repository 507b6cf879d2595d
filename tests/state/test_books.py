"""The ledger by itself."""

import numpy as np
import pytest

from colend.state.books import Books, BooksError, Flow, fen


@pytest.fixture
def books():
    ledger = Books(banks=2, platforms=1)
    ledger.open_claims(bank=0, platform=0)
    return ledger


def test_a_loan_paid_out_moves_cash_into_a_claim(books):
    books.post(0, books.borrowers, 1_000, Flow.PAID_OUT)
    books.post(books.debt, books.claim(0, 0), 1_000, Flow.PAID_OUT)
    assert books.balance[0] == -1_000
    assert books.bank_claims[0] == 1_000
    assert books.equity()[0] == 0
    assert books.flows[Flow.PAID_OUT].sum() == 0
    assert books.profit()[0] == 0
    books.check(np.array([1_000]))


def test_check_names_the_accounts_that_differ(books):
    books.post(books.debt, books.claim(0, 1), 500, Flow.PAID_OUT)
    with pytest.raises(BooksError, match=r"contract 0: loans 499, ledger 500 \(bank 0, platform 500\), -1 fen"):
        books.check(np.array([499]))


def test_repeated_payers_in_one_posting_all_count(books):
    books.post(np.array([0, 0, 1]), books.suppliers, np.array([1, 2, 3]), Flow.ALLIANCE_COST)
    assert books.balance[:2].tolist() == [-3, -3]
    assert books.balance[books.suppliers] == 6
    assert books.profit()[:2].tolist() == [-3, -3]


def test_accounts_are_one_or_one_an_amount(books):
    with pytest.raises(ValueError, match=r"3 amounts between \[2, 1, 1\] accounts"):
        books.post(np.array([0, 1]), books.suppliers, np.array([1, 2, 3]), Flow.ALLIANCE_COST)
    with pytest.raises(ValueError, match="a FEE of -2 fen"):
        books.post(np.array([0, 1]), books.suppliers, np.array([1, -2]), Flow.FEE)
    assert not books.balance.any()


@pytest.mark.parametrize(("amount", "error"), [(-1, ValueError), (1.5, TypeError)])
def test_money_is_whole_and_positive(books, amount, error):
    with pytest.raises(error):
        books.post(0, 1, amount, Flow.FEE)


def test_tax_and_payout_are_not_losses(books):
    books.post(books.borrowers, 0, 100, Flow.INTEREST)
    books.post(0, books.government, 25, Flow.TAX)
    books.post(0, books.shareholders, 30, Flow.PAYOUT)
    assert books.profit()[0] == 100
    assert books.equity()[0] == 45


def test_yuan_to_fen_rounds_to_nearest():
    assert fen([1.004, 1.006]).tolist() == [100, 101]
