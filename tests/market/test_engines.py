"""Two engines, any number of threads: one result, to the last bit."""

import numpy as np
import pytest

from colend.month import borrowers as step
from colend.state.tables import JOINT, OWN

TABLES = ("banks_table", "platforms_table", "pairs", "borrowers_table", "totals")


def same(one, other):
    """Names of what differs between two markets."""
    different = [name for name in TABLES if getattr(one, name).tobytes() != getattr(other, name).tobytes()]
    for name in ("alliances", "contracts"):
        count = getattr(one, name.rstrip("s") + "_count")
        if getattr(one, name)[:count].tobytes() != getattr(other, name)[:count].tobytes():
            different.append(name)
    if one.books.balance.tobytes() != other.books.balance.tobytes():
        different.append("books")
    return different


ALL_ACT = {"platforms__openness": ["technology", "customers", "traffic"], "alliances__sequencing": "cooperate_then_sign"}


def test_engines_agree_on_a_market_in_which_every_mechanism_acts(make_market):
    columns = make_market(engine="columns", years=2, **ALL_ACT)
    objects = make_market(engine="objects", years=2, **ALL_ACT)
    seen = dict.fromkeys(columns.totals.dtype.names if hasattr(columns, "totals") else (), 0)
    for _ in range(24):
        columns.step()
        objects.step()
        assert same(columns, objects) == []
        for name in columns.totals.dtype.names:
            seen[name] = seen.get(name, 0) + int(columns.totals[name].sum())
    idle = {name for name, count in seen.items() if count == 0} - {"no_capacity"}
    assert not idle, f"never happened: {idle}"
    kinds = columns.contracts.kind[: columns.contract_count]
    assert (columns.totals.loan_months.sum(axis=1)[kinds == JOINT]).any()
    assert (columns.totals.loan_months.sum(axis=1)[kinds == OWN]).any()


@pytest.mark.parametrize("threads", [2, 4])
def test_threads_do_not_matter(make_market, threads):
    one, more = make_market(years=1), make_market(years=1, threads=threads)
    for _ in range(12):
        one.step()
        more.step()
    assert same(one, more) == []


def test_a_broken_kernel_is_caught(make_market, monkeypatch):
    """The reference is the plain source: compile another interest rule and the engines must part."""
    columns, objects = make_market(engine="columns", years=1), make_market(engine="objects", years=1)
    import colend.compilation as compilation
    import colend.rules.borrower as rule

    def broken_interest(balance, rate_bp):
        return (balance * rate_bp + 60_000) // 120_000 + 1

    broken_interest.__module__ = "colend.rules.borrower"

    def break_it(function, allocates=True):
        target = broken_interest if function.__name__ == "monthly_interest" else function
        copy = compilation.twin(target, lambda inner: break_it(inner, allocates))
        return compilation._numba().njit(nogil=True, error_model="numpy", _nrt=allocates)(copy)

    assert rule.monthly_interest.__name__ == "monthly_interest"
    for _ in range(3):
        objects.step()
    with monkeypatch.context() as patch:
        patch.setattr(step, "compiled", break_it)
        for _ in range(3):
            columns.step()
    assert "books" in same(columns, objects)


def test_looking_at_borrowers_registers_nobody(make_market):
    market = make_market()
    before = len(market.agents)
    assert market.borrowers[17].segment in (0, 1, 2)
    assert len(list(market.borrowers)) == 2_000
    assert len(market.agents) == before
    with pytest.raises(IndexError):
        market.borrowers[2_000]
    assert not any(type(agent).__name__ == "Borrower" for agent in market.agents)
    everyone = make_market(engine="objects")
    assert len(everyone.agents_by_type[everyone.borrower_type]) == 2_000


def test_agents_show_their_rows(make_market):
    market = make_market()
    market.step()
    assert market.banks[3].precision == market.banks_table.precision[3]
    market.banks[3].precision = 0.5
    assert market.banks_table.precision[3] == 0.5
    assert {type(bank).__name__ for bank in market.banks} == {"CityBank", "RuralBank", "ConsumerFinanceCompany"}
    assert np.isclose(sum(platform.user_share for platform in market.platforms), 1.0)
