"""What every bank and platform expects from lending together, and from lending alone: what plans and pacts rest on.

Margins are yuan per application; an application is one that the platform routed to the pair and the joint pipeline can
serve.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from colend.compilation import compiled
from colend.equations.capability import absorption, transfer
from colend.equations.numbers import Row
from colend.equations.relationship import AWAY, HOME, annuity, customer_value, idle_share
from colend.equations.valuation import share_rows
from colend.rules.alliance import pairs_of, with_flow
from colend.rules.outlook import mean_term
from colend.rules.regulation import region_weights
from colend.state.table import Table
from colend.state.world import World


def expected_shares(world: World, pair: np.ndarray) -> np.ndarray:
    """E[q] of these pairs in full operation, on what is believed of their fit and the month's operational noise."""
    pairs, shares = world.pairs, np.zeros(len(pair))
    variance = pairs.belief_variance[pair] + world.parameters.alliances.operation_sd**2
    compiled(share_rows, allocates=False)(pairs.belief_mean[pair], variance, world.share_table, shares)
    return shares


def served_applications(world: World, rows: np.ndarray) -> np.ndarray:
    """Applications a month that these alliances may expect to serve: routed x share served by their belief."""
    return world.alliances.routed[rows] * expected_shares(world, pairs_of(world, rows))


def joint_loans(world: World) -> tuple[np.ndarray, np.ndarray]:
    """Alliances in pilot or operation, and the loans a month that each may expect, float64[alliance, segment]."""
    alliances, outlook = world.alliances, world.outlook
    rows = with_flow(world)
    per_application = outlook.mix[alliances.platform[rows]] * outlook.loans[pairs_of(world, rows)]
    return rows, served_applications(world, rows)[:, None] * per_application


def anticipated_applications(world: World, signed: np.ndarray) -> np.ndarray:
    """N_pb, persons a month at full allocation, before smoothing, by pair.

    applications_p kappa_b / max(sum kappa of p's signed partners other than b + kappa_b, anticipated_entry x sum
    kappa of all banks): without the anticipation every bank would expect the whole platform. Where local banks lend in
    their region only, region by region.
    """
    partner, expected = np.zeros(len(world.pairs), dtype=bool), np.zeros(len(world.pairs))
    partner[pairs_of(world, signed)] = True
    compiled(share_applications, allocates=False)(
        world.platforms.applications,
        world.outlook.kappa,
        world.outlook.offer_cap,
        region_weights(world),
        partner,
        world.parameters.alliances.anticipated_entry,
        expected,
    )
    return expected


def share_applications(
    applications: np.ndarray,
    kappa: np.ndarray,
    cap: np.ndarray,
    weights: np.ndarray,
    partner: np.ndarray,
    entry: float,
    expected: np.ndarray,
) -> None:
    """Add the applications that each pair may expect from each part of the market."""
    banks = len(kappa)
    for part in range(len(weights)):
        for p in range(len(applications)):
            whole, signed = 0.0, 0.0
            for b in range(banks):
                offered = min(kappa[b], cap[p, b]) * weights[part, b]
                whole += offered
                if partner[p * banks + b]:
                    signed += offered
            for b in range(banks):
                offered, row = min(kappa[b], cap[p, b]) * weights[part, b], p * banks + b
                others = signed - offered if partner[row] else signed
                crowd = max(others + offered, entry * whole)
                if crowd > 0.0:
                    expected[row] += applications[p] / len(weights) * (offered / crowd)


def own_need(world: World) -> np.ndarray:
    """A customer's own-channel applications a month, float64[bank, segment]: need x loyalty x share of idle months."""
    parameters = world.parameters
    need = parameters.population.monthly_need.as_array()
    return need * parameters.customers.loyalty * idle_share(need, world.outlook.own_loans, mean_term(parameters))


class CustomerTerms(NamedTuple):
    """How long a customer counts."""

    discount: float  # value today of a yuan next month
    attrition: float  # a month
    term: float  # months for which platforms count


def customer_rows(
    banks: Table,
    terms: CustomerTerms,
    need: np.ndarray,
    margin: np.ndarray,
    offered: np.ndarray,
    kappa: np.ndarray,
    income: np.ndarray,
    worth: np.ndarray,
    lost: np.ndarray,
) -> None:
    """Fill `worth` by bank and `lost` by platform, of a customer in each segment, yuan; `terms` are CustomerTerms.

    The bank counts at its own horizon and precision, and a customer that loses money as worth nothing. The platform
    counts the term of a pact, at its mean income on the applications that it no longer sees; what the bank refuses
    comes back to it. Of the banks that win customers each counts by what it offers.
    """
    whole = 0.0
    for b in range(len(banks)):
        whole += kappa[b]
    stay = annuity(terms.discount, 1.0 - terms.attrition, terms.term)
    for s in range(worth.shape[1]):
        for b in range(len(banks)):
            weight = kappa[b] / whole if whole > 0.0 else 1.0 / len(banks)
            horizon, earned = banks[b].horizon_months, max(margin[b, s], 0.0)
            worth[b, s] = customer_value(terms.discount, terms.attrition, horizon, need[b, s], earned)
            gone = stay * need[b, s] * offered[b, s]
            for p in range(len(lost)):
                lost[p, s] += weight * gone * income[p * len(banks) + b, s]
        for p in range(len(lost)):
            lost[p, s] = max(lost[p, s], 0.0)


def precision_rows(
    alliances: Table,
    rows: np.ndarray,
    served: np.ndarray,
    mix: np.ndarray,
    slope: np.ndarray,
    own_applications: np.ndarray,
    own_slope: np.ndarray,
    profit: np.ndarray,
) -> None:
    """Fill `profit` by bank; `served` applications a month of the alliances `rows`."""
    banks, segments = own_slope.shape
    for b in range(banks):
        profit[b] = 0.0
        for s in range(segments):
            profit[b] += own_applications[b, s] * own_slope[b, s]
    for i in range(len(rows)):
        p, b, pair = alliances[rows[i]].platform, alliances[rows[i]].bank, alliances[rows[i]].pair
        each = 0.0
        for s in range(segments):
            each += mix[p, s] * slope[pair, s]
        profit[b] += served[i] * each
    for b in range(banks):
        profit[b] = max(profit[b], 0.0)


def absorbed_now(world: World) -> np.ndarray:
    """What each bank makes of a unit of learning effort today."""
    banks, learning = world.banks, world.parameters.learning
    return absorption(
        banks.precision,
        banks.talent,
        banks.legacy,
        learning.reference_precision,
        learning.absorption_curvature,
        learning.maximum_precision,
    )


class Known(NamedTuple):
    """What is known of all pairs, and of their parties, when what an application is worth to each is worked out."""

    flowing: np.ndarray  # bool[pairs]: has applications already
    shares: np.ndarray  # float64[pairs]: share served that is expected
    home: np.ndarray  # float64[banks]: share of joint borrowers in the bank's region
    learned: np.ndarray  # float64[banks]: what a unit of effort comes to over the horizon
    teaches: np.ndarray  # uint8[openness]
    transfer_rate: float
    incremental: float  # part of a platform's income that it would not have without the alliance
    mix: np.ndarray  # these as in the outlook
    conversion: np.ndarray
    awareness: np.ndarray
    loans: np.ndarray
    margin: np.ndarray
    slope: np.ndarray
    income: np.ndarray
    customer_worth: np.ndarray
    customer_loss: np.ndarray
    precision_profit: np.ndarray


def worth_of_pair(
    row: int, b: int, p: int, pair: Row, bank: Row, platform: Row, known: Known
) -> tuple[float, float, float]:
    """What an application is worth to the bank and to the platform of pair `row`, and a month of transfer at q = 1 to
    the bank; yuan. `known` is Known.

    A loan won a customer with the awareness that it leaves; the bank's margin counts that customer's worth, the
    platform's what it loses. A month of transfer adds to the bank's profit over its horizon: in its own lending, its
    running alliances and, where it is not one of them, this pair's own expected flow.
    """
    bank_margin, platform_margin, more = 0.0, 0.0, 0.0
    for s in range(len(known.conversion)):
        aware = known.awareness[bank.touchpoints, s, pair.openness]
        noticed = known.home[b] * aware[HOME] + (1.0 - known.home[b]) * aware[AWAY]
        won = known.loans[row, s] * known.conversion[s] * noticed
        bank_margin += known.mix[p, s] * (known.margin[row, s] + won * known.customer_worth[b, s])
        lost = won * known.customer_loss[p, s]
        platform_margin += known.mix[p, s] * (known.incremental * known.income[row, s] - lost)
        more += known.mix[p, s] * known.slope[row, s]
    worth = 0.0
    if known.teaches[pair.openness] != 0:
        here = 0.0 if known.flowing[row] else max(pair.applications * known.shares[row] * more, 0.0)
        taught = transfer(known.transfer_rate, pair.trust, 1.0, platform.precision, bank.precision)
        worth = (known.precision_profit[b] + here) * known.learned[b] * taught
    return bank_margin, platform_margin, worth
