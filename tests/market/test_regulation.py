"""Each rule alone on a small market: it binds where it should, is kept from its date on, and older loans run off."""

import functools

import numpy as np
import pytest

from colend.market import Market, simulate
from colend.measures.regulation import Supervision, count_loans
from colend.rules.regulation import regime_of
from colend.scenario.regulation import NAMES, OPEN, RULES, Regime, Rule
from colend.state.tables import DELISTED, NONE

from ..conftest import RULES_WITH_ROOM, make_setting

DATE, FORCE = "2018-03", 14
TIGHT = {
    "minimum_platform_share": 0.4,
    "maximum_partner_to_capital": 0.1,
    "maximum_joint_share": 0.05,
    "home_region_only": 1.0,
    "rate_cap": 0.12,
    "all_in_cost_cap": 0.12,
    "maximum_sharing_depth": 0.1,
    "partner_list": 1.0,
    "maximum_score_reliance": 0.3,
}
OF_RULES = ("violations_", "grandfathered_", "overshoot_", "refused_", "limit_use_", "rule", "refused_by_rules")
# Everything of the market at the start of 2018-03, with loans, customers and partners for every rule to bite.
ALIVE = {"platforms__openness": "technology", "alliances__initial_trust": 0.6, "customers__conversion": 0.9}


@functools.cache
def tables(*policy):
    return simulate(make_setting(years=3, policy=policy, **ALIVE), 3)


def different(one, other, months=slice(None)):
    """Names of the measures that differ in any bit, those of rules apart."""
    found = []
    for table, columns in one.items():
        for name, column in columns.items():
            if name.startswith(OF_RULES):
                continue
            left, right = (np.asarray(side) for side in (column, other[table].get(name)))
            rows = months if table == "months" else slice(None)
            equal = np.array_equal(left[rows], right[rows], equal_nan=left.dtype.kind == "f")
            found += [] if equal else [f"{table}.{name}"]
    return found


def test_every_rule_is_tried():
    assert set(TIGHT) == set(RULES_WITH_ROOM) == set(RULES) == set(NAMES)


@pytest.mark.parametrize("name", TIGHT)
def test_a_rule_binds_from_its_date_and_is_kept(name):
    """Nothing differs before it; something does after it; no new loan breaks it; older ones are gone in a year."""
    free, ruled = tables(), tables(Rule(name, TIGHT[name], DATE))
    months = {key: {"months": run["months"]} for key, run in (("free", free), ("ruled", ruled))}
    assert different(months["free"], months["ruled"], slice(0, FORCE)) == []
    assert different(months["free"], months["ruled"])
    broken = ruled["months"][f"violations_{name}"]
    assert np.isnan(broken[:FORCE]).all()
    assert (broken[FORCE:] == 0.0).all()
    assert ruled["runs"]["rule_violations"][0] == 0.0
    assert list(ruled["months"]["rules_in_force"]) == [0.0] * FORCE + [1.0] * (36 - FORCE)
    old = ruled["months"].get(f"grandfathered_{name}")
    if old is not None:
        assert np.isnan(old[:FORCE]).all()
        assert old[FORCE] > 0.0
        if name != "partner_list":  # a bank may part later from a platform that it took on since
            assert (old[FORCE + 12 :] == 0.0).all()  # the longest term is 12 months
    other = [one for one in NAMES if one != name]
    assert all(np.isnan(ruled["months"][f"violations_{one}"]).all() for one in other)


@pytest.mark.parametrize("name", RULES_WITH_ROOM)
def test_a_rule_with_room_for_everything_changes_nothing_to_the_bit(name):
    assert different(tables(), tables(Rule(name, RULES_WITH_ROOM[name], DATE))) == []


def test_home_region_only_means_nothing_where_there_is_one_region():
    one_region = {"population__regions": 1, "platforms__openness": "customers"}
    free = simulate(make_setting(years=1.5, **one_region), 3)
    ruled = simulate(make_setting(years=1.5, policy=[Rule("home_region_only", 1.0, "2017-06")], **one_region), 3)
    assert different(free, ruled) == []


def test_what_supervision_finds_where_rules_are_not_kept():
    """The same count over a market that nobody told of the rules: every rule is broken, and the count says so."""
    market = Market(make_setting(years=3, **ALIVE), 3)
    for _ in range(FORCE):
        market.step()
    since = np.full(len(NAMES), FORCE)
    for _ in range(4):
        market.step()
    market.world.month -= 1  # as the month's record sees it
    market.world.regulation.now, market.world.regulation.since = Regime(**TIGHT | {"partner_list": 0.0}), since
    market.world.regulation.room = np.full_like(market.world.regulation.room, -1.0)
    seen = Supervision(market.world)
    assert (seen.violations > 0.0).all(), dict(zip(NAMES, seen.violations, strict=True))
    loans = market.world.borrowers  # a loan breaks a rule in the month in which it is made, and once
    too_dear = (loans.balance > 0) & (loans.rate > TIGHT["all_in_cost_cap"])
    assert (too_dear & (loans.begun >= FORCE)).sum() > (too_dear & (loans.begun == FORCE + 3)).sum()
    broken = seen.violations[NAMES.index("all_in_cost_cap")]
    assert broken == (too_dear & (loans.begun == FORCE + 3)).sum() * market.world.scale
    older = [NAMES.index(name) for name in NAMES if f"grandfathered_{name}" in tables()["months"]]
    older.remove(NAMES.index("partner_list"))  # nobody was taken off a list
    assert (seen.grandfathered[older] > 0.0).all()
    assert (
        np.nanmax(
            seen.use[[NAMES.index(name) for name in NAMES if name not in ("home_region_only", "partner_list")]], axis=1
        )
        > 1.0
    ).all()


def test_a_loan_breaks_a_rule_once():
    """Cost is capped from month 5 on; in month 7 one dear loan of each of months 4 to 7 runs: the first is older than
    the rule, those of months 5 and 6 were counted then.
    """
    cost = NAMES.index("all_in_cost_cap")
    kinds = [("balance", "i8"), ("contract", "i8"), ("region", "i8"), ("rate", "f8"), ("begun", "i8")]
    rows = np.rec.array([(100 + month, 0, 0, 0.2, month) for month in (4, 5, 6, 7)], dtype=kinds)
    loans, fen = np.zeros((2, len(NAMES), 2), dtype=np.int64)
    caps, since = np.full((len(NAMES), 1), 1.0), np.full(len(NAMES), 5)
    caps[cost] = 0.15
    nothing = np.zeros((len(NAMES), 1), dtype=bool)
    old, away = np.zeros((2, 1), dtype=np.int64), np.zeros(1, dtype=np.int64)
    count_loans(rows, 7, nothing, np.array([NONE]), caps, since, loans, fen, old, away)
    assert loans[cost].tolist() == [1, 1]
    assert fen[cost].tolist() == [104, 107]
    assert loans.sum() == 2


def test_all_rules_together_keep_the_books_and_every_rule():
    policy = [Rule(name, value, DATE, notice_months=6) for name, value in TIGHT.items()]
    ruled = simulate(make_setting(years=3, policy=policy, **ALIVE), 3)  # the month itself checks the books to the fen
    for name in TIGHT:
        assert np.nansum(ruled["months"][f"violations_{name}"]) == 0.0, name


def test_rules_that_lapse_leave_no_limit():
    market = Market(make_setting(years=2, policy=[Rule("partner_list", 1.0, "2017-06", until="2017-09")]), 0)
    for _ in range(10):
        market.step()
    assert market.world.regulation.now == OPEN
    assert regime_of(()) == OPEN


def test_a_full_list_ends_the_partners_worth_least():
    market = Market(make_setting(years=2, policy=[Rule("partner_list", 1.0, DATE)], **ALIVE), 3)
    for _ in range(FORCE + 1):
        market.step()
    rows = market.world.alliances
    ended = rows[rows.end_reason == DELISTED]
    assert len(ended) > 0
    assert (ended.ended == FORCE).all()
    assert market.world.contracts.balance[ended.contract].sum() > 0  # their loans run off
    running = rows.bank[rows.ended < 0]
    assert np.bincount(running).max() == 1


def test_what_is_announced_is_foreseen_and_not_before():
    """Where no joint loan will pay once the rule is in force, nobody signs what would be ready by then."""
    notice = 2  # months, as integration takes
    signed = np.flatnonzero(tables()["months"]["pacts_signed"])
    force = int(signed[signed > notice][0]) + notice
    date = f"{2017 + force // 12}-{force % 12 + 1:02d}"
    known, silent = (
        tables(Rule("all_in_cost_cap", 0.05, date, notice_months=months))["months"] for months in (notice, 0)
    )
    told = slice(force - notice, force)
    assert different({"months": known}, {"months": silent}, slice(0, force - notice)) == []
    assert (known["rules_in_force"][told] == 0.0).all()
    assert silent["pacts_signed"][told].sum() > 0.0
    assert known["pacts_signed"][told].sum() == 0.0


def test_contracts_are_made_anew_and_old_loans_keep_their_split():
    market = Market(make_setting(years=2, policy=[Rule("minimum_platform_share", 0.4, DATE)], **ALIVE), 3)
    for _ in range(FORCE):
        market.step()
    before = len(market.world.contracts)
    market.step()
    contracts, rows = market.world.contracts, market.world.alliances
    assert len(market.world.contracts) > before
    assert (contracts.funding_share[rows.contract[rows.ended < 0]] <= 0.6).all()
    old = np.setdiff1d(np.flatnonzero(contracts.kind[:before] == 0), rows.contract)
    assert (contracts.funding_share[old] == 0.75).all()
    assert market.world.totals.originations[old].sum() == 0
    claims = (
        market.world.books.bank_claims[old],
        (market.world.books.bank_claims + market.world.books.platform_claims)[old],
    )
    assert (claims[0] == claims[1] * 7_500 // 10_000).all()
    assert claims[1].sum() > 0
    lent = rows.originated.sum()
    for _ in range(9):
        market.step()
    assert market.world.alliances.originated[: len(rows)].sum() > lent  # both contracts count for the alliance


@pytest.mark.parametrize("engine", ["columns", "objects"])
def test_a_market_under_rules_is_forked_and_saved_exactly(tmp_path, engine):
    policy = [Rule(name, value, "2017-08", notice_months=3) for name, value in TIGHT.items()]
    small = {"population__borrowers": 300, "population__persons": 3_000_000}
    market = Market(make_setting(years=1, policy=policy, **ALIVE, **small), 5, engine)
    for _ in range(6):
        market.step()
    twin = market.fork()
    market.save(tmp_path / "market")
    again = Market.load(tmp_path / "market")
    for _ in range(4):
        for one in (market, twin, again):
            one.step()
    for other in (twin, again):
        assert other.world.books.balance.tobytes() == market.world.books.balance.tobytes()
        for name in market.world.pairs.dtype.names:
            assert other.world.pairs[name].tobytes() == market.world.pairs[name].tobytes()
