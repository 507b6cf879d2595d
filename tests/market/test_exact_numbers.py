"""A number that the user gives holds exactly: prices under caps, funding shares, costs of a loan."""

from fractions import Fraction

import numpy as np
import pytest

from colend.equations.pricing import monthly_interest
from colend.market import Market
from colend.measures.regulation import Supervision
from colend.scenario.parameters import KINDS
from colend.scenario.regulation import NAMES, Rule
from colend.state.books import Flow
from colend.state.tables import JOINT

# Every rule at a number that is no whole number of anything.
AWKWARD = {
    "minimum_platform_share": 0.33333,
    "maximum_partner_to_capital": 0.12345,
    "maximum_joint_share": 0.05432,
    "home_region_only": 1.0,
    "rate_cap": 0.12345,
    "all_in_cost_cap": 0.15003,
    "maximum_sharing_depth": 0.12345,
    "partner_list": 2.0,
    "maximum_score_reliance": 0.34567,
}
# Few borrowers, and lending so cheap and safe that every channel lends under every cap.
FEW = {"population__borrowers": 800, "platforms__openness": "technology", "alliances__initial_trust": 0.6}
FEW |= {"credit__annual_default_rate": 0.004, "platforms__funds_rate": 0.0123, "platforms__fee_rate": 0.0123}
FEW |= {f"banks__{kind}__funds_rate": 0.01 for kind in KINDS}


def after(months, market):
    for _ in range(months):
        market.step()
    return market


def prices(market):
    """The rate of every running loan, the fees that it carries a year, and whether it is joint."""
    loans = market.world.borrowers[market.world.borrowers.balance > 0]
    contracts = market.world.contracts[loans.contract]
    joint = contracts.kind == JOINT
    fees = np.where(joint, contracts.funding_share * contracts.fee_rate + contracts.technology_fee, 0.0)
    assert {0, 1, 2} == set(contracts.kind)
    return loans.rate, fees


@pytest.mark.parametrize("pricing", ["posted", "risk_based"])
@pytest.mark.parametrize("cap", [0.12345, 0.15003, 0.1 + 1e-12])
def test_no_loan_costs_more_than_the_cap_of_the_scenario(make_setting, pricing, cap):
    market = after(6, Market(make_setting(years=1, credit__rate_cap=cap, credit__pricing=pricing, **FEW), 3))
    rates, _ = prices(market)
    assert (rates > cap).sum() == 0
    if pricing == "posted":
        assert rates.max() == cap


@pytest.mark.parametrize("pricing", ["posted", "risk_based"])
@pytest.mark.parametrize("turned", [False, True])
def test_no_loan_breaks_a_rule_at_an_awkward_number(make_setting, pricing, turned):
    """Counted here from the loans, and by the program's own supervision, which must find none either."""
    rules = AWKWARD | ({"rate_cap": 0.15003, "all_in_cost_cap": 0.12345} if turned else {})
    policy = [Rule(name, value, "2017-01") for name, value in rules.items()]
    market = Market(make_setting(years=1, policy=policy, credit__pricing=pricing, **FEW), 3)
    for _ in range(7):
        market.step()
        violations = Supervision(market.world).violations
        assert dict(zip(NAMES, violations, strict=True)) == dict.fromkeys(NAMES, 0.0)
    rates, fees = prices(market)
    assert (rates > rules["all_in_cost_cap"]).sum() == (rates > rules["rate_cap"] + fees).sum() == 0
    joint = market.world.contracts[market.world.contracts.kind == JOINT]
    assert (joint.funding_share == 1.0 - 0.33333).all()


def test_the_bank_holds_its_share_to_the_fen(make_setting):
    """0.33333 of 62 m yuan is 186,577 fen more than 0.3333 of it."""
    market = after(8, Market(make_setting(years=1, alliances__funding_share=0.33333, **FEW), 3))
    joint = market.world.contracts.kind == JOINT
    bank, both = (
        market.world.books.bank_claims[joint],
        (market.world.books.bank_claims + market.world.books.platform_claims)[joint],
    )
    exact = np.array([int(Fraction(33333, 100_000) * int(fen)) for fen in both])
    assert both.max() > 10**9
    assert np.abs(bank - exact).max() <= 1  # a float holds the share to 1e-17
    assert (market.world.books.bank_claims[~joint] % market.world.scale == 0).all()


def test_a_cost_of_a_loan_is_not_rounded_before_it_is_counted(make_setting):
    market = after(1, Market(make_setting(years=1, credit__origination_cost_own=2.305, **FEW), 3))
    number = len(market.world.banks)
    paid = -market.world.books.flows[Flow.ORIGINATION_COST, :number].sum(axis=1)
    assert (paid == np.rint(market.world.contract_totals.originations[:number] * market.world.scale * 230.5)).all()
    assert paid.sum() > 0


def test_interest_is_rounded_half_up_at_every_whole_basis_point():
    generator = np.random.default_rng(1)
    balances, rates = generator.integers(1, 2**31, 4_000), generator.integers(1, 20_000, 4_000)
    balances[::2] -= balances[::2] % 12_000  # many of these end in half a fen
    for balance, rate in zip(balances.tolist(), rates.tolist(), strict=True):
        assert monthly_interest(balance, rate / 10_000) == (balance * rate + 60_000) // 120_000
