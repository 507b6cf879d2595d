"""Risk control of one's own: the path of precision by hand from what happened, and where it comes to rest.

Delta tau = -decay (tau - floor) + talent (1 - legacy) (tau/tau_ref)^alpha (1 - tau/tau_max) (doing + research +
transfer). Banks learn from what happens in the market, so each month's flows are read from its books; what follows
from them is worked out here.
"""

import numpy as np
import pytest
from scipy import optimize

from colend.state.tables import JOINT, OPERATING, PILOT

ROUNDING = 1e-10  # of sums of float64
TRAFFIC, TECHNOLOGY = 0, 2
NOTHING = {
    "learning__decay": 0.0,
    "learning__doing": 0.0,
    "learning__transfer": 0.0,
    "learning__research_gain": 0.0,
}
ALONE = {
    "decay": {"learning__decay": 0.02},
    "doing": {"learning__doing": 0.05, "learning__crowd_out": 0.6},
    "research": {"learning__research_gain": 0.05, "learning__research_unit": 1_000.0},
    "transfer": {"learning__transfer": 0.3},
}
SYSTEMS = {
    "learning__laboratory_cost": 0.0,
    "learning__laboratory_gain": 0.3,
    "learning__replacement_cost": 0.0,
    "learning__replacement_months": 7,
    "banks__rural__sunk_cost_bias": 0.0,
    "banks__city__sunk_cost_bias": 0.0,
}
TOGETHER = {name: value for one in ALONE.values() for name, value in one.items()} | SYSTEMS
TOGETHER |= {"learning__absorption_curvature": 0.5}
LENDERS = {  # precision apart, so that the path depends on where it began
    "platforms__openness": ["technology", "customers", "traffic"],
    "banks__city__precision": {"uniform": [0.1, 0.9]},
    "banks__rural__precision": {"uniform": [0.05, 0.6]},
}


class ByHand:
    """Follows every bank's precision beside the market, from its matured loans, trust, spending and decisions."""

    def __init__(self, market):
        banks = market.world.banks
        self.market, self.learning = market, market.parameters.learning
        self.precision, self.talent, self.legacy = (banks[name].copy() for name in ("precision", "talent", "legacy"))
        self.experience, self.leaned = market.world.outlook.experience.copy(), market.world.outlook.leaned.copy()
        self.open_months = np.zeros(len(banks))  # of joint laboratories

    def step(self):
        """A month of the market, and what precision should be after it."""
        trust, busy = self.market.world.pairs["trust"].copy(), self.market.world.banks["replacement_months_left"] > 0
        self.market.step()
        busy |= self.market.world.banks["replacement_months_left"] > 0
        self.see_loans(trust)
        banks, learning = self.market.world.banks, self.learning
        pace = np.where(busy, learning.replacement_learning, 1.0)
        self.precision = self.precision + self.change(self.precision, pace)
        self.talent = self.talent + banks["laboratory"] * learning.laboratory_gain * (1.0 - self.talent) / 12.0
        self.open_months += banks["laboratory"]
        self.legacy = np.where(banks["replaced"] == 1, np.minimum(self.legacy, learning.legacy_floor), self.legacy)

    def change(self, precision, pace=1.0):
        """Delta tau at these precisions, on this month's flows."""
        learning = self.learning
        known = (precision / learning.reference_precision) ** learning.absorption_curvature
        room = np.maximum(1.0 - precision / learning.maximum_precision, 0.0)
        learned = self.talent * (1.0 - self.legacy) * known * room * self.effort(precision) * pace
        return learned - learning.decay * (precision - learning.floor)

    def see_loans(self, trust):
        """Funded, matured loans in persons x view, and x depth, smoothed; depth 0, data_share or trust by openness."""
        parameters, contracts = self.market.parameters, self.market.world.contracts
        joint = contracts["kind"] == JOINT
        pair = contracts["platform"].astype(int) * len(self.precision) + contracts["bank"]
        shared = parameters.platforms.data_share
        deep = np.where(
            contracts["openness"] == TECHNOLOGY, np.maximum(shared, trust[np.where(joint, pair, 0)]), shared
        )
        depth = np.where(joint & (contracts["openness"] != TRAFFIC), deep, 0.0)
        view = np.where(joint, np.maximum(parameters.credit.thin_view, depth), 1.0)
        world = self.market.world
        matured = world.totals["matured"].sum(axis=1) * world.scale * contracts["funding_share"] * view
        funded, weight = contracts["bank"] >= 0, parameters.alliances.smoothing
        for seen, loans in ((self.experience, matured), (self.leaned, matured * depth)):
            seen += weight * (np.bincount(contracts["bank"][funded], loans[funded], len(seen)) - seen)

    def effort(self, precision):
        """Doing l log(1 + loans/1000)(1 - crowd_out depth), research g log(1 + spending/unit), transfer theta trust q
        max(0, tau_p - tau)."""
        learning, market = self.learning, self.market
        depth = self.leaned / np.maximum(self.experience, 1e-300)
        doing = learning.doing * np.log(1.0 + self.experience / 1_000.0) * (1.0 - learning.crowd_out * depth)
        spending = market.world.banks["research_spending"] / learning.research_unit
        alliances = market.world.alliances
        running = np.isin(alliances["stage"], (PILOT, OPERATING)) & (alliances["routed"] > 0.0)
        open_ = alliances[running & (market.world.contracts["openness"][alliances["contract"]] == TECHNOLOGY)]
        bank, platform = open_["bank"], open_["platform"].astype(int)
        gap = np.maximum(0.0, market.world.platforms["precision"][platform] - precision[bank])
        taught = market.world.pairs["trust"][platform * len(precision) + bank] * open_["share_served"] * gap
        transfer = learning.transfer * np.bincount(bank, taught, len(precision))
        return doing + learning.research_gain * np.log(1.0 + spending) + transfer

    def rest(self, low, high):
        """Where Delta tau = 0 between two precisions of every bank, the lower below it and the higher above it."""
        assert (self.change(low) > 0.0).all()
        assert (self.change(high) < 0.0).all()
        for _ in range(60):
            middle = 0.5 * (low + high)
            rises = self.change(middle) > 0.0
            low, high = np.where(rises, middle, low), np.where(rises, high, middle)
        return low


def test_frozen_learning_leaves_precision_exactly_where_it_was(make_market):
    """No decay, doing, research or transfer: not a bit changes, whatever the platforms open."""
    market = make_market(years=2, **NOTHING, **LENDERS)
    for _ in range(24):
        market.step()
    assert (market.world.alliances["stage"] == OPERATING).any()
    assert market.world.banks["precision"].tobytes() == market.world.banks["initial_precision"].tobytes()


@pytest.mark.parametrize("mechanism", [*ALONE, "together"])
def test_precision_follows_the_recursion(make_market, compare, mechanism):
    """Each mechanism alone, and all with laboratories, new systems, curvature: every bank, 30 months, to rounding."""
    hand = ByHand(make_market(years=3, **NOTHING | LENDERS | ALONE.get(mechanism, TOGETHER)))
    banks, largest = hand.market.world.banks, 0.0
    start, talent = hand.precision.copy(), hand.talent.copy()
    for _ in range(30):
        hand.step()
        largest = max(largest, np.abs(banks["precision"] - hand.precision).max())
    assert (np.abs(hand.precision - start) > 1e-3).any()
    compare(f"precision, {mechanism}, largest error", largest, 0.0, 0.0, ROUNDING)
    learning = hand.learning
    if mechanism == "decay":
        known = learning.floor + (start - learning.floor) * (1.0 - learning.decay) ** 30
        compare("decay in closed form, largest error", np.abs(banks["precision"] - known).max(), 0.0, 0.0, ROUNDING)
    if mechanism == "together":
        assert (banks["replaced"] == 1).any()
        known = 1.0 - (1.0 - talent) * (1.0 - learning.laboratory_gain / 12.0) ** hand.open_months
        assert (hand.open_months > 12).any()
        compare("talent with laboratories, largest error", np.abs(banks["talent"] - known).max(), 0.0, 0.0, ROUNDING)


def test_research_is_what_maximises_its_worth_less_its_cost(make_market, compare):
    """s = argmax of absorbed g log(1 + s/unit) profit sum_{t <= horizon} (b (1 - decay))^t - s, bank by bank, profit a
    month of a unit of precision as the bank expects it; sought by bounded search to a hundredth of a yuan."""
    hand = ByHand(make_market(**ALONE["research"] | LENDERS))
    market, learning = hand.market, hand.learning
    precision = hand.precision.copy()
    market.step()
    absorbed = hand.talent * (1.0 - hand.legacy) * (1.0 - precision / learning.maximum_precision)
    monthly = (1.0 + market.parameters.alliances.discount_rate) ** (-1.0 / 12.0) * (1.0 - learning.decay)
    distances = []
    for bank, spent in zip(market.banks, market.world.banks["research_spending"], strict=True):
        lasting = sum(monthly**month for month in range(1, int(bank.horizon_months) + 1))
        worth = absorbed[bank.row] * learning.research_gain * market.world.outlook.precision_profit[bank.row] * lasting

        def loss(spending, worth=worth):
            return spending - worth * np.log(1.0 + spending / learning.research_unit)

        best = optimize.minimize_scalar(loss, bounds=(0.0, 1e9), method="bounded", options={"xatol": 1e-3})
        distances.append(abs(spent - best.x))
    assert (market.world.banks["research_spending"] > 0.0).sum() > 5
    compare("research spending, largest distance in yuan", max(distances), 0.0, 0.0, 0.1)


# Partners from the first month, nothing of fit or trust moves, and learning is quick: 90 months are long.
STEADY = NOTHING | {
    "population__borrowers": 20_000,
    "population__demand_growth": 0.0,
    "banks__rural__precision": {"uniform": [0.05, 0.9]},
    "banks__rural__horizon_months": 36,
    "banks__rural__talent": {"uniform": [0.5, 0.9]},
    "platforms__openness": "technology",
    "alliances__prior_mean": 20.0,
    "alliances__prior_sd": 0.0,
    "alliances__fit_sd": 0.0,
    "alliances__operation_sd": 0.001,
    "alliances__trust_gain": 0.0,
    "alliances__trust_loss": 0.0,
    "learning__laboratory_gain": 0.0,
    "learning__replacement_cost": 1.0,
}
QUICK = {"learning__decay": 0.2, "learning__doing": 0.1, "learning__transfer": 1.0}
QUICK |= {"learning__research_gain": 0.1, "learning__research_unit": 1_000.0}


def followed(hand, months, low, high):
    """Runs on; returns the resting place tau* of the last month and how far behind it a bank can be.

    What banks do drifts a little (loans are counted, research is planned by the quarter), and so does tau*. With e =
    tau - tau* and r the mean of -Delta' in between, e' = (1 - r)(e - (tau*' - tau*)): |e| is at most that of when they
    were first followed and all steps of tau* since, each shrunk by (1 - r) a month, r the smallest at either end.
    """
    moves, rates, last, behind = [], [], None, 0.0
    for _ in range(months):
        before = hand.market.world.banks["precision"].copy()
        hand.step()
        place = hand.rest(low, high)
        moves.append(np.abs(before - place) if last is None else np.abs(place - last))
        for at in (before, place):
            rates.append((hand.change(at - 1e-6) - hand.change(at + 1e-6)) / 2e-6)
        last = place
    for move in moves:
        behind = (1.0 - np.min(rates, axis=0)) * (behind + move)
    return last, behind


@pytest.mark.parametrize("mechanism", ["doing", "research", "transfer", "together"])
def test_precision_comes_to_rest_at_the_root_of_its_change(make_partners, compare, mechanism):
    """After 90 months of quick learning: every bank at its own root of Delta tau = 0, whatever it began with."""
    used = {"learning__decay": QUICK["learning__decay"]} | {
        name: value for name, value in QUICK.items() if mechanism == "together" or mechanism in name
    }
    hand = ByHand(make_partners(2, 20, **STEADY | used))
    for _ in range(60):
        hand.step()
    low, high = np.full(20, hand.learning.floor), np.full(20, 1.0)
    known, lag = followed(hand, 30, low, high)
    precision = hand.market.world.banks["precision"]
    assert (precision > hand.learning.floor + 0.02).all()
    compare(f"rest under {mechanism}, mean of banks", precision.mean(), known.mean(), 0.0, lag.mean() + ROUNDING)
    distance = np.abs(precision - known) / (lag + ROUNDING)
    compare(f"rest under {mechanism}, largest distance over lag", distance.max(), 0.0, 0.0, 1.0)
    if mechanism == "transfer":  # nothing drifts: decay (tau - floor) = K (1 - tau)(tau_p - tau)
        pull, taught = hand.learning.decay, hand.talent * (1.0 - hand.legacy) * 2 * 0.3 / (1.0 + np.exp(-20.0))
        above = hand.market.world.platforms["precision"][0]
        half = (taught * (1.0 + above) + pull) / 2.0
        known = (half - np.sqrt(half**2 - taught * (taught * above + pull * hand.learning.floor))) / taught
        compare("rest under transfer, closed form", np.abs(precision - known).max(), 0.0, 0.0, lag.max() + ROUNDING)


TRAP = {"learning__decay": 0.1, "learning__doing": 0.043, "banks__rural__talent": 0.6, "banks__rural__legacy": 0.3}


@pytest.mark.parametrize(("curvature", "ends"), [(0.0, 1), (3.0, 2)])
def test_two_starts_have_two_ends_only_where_knowing_helps_learning(make_partners, compare, curvature, ends):
    """Equal banks from 0.2 and from 0.5. alpha = 3: Delta tau has three roots, the middle one between the starts, so
    each ends at its own side's; alpha = 0: one root, both end there. Within the lag behind the drifting root."""
    starts = {"banks__rural__precision": {"choice": {0.2: 0.5, 0.5: 0.5}}}
    market = make_partners(2, 40, **STEADY | TRAP | starts, learning__absorption_curvature=curvature)
    hand = ByHand(market)
    start = hand.precision.copy()
    poor = start < 0.3
    assert 0 < poor.sum() < len(poor)
    for _ in range(90):
        hand.step()
    low, high = np.full(40, hand.learning.floor), np.full(40, 1.0)
    if ends == 2:  # the bank falls from a low start and rises from a high one
        low, high = np.where(poor, low, start), np.where(poor, start, high)
    known, lag = followed(hand, 40, low, high)
    precision = market.world.banks["precision"]
    for name, here in (("low", poor), ("high", ~poor)):
        what = f"curvature {curvature:.0f}, end of a {name} start"
        compare(what, precision[here].mean(), known[here].mean(), 0.0, lag[here].mean() + ROUNDING)
    assert (precision[~poor].min() > precision[poor].max() + 0.5) == (ends == 2)
