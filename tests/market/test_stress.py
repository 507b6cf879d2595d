"""Stress: each shock does what it says, begins and ends when it says, and the books balance all the way."""

import numpy as np
import pytest
from scipy.stats import norm

from colend.state.tables import ENDED, JOINT, LENDER, PLATFORM_LEFT

ALIVE = {"stress__start_month": 8, "stress__months": 4}
CLOSED = {"stress__downturn_quantile": 1e-9, "credit__asset_correlation": 0.5, "credit__annual_default_rate": 0.02}


@pytest.fixture(name="months")
def months_fixture(make_market):
    """months(number, **settings): the market month by month, each step's check of the books included."""

    def months(number, **settings):
        market = make_market(seed=2, years=number / 12, **ALIVE | settings)
        for _ in range(number):
            market.step()
            yield market

    return months


def told(market):
    return market.history[-1]["months"]


def test_a_downturn_holds_the_factor_and_lets_it_go_on_from_there(months):
    factors = [market.world.systematic_factor for market in months(14, stress__downturn_quantile=0.01)]
    calm = [market.world.systematic_factor for market in months(14)]
    assert factors[:8] == calm[:8]
    assert factors[8:12] == [pytest.approx(norm.ppf(0.01))] * 4
    assert factors[12] != calm[12]
    persistence = 0.97
    assert factors[12] - calm[12] == pytest.approx(persistence * (factors[11] - calm[11]), abs=1e-12)


def test_a_downturn_makes_more_loans_default(months):
    """From the first month of stress on more of the same loans default (the draws are the same)."""
    calm = [told(market)["defaulted_joint"] for market in months(12)]
    bad = [told(market)["defaulted_joint"] for market in months(12, stress__downturn_quantile=0.01)]
    assert bad[:8] == calm[:8]
    assert sum(bad[8:]) > 1.5 * sum(calm[8:])


def test_a_platform_that_leaves_takes_its_pacts_and_its_lender_along(months):
    for market in months(16, stress__leaving_platform=1):
        alliances = market.world.alliances
        mine = alliances.platform == 0
        totals, contracts = market.world.totals, market.world.contracts[: len(market.world.totals)]
        if market.month <= 8:
            assert (market.world.borrowers.platform == 0).any()
            continue
        assert (alliances.stage[mine] == ENDED).all()
        assert not (market.world.borrowers.platform == 0).any()
        lent = totals.originations.sum(axis=1)[(contracts.platform == 0) & np.isin(contracts.kind, (JOINT, LENDER))]
        assert not lent.any()
    assert (alliances.end_reason[mine & (alliances.ended == 8)] == PLATFORM_LEFT).any()
    assert (alliances.met[mine] <= 8).all()
    users = np.bincount(market.world.borrowers.platform, minlength=3)[1:]
    share = 0.3 / 0.5
    assert users[0] / users.sum() == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / users.sum()))


def test_a_squeeze_of_funds_passes(months):
    squeeze = {"stress__funds_spread": 0.02, "stress__deposit_outflow": 0.25}
    before = next(months(1))
    rates, deposits = before.world.banks.funds_rate.copy(), before.world.banks.deposits.copy()
    for market in months(14, **squeeze):
        on = 9 <= market.month <= 12
        assert market.world.banks.funds_rate == pytest.approx(rates + 0.02 * on)
        assert market.world.banks.deposits == pytest.approx(deposits * (0.75 if on else 1.0))


def test_a_jump_in_demand_is_one_of_its_segment(months):
    calm = [told(market) for market in months(13)]
    more = [told(market) for market in months(13, stress__demand_factor={"prime": 1, "mass": 1, "thin_file": 3})]
    for month in range(13):
        ratio = more[month]["applications"] / calm[month]["applications"]
        assert (ratio > 1.2) if 8 <= month < 12 else (month > 12 or ratio < 1.2)
    assert str(more[7]) == str(calm[7])


def test_a_bank_whose_equity_is_gone_stops_and_its_loans_run_off(months):
    """A downturn beyond all measure: banks fail, lend no more, leave their pacts, and what they are owed ends."""
    failed = {}
    for market in months(26, **CLOSED, banks__rural__equity=2e7, banks__rural__capital_ratio=0.6):
        banks = market.world.banks
        for bank in failed:
            mine = market.world.contracts.bank[: len(market.world.totals)] == bank
            assert not market.world.totals.originations[mine].any()
            assert banks.alive[bank] == 0
        for bank in np.flatnonzero(banks.alive == 0):
            failed.setdefault(int(bank), market.month)
    early = [bank for bank, month in failed.items() if month <= 12]
    assert early
    assert (market.world.banks.consumer_loans[early] == 0.0).all()
    running = market.world.alliances
    assert (running.stage[np.isin(running.bank, early)] == ENDED).all()
