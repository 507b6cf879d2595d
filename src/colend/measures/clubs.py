"""What a club does: who of its members works with the platform, members' capability beside others', and who is served
where members are at home. Missing without a club.
"""

from __future__ import annotations

import numpy as np

from colend.measures.declaration import Measure, middle, ratio
from colend.measures.gates import GATED_BANKS, gated
from colend.measures.views import MonthView, RunView
from colend.rules.clubs import members_in, there_is_a_club
from colend.rules.regulation import REGIONAL
from colend.scenario.parameters import SEGMENTS
from colend.state.tables import OPERATING


def working_share(view: MonthView) -> float:
    """Members that work with the club's platform over all members."""
    if not there_is_a_club(view.world):
        return np.nan
    return ratio(members_in(view.world, OPERATING).sum(), (view.banks.club > 0).sum())


def precision(view: MonthView, members: bool) -> float:
    """Median precision of the banks in the club that have gates to stand before, or of those outside it."""
    if not there_is_a_club(view.world):
        return np.nan
    rows = ((view.banks.club > 0) == members) & gated(view)
    return middle(view.banks.precision[rows])


def months_to_half(view: RunView) -> float:
    """Months until half of the members worked with the platform for the first time."""
    reached = np.flatnonzero(view.months["club_working_share"] >= 0.5)
    return float(reached[0] + 1) if len(reached) else np.nan


def thin_file_served(view: RunView, home: bool) -> float:
    """Thin-file persons with a loan over all, where most regional banks are members, or elsewhere."""
    if not there_is_a_club(view.world):
        return np.nan
    banks, regions = view.banks, len(view.regional)
    local = REGIONAL[banks.kind]
    there = np.bincount(banks.region[local], minlength=regions)
    members = np.bincount(banks.region[local & (banks.club > 0)], minlength=regions)
    rows = view.regional[(2 * members > there) == home, SEGMENTS.index("thin_file")]
    return ratio(rows[:, 1].sum(), rows[:, 0].sum())


def _months(name: str, unit: str, meaning: str, take) -> Measure:
    return Measure(name, "months", unit, f"{meaning}; missing without a club", take)


def _run(name: str, unit: str, meaning: str, over: str, take, months=(), end=()) -> Measure:
    return Measure(name, "runs", unit, f"{meaning}; missing without a club", take, tuple(months), tuple(end), over)


def _end(name: str, unit: str, meaning: str, over: str) -> Measure:
    return _run(f"{name}_end", unit, f"{meaning}, at the end", over, lambda v: float(v.last(name)), end=[name])


_WORKING = "Members that work with the club's platform over all members"
_MEMBERS, _OTHERS = (f"Median screening precision of {GATED_BANKS} {which} the club" for which in ("in", "outside"))
MONTHS_OF_CLUBS = (
    _months("club_working_share", "share", _WORKING, working_share),
    _months("club_precision_members", "precision", _MEMBERS, lambda v: precision(v, True)),
    _months("club_precision_others", "precision", _OTHERS, lambda v: precision(v, False)),
)
RUNS_OF_CLUBS = (
    _run(
        "club_months_to_half",
        "months",
        "Months until half of the members work with the club's platform; missing when half never do",
        "members of the club",
        months_to_half,
        ["club_working_share"],
    ),
    _end("club_working_share", "share", _WORKING, "members of the club"),
    _end("club_precision_members", "precision", _MEMBERS, "members of the club, with a partner or without"),
    _end("club_precision_others", "precision", _OTHERS, f"{GATED_BANKS} outside the club"),
    _run(
        "club_thin_file_served_home",
        "share",
        "Thin-file persons with a loan at the end over all, in regions where most regional banks are members",
        "thin-file persons at home in the club",
        lambda v: thin_file_served(v, True),
    ),
    _run(
        "club_thin_file_served_elsewhere",
        "share",
        "The same in all other regions",
        "thin-file persons elsewhere",
        lambda v: thin_file_served(v, False),
    ),
)
BANKS_OF_CLUBS = (
    Measure(
        "club", "banks", "number", "2: hub of the club, 1: member, 0: neither", lambda v: v.banks.club.astype(np.int64)
    ),
    Measure(
        "club_working",
        "banks",
        "number",
        "1: a member that works with the club's platform",
        lambda v: members_in(v.world, OPERATING).astype(np.int64),
    ),
)
