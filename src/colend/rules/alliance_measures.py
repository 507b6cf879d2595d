"""What became of the alliances: what a meeting and a slot brought, what is to come, paper pacts, good pacts missed.

Each alliance's own value is discounted to its own meeting: it says what a meeting is worth to who meets, and is added
up over no market. What a market is worth is its profit (`measures/accounts.py`). Cohorts are those whose first term is
over, and what a renewal brings is not theirs; what is still to come stands apart.
"""

from __future__ import annotations

import math

import numpy as np

from colend.compilation import compiled
from colend.equations.valuation import surplus_rows
from colend.rules.alliance import alliances_in, pairs_of
from colend.rules.alliance_worth import BANK, PLATFORM, party_terms, values
from colend.state.tables import DORMANT, ENDED, INTEGRATING, NONE, OPERATING, PILOT, PILOT_SETUP, SIGNED
from colend.state.world import World


def terminal_values(world: World) -> tuple[np.ndarray, np.ndarray]:
    """The rows of live alliances, and what is still to come of them by the parties' belief, float64[party, row], yuan.

    What was paid is sunk; remaining set-up, pilot, integration and term count; a dormant pact is only the option to
    wake.
    """
    group, alliances = world.parameters.alliances, world.alliances
    rows = alliances_in(world, PILOT_SETUP, PILOT, SIGNED, INTEGRATING, OPERATING, DORMANT)
    now, pairs, stage = world.month, pairs_of(world, rows), alliances.stage[rows]
    in_pilot = (stage == PILOT_SETUP) | (stage == PILOT)
    built = (stage == OPERATING) | (stage == DORMANT)
    term_left = np.where(in_pilot, group.term_months, alliances.term_ends[rows] - now)
    discount = world.monthly_discount ** (now - alliances.met[rows])
    coming = np.zeros((2, len(rows)))
    for party in (BANK, PLATFORM):
        terms = party_terms(world, pairs, party)
        terms.setup = 0.0
        terms.setup_months = np.maximum(alliances.pilot_started[rows] - now, 0)
        ends = np.maximum(alliances.pilot_started[rows], now)
        terms.pilot_months = np.where(in_pilot, np.maximum(alliances.decision_due[rows] - ends, 0), 0)
        terms.signing = np.where(in_pilot, terms.signing, 0.0)
        terms.integration = np.where(in_pilot | (stage == SIGNED), terms.integration, 0.0)
        building = np.maximum(alliances.integration_due[rows] - now, 0)
        months = np.where(stage == INTEGRATING, building, terms.integration_months)
        terms.integration_months = np.where(built, 0, months)
        reviewed = np.maximum(alliances.operating_since[rows] + group.review_months - now, 0)
        terms.review_months = np.where(built, reviewed, terms.review_months)
        terms.months = np.minimum(terms.months, term_left)
        worth = values(world, pairs, terms, in_pilot)
        optional = in_pilot | (stage == SIGNED) | built
        coming[party] = discount * np.where(optional, np.maximum(worth, 0.0), worth)
    return rows, coming


def is_good(world: World) -> np.ndarray:
    """bool[pairs]: with the true fit known and today's prospects, full operation earns both parties something a
    month.
    """
    everyone = np.arange(len(world.pairs))
    good = np.ones(len(everyone), dtype=bool)
    for party in (0, 1):
        earned = np.zeros(len(everyone))
        fit, known = world.pairs.fit[everyone], np.zeros(len(everyone))
        terms = party_terms(world, everyone, party, ahead=False)
        compiled(surplus_rows, allocates=False)(fit, known, terms, world.share_table, earned)
        good &= earned > 0.0
    return good


def mean_of(values_: np.ndarray) -> float:
    """Mean, missing when there is nothing."""
    return float(values_.mean()) if len(values_) else math.nan


class AllianceFacts:
    """The alliances of a finished run, and what they came to; call `month.record.close` first."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.rows = world.alliances
        self.signed = self.rows.signed != NONE
        self.operated = self.rows.operating_since != NONE

    @property
    def value_to_come(self) -> float:
        """Yuan still to come of live alliances to banks and platforms, discounted to the run's start."""
        coming = self.rows.bank_terminal_value + self.rows.platform_terminal_value
        return float((self.world.monthly_discount**self.rows.met * coming).sum())

    @property
    def closed(self) -> np.ndarray:
        """Alliances that met early enough for a pilot, integration and a whole term; the same months for both
        sequencings.
        """
        group = self.world.parameters.alliances
        needed = group.pilot_setup_months + group.pilot_months + group.integration_months + group.term_months
        return self.rows.met + needed <= self.world.months

    @property
    def value_per_meeting_closed(self) -> float:
        """Yuan that first terms brought the bank, per meeting of the closed entry cohorts."""
        first = np.where(self.rows.renewals > 0, self.rows.bank_first_term, self.rows.bank_value)
        return mean_of(first[self.closed])

    @property
    def value_per_slot_month(self) -> float:
        """Realised yuan to the bank per month of a platform's slot."""
        held = float(self.rows.slot_months.sum())
        return float(self.rows.bank_value.sum()) / held if held > 0.0 else math.nan

    @property
    def pilots_signed_share(self) -> float:
        """Of the pilots whose decision came, those signed."""
        decided = (self.rows.pilot_started != NONE) & (self.rows.decision_due < self.world.months)
        return mean_of(self.signed[decided])

    @property
    def dormant_ever_share(self) -> float:
        """Of signed pacts, those that were ever dormant."""
        return mean_of(self.rows.first_dormant[self.signed] != NONE)

    @property
    def paper_never_integrated(self) -> float:
        """Signed pacts that were never built."""
        return float((self.signed & (self.rows.integration_started == NONE)).sum())

    @property
    def paper_stopped(self) -> float:
        """Pacts that worked, went dormant, and sleep or are over."""
        over = (self.rows.stage == DORMANT) | (self.rows.stage == ENDED)
        return float((self.operated & (self.rows.first_dormant != NONE) & over).sum())

    @property
    def good_pacts_missed(self) -> float:
        """Pairs that met, would be worth operating to both with their true fit, and never did."""
        pairs = pairs_of(self.world, np.arange(len(self.rows)))
        met = np.unique(pairs)
        missed = met[is_good(self.world)[met]]
        return float(len(np.setdiff1d(missed, pairs[self.operated])))

    @property
    def months_lost(self) -> float:
        """Mean months from meeting to full operation of pairs with good fit that got there."""
        pairs = pairs_of(self.world, np.arange(len(self.rows)))
        good = self.operated & is_good(self.world)[pairs]
        return mean_of((self.rows.operating_since - self.rows.met)[good].astype(np.float64))

    @property
    def sunk_cost(self) -> float:
        """Yuan that both sides spent on alliances that ended without operating, or that sleep."""
        lost = ((self.rows.stage == ENDED) & ~self.operated) | (self.rows.stage == DORMANT)
        return float((self.rows.bank_spent + self.rows.platform_spent)[lost].sum())

    @property
    def months_to_signing(self) -> float:
        """Mean months from meeting to signing."""
        return mean_of((self.rows.signed - self.rows.met)[self.signed].astype(np.float64))

    @property
    def months_to_first_loan(self) -> float:
        """Mean months from meeting to the first joint loan."""
        lent = self.rows.first_loan != NONE
        return mean_of((self.rows.first_loan - self.rows.met)[lent].astype(np.float64))
