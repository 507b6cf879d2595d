"""`alliances.pilot_continues`: a signed pilot lends on, as a pilot, until what follows it operates."""

import itertools

import numpy as np
import pytest

from colend.rules.alliance import slots_used, with_flow
from colend.state.tables import INTEGRATING, NONE, OPERATING, PILOT, PILOT_SETUP, SIGNED

TERMS = {
    "years": 2,
    "alliances__sequencing": "cooperate_then_sign",
    "alliances__integration_months": 5,
    "alliances__pilot_scale_sd": 0.5,
    "platforms__openness": "technology",
}


def lived(make_market, **changes):
    """A market, and of each of its months the alliances with the flow that they had and what they had cost."""
    market, months = make_market(**TERMS | changes), []
    for _ in range(market.months):
        market.step()
        months.append(market.world.alliances.copy())
    return market, months


@pytest.fixture(name="both", scope="module")
def both_fixture(make_setting):
    from colend.market import Market

    def make(**settings):
        return Market(make_setting(**settings), 0)

    return {on: lived(make, alliances__pilot_continues=on) for on in (0, 1)}


def between(rows):
    return (rows.stage == SIGNED) | (rows.stage == INTEGRATING)


def test_lending_goes_on_while_the_pact_is_integrated(both):
    """The first edition stopped it: nothing routed, nothing lent."""
    lent = {}
    for on, (_, months) in both.items():
        rows = [month[between(month)] for month in months]
        assert sum(map(len, rows)) > 20
        assert all((part.routed[part.stage == INTEGRATING] > 0).all() == (on == 1) for part in rows if len(part))
        lent[on] = sum(
            (month.originated[: len(before)] - before.originated)[between(month[: len(before)])].sum()
            for before, month in itertools.pairwise(months)
        )
    assert lent[0] == 0.0
    assert lent[1] > 1e6


def test_it_stays_a_pilot_in_share_openness_cost_and_evidence(both):
    market, months = both[1]
    group, world, seen = market.parameters.alliances, market.world, 0
    for before, month in itertools.pairwise(months):
        rows = np.flatnonzero(between(month[: len(before)]) & (before.stage == INTEGRATING))
        for row in rows:
            now, then, seen = month[row], before[row], seen + 1
            cost = group.pilot_running_cost * world.banks.cost_scale[now.bank] + group.application_cost * now.routed
            assert now.bank_spent - then.bank_spent == pytest.approx(cost, abs=0.01)
            assert now.pilot_information > then.pilot_information  # of the pilot, whose months are pooled
            assert now.slot_months - then.slot_months == 1.0
    assert seen > 20
    working = np.flatnonzero(world.alliances.stage == INTEGRATING)
    assert (world.contracts.openness[world.alliances.contract[working]] == 0).all()  # traffic, as in the pilot
    assert set(working) <= set(with_flow(world))
    used = slots_used(world)[0].sum()
    held = (world.alliances.stage == INTEGRATING).sum() + np.isin(world.alliances.stage, (PILOT_SETUP, PILOT)).sum()
    assert used == pytest.approx(held)


def test_with_signing_first_there_is_nothing_to_go_on(make_market):
    signed = {}
    for on in (0, 1):
        market, _ = lived(make_market, alliances__sequencing="sign_then_cooperate", alliances__pilot_continues=on)
        signed[on] = market.world
        assert (market.world.alliances.pilot_started == NONE).all()
        assert (market.world.alliances.stage == OPERATING).any()
    assert (signed[0].books.balance == signed[1].books.balance).all()
    assert signed[0].alliances.tobytes() == signed[1].alliances.tobytes()
    assert signed[0].pairs.tobytes() == signed[1].pairs.tobytes()
