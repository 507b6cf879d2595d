"""Step 7: learning. Parties observe their alliances; banks' precision, talent and legacy change.

Intercepts are corrected.
"""

from __future__ import annotations

import numpy as np

from colend.equations.capability import precision_change, research, talent_gain, view
from colend.month.alliance_learning import learn_alliances
from colend.rules.bank import channels, done, taught
from colend.rules.clubs import heard
from colend.rules.offer import contract_depths
from colend.rules.prospects import absorbed_now
from colend.state.books import FEN
from colend.state.tables import JOINT, pair_of
from colend.state.totals import FIXED_POINT
from colend.state.world import World


def learning(world: World) -> None:
    """What the month taught: flows, beliefs and trust, risk control, calibration."""
    observe_flows(world)
    learn_alliances(world)
    learn_risk_control(world)
    correct_intercepts(world)


def observe_flows(world: World) -> None:
    """Smooth what was seen, in persons and yuan of the real market.

    Applications, lending asked for, loans followed to their end.
    """
    outlook, banks, platforms, totals = world.outlook, world.banks, world.platforms, world.totals
    weight, scale, number = world.parameters.alliances.smoothing, float(world.scale), len(world.banks)

    def smooth(old: np.ndarray, new: np.ndarray) -> np.ndarray:
        return old + weight * (new - old)

    at_lenders = world.contract_totals.applications[world.lender_rows] * float(world.scale)
    platforms.applications = smooth(platforms.applications, at_lenders)
    doors = totals.applications[world.lender_rows].astype(np.float64)
    seen = doors.sum(axis=1, keepdims=True)
    outlook.mix = np.where(seen > 0.0, smooth(outlook.mix, doors / np.maximum(seen, 1.0)), outlook.mix)
    outlook.own_applications = smooth(outlook.own_applications, totals.applications[:number] * scale)

    contracts = world.contracts
    bank = np.maximum(contracts.bank.astype(np.int64), 0)  # a platform's lender has none, and funds nothing for one
    sums = world.contract_totals
    yuan = sums.originated * scale / FEN
    lent = np.bincount(bank, yuan * contracts.funding_share, number)
    open_banks = banks.admission > 0.05  # nothing is learned about demand from a closed door
    asked = np.where(open_banks, lent / np.maximum(banks.admission, 0.05), outlook.bank_lending)
    outlook.bank_lending = smooth(outlook.bank_lending, asked)
    if world.setting.policy:
        joint = contracts.kind == JOINT
        pair = pair_of(contracts.platform[joint], bank[joint], number)
        arrived = np.zeros_like(outlook.pair_served)
        np.add.at(arrived, pair, (totals.visited - totals.unserved)[joint] * scale)
        # a hard limit is kept by who expects a surge to last
        outlook.pair_served = np.maximum(arrived, smooth(outlook.pair_served, arrived))
    lent = yuan[world.lender_rows]
    asked = np.where(platforms.admission > 0.05, lent / np.maximum(platforms.admission, 0.05), outlook.lender_lending)
    outlook.lender_lending = smooth(outlook.lender_lending, asked)

    depth = contract_depths(world)
    clear = np.where(contracts.kind == JOINT, view(world.parameters.credit.thin_view, depth), 1.0)
    loans = sums.matured * scale * contracts.funding_share * clear
    outlook.experience = smooth(outlook.experience, np.bincount(bank, loans, number))
    outlook.leaned = smooth(outlook.leaned, np.bincount(bank, loans * depth, number))


def learn_risk_control(world: World) -> None:
    """Precision, talent and legacy of every bank: doing, research, transfer, less decay.

    What is being replaced slows learning.
    """
    banks, parameters = world.banks, world.parameters.learning
    studied = research(parameters.research_gain, banks.research_spending, parameters.research_unit)
    effort = done(world) + studied + taught(world)
    effort += heard(world, effort)
    world.outlook.effort = effort
    busy = banks.replacement_months_left > 0
    pace = np.where(busy, parameters.replacement_learning, 1.0)
    banks.precision += precision_change(
        banks.precision,
        parameters.decay,
        parameters.floor,
        parameters.maximum_precision,
        absorbed_now(world),
        effort * pace,
    )
    banks.talent += np.where(banks.laboratory != 0, talent_gain(banks.talent, parameters.laboratory_gain), 0.0)
    banks.replacement_months_left -= busy
    finished = busy & (banks.replacement_months_left == 0)
    banks.legacy = np.where(finished, np.minimum(banks.legacy, parameters.legacy_floor), banks.legacy)
    banks.replaced |= finished


def correct_intercepts(world: World) -> None:
    """Add the month's defaults and predictions to each channel's sums, and set the channels' corrections."""
    banks, platforms, pairs, sums = world.banks, world.platforms, world.pairs, world.calibration
    own, alone = len(banks), len(banks) + len(platforms)
    channel, totals, number = channels(world), world.contract_totals, alone + len(pairs)
    sums.defaults += np.bincount(channel, totals.defaults, number)
    sums.predicted += np.bincount(channel, totals.predicted / FIXED_POINT, number)
    sums.slope += np.bincount(channel, totals.slope / FIXED_POINT, number)
    correction = sums.correction(world.parameters.credit.intercept_prior_weight)
    banks.own_intercept, platforms.own_intercept, pairs.intercept = np.split(correction, [own, alone])
