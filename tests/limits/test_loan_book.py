"""The loan book: its steady state against renewal theory, and every loan's instalments and interest to the fen.

A borrower needs a loan with probability u a month, owes B (1 - j/T) after j of T instalments, defaults with probability
h before each, is locked out for L months then, and begins again. With s = 1 - h a loan of T months is alive after j
instalments with probability s^j; a cycle takes C = 1/u + sum_T w_T [sum_{j<T} s^j + (1 - s^T) L] months on average.
"""

from decimal import ROUND_HALF_UP, Decimal
from types import SimpleNamespace

import numpy as np
import pytest

from colend.scenario.parameters import SEGMENTS
from colend.state.books import FEN, Flow
from colend.state.tables import JOINT, LENDER, OWN

NUMBER, MONTHS, LOCKOUT = 100_000, 120, 7  # of the empty start less than 0.92^120 = 5e-5 is left then
NEED = np.array([0.2, 0.35, 0.5])
LOAN = np.array([9_000, 6_000, 3_500]) * FEN
TERMS, TERM_SHARES = np.array([3, 5, 12]), np.array([0.25, 0.35, 0.4])
# Under an asset correlation of 0.9 a good state of the economy, held, leaves hazards below 1e-20: no default ever.
NO_DEFAULTS = {"credit__asset_correlation": 0.9, "macro__systematic_persistence": 1.0}
DEFAULTS = {"credit__asset_correlation": 0.0, "credit__annual_default_rate": 0.3}


@pytest.fixture(name="book", scope="module", params=["without defaults", "with defaults"])
def book_fixture(make_lender, request):
    """The market after ten years of loans to people who all borrow the same."""
    market = make_lender(
        seed=10,
        population__borrowers=NUMBER,
        population__persons=NUMBER,
        population__loan_sigma=0.0,
        population__loan_median=dict(zip(SEGMENTS, LOAN / FEN, strict=True)),
        population__monthly_need=dict(zip(SEGMENTS, NEED, strict=True)),
        population__terms_months=TERMS.tolist(),
        population__term_shares=TERM_SHARES.tolist(),
        credit__lockout_months=LOCKOUT,
        **NO_DEFAULTS if request.param == "without defaults" else DEFAULTS,
    )
    for _ in range(MONTHS):
        market.step()
    hazard = np.zeros(3)
    if request.param == "with defaults":
        hazard = 1.0 - (1.0 - 0.3) ** (1 / 12) * np.ones(3)  # alike people: the annual rate in twelve equal steps
    else:
        assert market.world.systematic_factor > 1.0
        assert not market.world.borrowers.lockout.any()
    return SimpleNamespace(name=request.param, market=market, hazard=hazard)


def cycle(segment, hazard):
    """Mean length of a cycle, survival s^j of each term's instalments (TERMS x 12, 0 beyond the term), what is owed."""
    paid = np.arange(TERMS.max())
    alive = np.where(paid < TERMS[:, None], (1.0 - hazard) ** paid, 0.0)
    lost = 1.0 - (1.0 - hazard) ** TERMS
    months = 1.0 / NEED[segment] + TERM_SHARES @ (alive.sum(axis=1) + LOCKOUT * lost)
    instalment = LOAN[segment] // TERMS[:, None]
    return months, TERM_SHARES[:, None] * alive, np.maximum(LOAN[segment] - paid * instalment, 0)


@pytest.mark.parametrize("segment", range(3), ids=SEGMENTS)
def test_the_stock_of_a_constant_flow(book, compare, segment):
    """Borrowers are independent, so sums over n of them have standard error sqrt(n var) with the stationary variance:
    share 1/C a month borrows, a share sum w s^j/C owes B (1 - j/T) (the fen that does not divide included)."""
    people = book.market.world.borrowers[book.market.world.borrowers.segment == segment]
    length, alive, owed = cycle(segment, book.hazard[segment])
    label, n = f"{book.name}, {SEGMENTS[segment]}", len(people)
    share = alive.sum() / length
    owing = (people.balance > 0).mean()
    compare(f"{label}: share with a loan", owing, share, np.sqrt(share * (1 - share) / n))
    mean = (alive * owed).sum() / length
    error = np.sqrt(((alive * owed.astype(float) ** 2).sum() / length - mean**2) / n)
    compare(f"{label}: yuan owed a person", people.balance.mean() / FEN, mean / FEN, error / FEN)
    flow = book.market.world.totals.originations[:, segment].sum() / n
    compare(f"{label}: loans a person and month", flow, 1 / length, np.sqrt((1 - 1 / length) / length / n))
    matured = book.market.world.totals.matured[:, segment].sum() / n
    known = TERM_SHARES @ (1.0 - book.hazard[segment]) ** TERMS / length
    compare(f"{label}: loans paid off a person and month", matured, known, np.sqrt(known * (1 - known) / n))
    defaulted = book.market.world.totals.defaults[:, segment].sum() / n
    known = book.hazard[segment] * share
    compare(f"{label}: defaults a person and month", defaulted, known, np.sqrt(known * (1 - known) / n))


def test_the_ledger_holds_that_stock(book, compare):
    """Mean balance B (T + 1)/2T over a loan's life without defaults, B sum s^j (1 - j/T)/T with them: the claims of all
    lenders against n/C loans a month of them; standard error as above, over segments."""
    market = book.market
    number = np.bincount(market.world.borrowers.segment, minlength=3)
    known = variance = 0.0
    for segment in range(3):
        length, alive, owed = cycle(segment, book.hazard[segment])
        mean = (alive * owed).sum() / length
        if book.name == "without defaults":
            textbook = LOAN[segment] * (TERM_SHARES @ (TERMS + 1)) / 2 / length
            assert mean == pytest.approx(textbook, rel=2e-5)  # a fen that does not divide waits for the last instalment
        known += number[segment] * mean / FEN
        variance += number[segment] * ((alive * (owed / FEN) ** 2).sum() / length - (mean / FEN) ** 2)
    claims = (market.world.books.bank_claims + market.world.books.platform_claims).sum() / FEN
    compare(f"{book.name}: yuan in the ledger", claims, known, np.sqrt(variance))


ALL_CHANNELS = {
    "population__borrowers": 1_500,
    "population__persons": 1_500_000,
    "population__loan_sigma": 1.0,
    "population__terms_months": [1, 7, 11, 60],
    "population__term_shares": [0.2, 0.3, 0.3, 0.2],
    "population__monthly_need": 0.5,
    "platforms__openness": ["technology", "customers", "traffic"],
}


# Loans of 1 yuan in the median, some of a single fen: fewer fen than months.
TINY = {"population__loan_median": 1.0, "population__loan_sigma": 2.8, "platforms__minimum_income": 0.0}
TINY |= {"credit__origination_cost_joint": 0.0, "credit__origination_cost_own": 0.0}
LOANS = {"posted price": {}, "risk-based price": {"credit__pricing": "risk_based"}, "tiny loans": TINY}


@pytest.mark.parametrize("loans", LOANS)
def test_every_loan_is_repaid_to_the_fen(make_market, compare, loans):
    """Of every loan in every channel: T - 1 instalments of floor(B/T) fen, at least 1, the last takes the rest,
    together exactly B (or what was left defaults); each month's interest is balance x rate/12 to the nearest fen."""
    market = make_market(years=6, **ALL_CHANNELS | LOANS[loans])
    people, term, ended, wrong = market.world.borrowers, np.zeros(1_500, dtype=int), 0, 0
    repaid = np.zeros(1_500, dtype=np.int64)
    for _ in range(72):
        before = people.copy()
        market.step()
        served = before.balance > 0
        lost = served & (people.lockout == market.parameters.credit.lockout_months) & (people.balance == 0)
        instalment = np.maximum(before.amount // np.maximum(term, 1), 1)
        paid_off = served & ~lost & ((before.months_left == 1) | (before.balance <= instalment))
        running = served & ~lost & ~paid_off
        paid = np.where(paid_off, before.balance, np.where(running, instalment, 0))
        repaid += paid
        assert (people.balance[running] == before.balance[running] - paid[running]).all()
        assert (people.months_left[running] == before.months_left[running] - 1).all()
        wrong += np.abs(repaid - before.amount)[paid_off].sum()
        wrong += np.abs(repaid + before.balance - before.amount)[lost].sum()
        if loans != "tiny loans":
            last = before.amount - (term - 1) * instalment
            assert (paid[paid_off] == last[paid_off]).all()
        check_sums(market, before, served & ~lost, paid, before.balance * lost)
        ended += paid_off.sum()
        new = (people.balance > 0) & ~running
        assert (people.balance[new] == people.amount[new]).all()
        assert ((people.balance > 0) == (people.contract >= 0)).all()
        term[new], repaid[new] = people.months_left[new], 0
    assert ended > 3_000
    assert {1, 7, 11, 60} == set(term[people.balance > 0])
    if loans == "tiny loans":
        assert people.amount.min() == 1
    else:
        assert {OWN, JOINT, LENDER} == set(market.world.contracts.kind[people.contract[people.balance > 0]])
    compare(f"{loans}: fen repaid too much or too little, all loans", wrong, 0.0, 0.0)


def check_sums(market, before, paying, principal, defaulted):
    """The month's counts by contract and segment are the sums of what each loan did; interest goes to the books."""
    totals, cells = market.world.totals, market.world.totals.shape
    interest = np.zeros(len(before), dtype=np.int64)
    for i in np.flatnonzero(paying):
        exact = Decimal(int(before.balance[i])) * Decimal(f"{before.rate[i]:.12f}") / 12
        interest[i] = int(exact.quantize(Decimal(1), ROUND_HALF_UP))
    for name, amount in (("interest", interest), ("repaid", principal * paying), ("defaulted", defaulted)):
        known = np.zeros(cells, dtype=np.int64)
        held = before.balance > 0
        np.add.at(known, (before.contract[held], before.segment[held]), amount[held])
        assert (totals[name] == known).all(), name
    received = market.world.books.flows[Flow.INTEREST].sum(axis=1)
    assert -received[market.world.books.borrowers] == interest.sum() * market.world.scale
