"""Alliances: fit, costs, pilots, signing, trust."""

from __future__ import annotations

from colend.scenario.parameters.base import Crowd, Group, Number, SequencingOrAdaptive, Whole, parameter
from colend.scenario.parameters.openness import Openness

_TIE = "assumed: a value at which both sequencings acted in a prototype"
_START = "assumed: a starting value for the whole market"
_DESIGN = "assumed: docs/odd.md sections 7.7 to 7.9"
_EACH = "each party, times the bank's cost_scale"


class Alliances(Group):
    """How banks and platforms come together, and what that costs."""

    sequencing: SequencingOrAdaptive = parameter(
        "sign_then_cooperate",
        "choice",
        "Sign first and cooperate later, or pilot first and sign when it worked; adaptive: the parties choose",
        "assumed: docs/odd.md section 1",
    )
    fit_sd: Number = parameter(
        1.25,
        "logit",
        "Spread of hidden fit around its public prior",
        "assumed, as in a prototype; facts: alliance success 20 to 80 %, a wide prior",
        0,
        20,
    )
    operation_sd: Number = parameter(0.8, "logit", "Monthly noise of an alliance's operations", _TIE, 0.001, 20)
    prior_mean: Number = parameter(0.0, "logit", "Mean of the public prior of fit", _TIE, -20, 20)
    prior_sd: Number = parameter(0.3, "logit", "Spread of the public prior over pairs", _TIE, 0, 20)
    funding_share: Number = parameter(
        0.75, "share", "Bank's part of a joint loan", "facts: WeBank 2017, 75 % passed to partners", 0.0001, 1
    )
    signing_cost: Number = parameter(150_000, "yuan", f"Cost of signing, {_EACH}", _START, 0, 1e12)
    integration_cost: Number = parameter(1_000_000, "yuan", f"Cost of integrating systems, {_EACH}", _START, 0, 1e12)
    integration_months: Whole = parameter(
        4,
        "months",
        "Months that integration takes",
        "assumed, as in a prototype; facts: Xinyun+ two months from signing to live",
        0,
        60,
    )
    running_cost: Number = parameter(
        50_000, "yuan a month", f"Fixed cost of an operating alliance, {_EACH}", _START, 0, 1e12
    )
    application_cost: Number = parameter(
        12, "yuan an application", "Data and bureau queries for each routed application, each party", _START, 0, 10_000
    )
    pilot_cost: Number = parameter(300_000, "yuan", f"Cost of setting up a pilot, {_EACH}", _START, 0, 1e12)
    pilot_setup_months: Whole = parameter(1, "months", "Months that setting it up takes", _TIE, 0, 60)
    pilot_months: Whole = parameter(
        6, "months", "Months that a pilot lasts", "assumed: docs/odd.md sections 7.7 to 7.9", 0, 60
    )
    pilot_running_cost: Number = parameter(18_000, "yuan a month", f"Fixed cost of a pilot, {_EACH}", _START, 0, 1e12)
    pilot_allocation: Number = parameter(0.1, "share", "Part of a partner's flow that a pilot gets", _TIE, 0, 1)
    pilot_slot_use: Number = parameter(
        1.0,
        "share",
        "Part of an integration slot that a pilot holds after set-up",
        "assumed: the same people run it; a lever to sweep",
        0,
        1,
    )
    pilot_continues: Whole = parameter(
        0,
        "1",
        "1: a signed pilot's flow goes on while the pact is integrated; 0: it stops",
        "assumed; 0 is neutral: the first rule",
        0,
        1,
    )
    pilot_scale_sd: Number = parameter(
        0.0, "logit", "How much a pilot's fit may differ from the whole alliance's", _DESIGN, 0, 20
    )
    pilot_openness: Openness = parameter("traffic", "choice", "What is open during a pilot", _DESIGN)
    term_months: Whole = parameter(36, "months", "Term of a pact", _TIE, 1, 600)
    review_months: Whole = parameter(6, "months", "Months of operation before a pact is first reviewed", _TIE, 0, 600)
    discount_rate: Number = parameter(0.10, "rate a year", "Discount rate of banks and platforms", _TIE, 0, 1)
    meeting_rate: Number = parameter(
        0.25, "probability a month", "Probability that a bank with a free slot looks for a partner", _TIE, 0, 1
    )
    sign_confidence: Number = parameter(
        0.0, "probability", "Certainty of a good fit that signing needs besides positive value; 0: none", _DESIGN, 0, 1
    )
    signing_prestige: Number = parameter(
        0.0, "yuan", "What a signature is worth in itself, each party", _DESIGN, 0, 1e12
    )
    signed_priority: Number = parameter(0.0, "1", "Extra weight of signed partners in routing", _DESIGN, 0, 100)
    commitment_effort: Number = parameter(0.0, "logit a month", "Drift of fit while in operation", _DESIGN, -1, 1)
    initial_trust: Number = parameter(0.3, "share", "Trust at the start", "assumed, as in a prototype", 0, 1)
    trust_gain: Number = parameter(
        0.05,
        "share a month",
        "Gain of trust from good months",
        "assumed, as in a prototype; Vanneste et al. 2014: trust drifts little",
        0,
        1,
    )
    trust_loss: Number = parameter(
        0.08, "share a month", "Loss of trust from bad months", "assumed, as in a prototype", 0, 1
    )
    trust_decay: Number = parameter(
        0.01, "share a month", "Fading of trust while a pact is dormant", "assumed, as in a prototype", 0, 1
    )
    crowd: Crowd = parameter(
        "anticipated_entry",
        "choice",
        "How parties expect others to share a platform's flow: as part of all banks, or by forecast from who works "
        "there, who tries, and what became of those who tried",
        "assumed; anticipated_entry is neutral: the first rule",
    )
    anticipated_entry: Number = parameter(
        0.25, "share", "Part of all banks' offered lending that a party expects at the platform", _DESIGN, 0, 1
    )
    crowd_prior_conversion: Number = parameter(
        0.6,
        "share",
        "Share of meetings that come into operation, before any has",
        "facts: 53 % of alliances a success, 70 % of paid pilots signed",
        0,
        1,
    )
    crowd_prior_months: Number = parameter(
        8,
        "months",
        "Months until they do, and for which they hold a slot, likewise",
        "facts: 5 months (ICBC and JD) to 11 with a pilot of 6",
        0,
        120,
    )
    crowd_prior_weight: Number = parameter(
        10, "number", "Meetings that this is worth", "assumed: as many as a month or two bring", 0.001, 1e6
    )
    platform_power: Number = parameter(
        0.5,
        "probability",
        "Probability that the platform's sequencing holds where the parties' differ",
        "assumed: even",
        0,
        1,
    )
    smoothing: Number = parameter(0.2, "share", "Weight of the newest month in expectations", _DESIGN, 0.001, 1)

    @property
    def monthly_discount(self) -> float:
        """Value today of a yuan next month."""
        discount: float = (1.0 + self.discount_rate) ** (-1.0 / 12.0)
        return discount
