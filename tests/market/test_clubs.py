"""A club: neutral it is none, and each channel does what its equation says."""

import numpy as np
import pytest

from colend.equations.capability import spillover
from colend.rules.alliance_worth import party_terms
from colend.rules.clubs import heard, looks_for, members_in
from colend.state.tables import DORMANT, NONE, OPERATING

MEMBERS = ["city 1-3", "rural 2-5"]
LIVELY = {"alliances__prior_mean": 1.0}  # many pacts, so that members meet what others did
ON = {"clubs__template_saving": 0.3, "clubs__reference": 0.4, "clubs__spillover": 0.5}


def told(market, months):
    for _ in range(months):
        market.step()
    held = [market.world.borrowers, market.world.alliances, market.world.pairs, market.world.books.balance]
    held += [market.world.banks[name] for name in market.world.banks.dtype.names if name != "club"]
    return [part.tobytes() for part in held]


def test_a_club_without_channels_is_no_club(make_market):
    assert told(make_market(), 15) == told(make_market(clubs__members=MEMBERS), 15)


@pytest.mark.parametrize("channel", [*ON, "clubs__hub_wait_months"])
def test_each_channel_alone_changes_the_market(make_market, channel):
    plain = {"clubs__members": MEMBERS, "alliances__meeting_rate": 0.1} | LIVELY
    on = plain | {channel: ON.get(channel, 12)}
    assert told(make_market(**plain), 15) != told(make_market(**on), 15)


def test_members_listed_in_another_order_are_the_same_club(make_market):
    other = ["city 1", "rural 4-5", "rural 2-3", "city 2-3"]
    assert told(make_market(clubs__members=MEMBERS, **ON), 12) == told(make_market(clubs__members=other, **ON), 12)


@pytest.fixture(name="club")
def club_fixture(make_market):
    """A market of six months in which members work with the club's platform."""
    market = make_market(clubs__members=MEMBERS, **ON | LIVELY)
    for _ in range(6):
        market.step()
    assert members_in(market.world, OPERATING).sum() >= 2
    return market


def test_templates_cut_cost_and_months_for_members_at_the_platform_alone(club):
    banks, number = club.world.banks, len(club.world.banks)
    terms = party_terms(club.world, np.arange(len(club.world.pairs)), 0)
    ours = np.zeros((3, number), dtype=bool)
    ours[0, [0, 1, 2, 6, 7, 8, 9]] = True
    part = np.where(ours.ravel(), 0.7 ** members_in(club.world, OPERATING, DORMANT).sum(), 1.0)
    assert terms.integration == pytest.approx(100_000.0 * np.tile(banks.cost_scale, 3) * part)
    assert terms.integration_months == pytest.approx(np.rint(2 * part))


def test_references_bring_members_to_the_platform(club):
    working, draw = members_in(club.world, OPERATING).sum(), np.linspace(0.0, 0.999, 13)
    looks = looks_for(club.world, draw)
    member = club.world.banks.club > 0
    assert (looks[1:] == (draw < 0.6)).all()
    assert (looks[0] == (draw < np.where(member, 1.0 - 0.4 * 0.6**working, 0.6))).all()


def test_members_hear_the_mean_of_the_others(club):
    effort = np.arange(13.0)
    member, result = club.world.banks.club > 0, heard(club.world, effort)
    for bank in range(13):
        others = member & (np.arange(13) != bank)
        assert result[bank] == pytest.approx(0.5 * effort[others].mean() if member[bank] else 0.0)
    assert spillover(1.0, np.array([2.0, 4.0])).tolist() == [4.0, 2.0]


def test_members_wait_until_the_hub_has_signed(make_market):
    market = make_market(clubs__members=MEMBERS, clubs__hub_wait_months=10, years=2, **LIVELY)
    for _ in range(16):
        market.step()
    alliances, club = market.world.alliances, market.world.banks.club
    ours = alliances[alliances.platform == 0]
    hub = ours.signed[(club[ours.bank] == 2) & (ours.signed != NONE)]
    signed = hub.min(initial=10)
    met = ours.met[club[ours.bank] == 1]
    assert len(met)
    assert met.min() >= signed
    assert ours.met[club[ours.bank] == 0].min() < signed
