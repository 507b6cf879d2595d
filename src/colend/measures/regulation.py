"""What regulation does: limits used, new loans that break a rule, loans made before it, applications that it stops.

Taken from the loans and from what borrowers saw, not from the rules' own sums, so that a rule that is not kept shows.
Without a policy everything is missing; so is a rule in the months in which it is not in force.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from colend.compilation import compiled
from colend.measures.declaration import Measure, ratio
from colend.rules.alliance import alliances_in
from colend.rules.regulation import (
    RUNNING,
    inhabited,
    is_local,
    joint_stocks,
    stock_limits,
)
from colend.scenario.regulation import NAMES, OPEN, RULES
from colend.state.books import FEN
from colend.state.regulation import STOCK_LIMITS
from colend.state.tables import DELISTED, JOINT, NONE, pair_of
from colend.state.world import World

SHARE, REGION, LIST = map(NAMES.index, ("minimum_platform_share", "home_region_only", "partner_list"))
RATE, COST = map(NAMES.index, ("rate_cap", "all_in_cost_cap"))
PARTNER, JOINT_SHARE = map(NAMES.index, ("maximum_partner_to_capital", "maximum_joint_share"))
# Rules by what keeps or breaks them; of scores, which of what borrowers saw; and those for which lenders refuse.
OF_LOANS = tuple(row for row, kind in enumerate(RULES.values()) if kind.binds == "loan")
OF_STOCKS = tuple(row for row, kind in enumerate(RULES.values()) if kind.binds == "stock")
OF_SCORES = {NAMES.index("maximum_sharing_depth"): "depth", NAMES.index("maximum_score_reliance"): "reliance"}
REFUSING = tuple(row for row, kind in enumerate(RULES.values()) if kind.room or kind.turned_away)
_SLACK = 1e-9  # of a depth, for rounding


def count_loans(rows, month, forbidden, region, cap, since, loans, fen, old, away):
    """Loans that break rules as they stand, by rule and age (0: made before the rule, 1: this month), and their fen.

    By contract: `forbidden` [rule, contract] forbids all its loans, `region` (NONE: any) is where it may lend, `cap`
    [rule, contract] the highest price a year. `since` is the month of each rule; `old` [limit on stocks, contract]
    receives fen of loans older than that limit, `away` fen of loans outside the region.
    """
    for row in rows:
        if row.balance <= 0:
            continue
        contract, balance = row.contract, np.int64(row.balance)
        for rule in range(len(since)):
            broken = forbidden[rule, contract] or row.rate > cap[rule, contract]
            if rule == REGION and region[contract] != NONE and region[contract] != row.region:
                broken = True
                away[contract] += balance
            if broken and row.begun < since[rule]:
                loans[rule, 0] += 1
                fen[rule, 0] += balance
            elif broken and row.begun == month:  # those of the months between were counted then
                loans[rule, 1] += 1
                fen[rule, 1] += balance
        for limit in range(len(OF_STOCKS)):
            if row.begun < since[OF_STOCKS[limit]]:
                old[limit, contract] += balance


class Supervision:
    """A market at the end of a month as its regulator sees it: columns by rule, NaN where a rule is not in force."""

    def __init__(self, world: World) -> None:
        self.world, self.regime = world, world.regulation.now
        self.contracts = world.contracts
        self.number = len(world.banks)
        joint = self.contracts.kind == JOINT
        pair = pair_of(self.contracts.platform, self.contracts.bank, self.number)
        self.joint, self.pair = joint, np.where(joint, pair, 0)

    @cached_property
    def in_force(self) -> np.ndarray:
        """bool[rules]."""
        return np.array([getattr(self.regime, name) != getattr(OPEN, name) for name in NAMES])

    @cached_property
    def counted(self) -> tuple[np.ndarray, ...]:
        """Loans and fen [rule, before it / this month], older fen [limit on stocks, contract], fen away [contract]."""
        world, contracts, regime = self.world, self.contracts, self.regime
        forbidden = np.zeros((len(NAMES), len(contracts)), dtype=bool)
        forbidden[SHARE] = self.joint & (contracts.funding_share > 1.0 - regime.minimum_platform_share)
        ended = world.alliances.end_reason[contracts.alliance[self.joint]] == DELISTED
        forbidden[LIST, self.joint] = ended & self.in_force[LIST]
        bank = contracts.bank.astype(np.int64)
        bound = (bank != NONE) & is_local(world)[bank]
        region = np.where(bound, world.banks.region[bank].astype(np.int64), NONE)
        fees = np.where(self.joint, contracts.funding_share * contracts.fee_rate + contracts.technology_fee, 0.0)
        caps = np.full(forbidden.shape, np.inf)
        caps[RATE], caps[COST] = regime.rate_cap + fees, regime.all_in_cost_cap
        loans, fen = (np.zeros((len(NAMES), 2), dtype=np.int64) for _ in range(2))
        old, away = np.zeros((len(OF_STOCKS), len(contracts)), dtype=np.int64), np.zeros(len(contracts), dtype=np.int64)
        count = compiled(count_loans, allocates=False)
        since = world.regulation.since.astype(np.int64)
        count(world.borrowers, world.month, forbidden, region, caps, since, loans, fen, old, away)
        return tuple(counts * world.scale for counts in (loans, fen, old, away))

    @cached_property
    def made(self) -> np.ndarray:
        """Loans paid out this month, by contract."""
        return self.world.contract_totals.originations * self.world.scale

    @cached_property
    def depth(self) -> np.ndarray:
        """How deep borrowers of each contract and segment saw the score shared: from the weight that it had."""
        offers = self.world.snapshot.offers
        weight = np.where(offers.sharing_weight > 0.0, offers.sharing_weight, np.inf)
        spread = 1.0 / weight - 1.0 / (1.0 + offers.precision)
        depth = np.where(np.isinf(weight), 0.0, 1.0 / np.where(spread > 0.0, spread, np.inf))
        return depth / offers.platform_precision

    @cached_property
    def reliance(self) -> np.ndarray:
        """Precision of the shared score over the bank's own, by contract and segment; 0 in segments without people."""
        offers = self.world.snapshot.offers
        return self.depth * offers.platform_precision / offers.precision * inhabited(self.world.parameters)

    @cached_property
    def violations(self) -> np.ndarray:
        """Loans of this month that break each rule; of a limit on stocks, those that a bank made though the month began
        without room; of lists, partners beyond their places that lent.
        """
        found = self.counted[0][:, 1].astype(np.float64)
        for rule in OF_STOCKS:
            closed = self.joint & (self.world.regulation.room[STOCK_LIMITS.index(rule)][self.pair] <= 0.0)
            found[rule] = self.made[closed].sum()
        for rule, seen in OF_SCORES.items():
            most_seen = getattr(self, seen).max(axis=1)
            deep = self.joint & (most_seen > getattr(self.regime, NAMES[rule]) * (1.0 + 1e-6) + _SLACK)
            found[rule] = self.made[deep].sum()
        lent = np.unique(self.pair[self.joint & (self.made > 0)])
        partners = np.bincount(lent % self.number, minlength=self.number)
        found[LIST] += np.maximum(partners - self.regime.partner_list, 0.0).sum()
        return np.where(self.in_force, found, np.nan)

    @cached_property
    def beyond(self) -> np.ndarray:
        """Yuan of joint loans beyond each limit on stocks [limit], and what of them loans older than it explain."""
        stocks = joint_stocks(self.world)
        one, every = stock_limits(self.world, stocks)
        part = self.counted[2] * self.contracts.funding_share * self.joint / FEN
        old = np.array([np.bincount(self.pair, row, len(stocks)) for row in part])
        excess = np.maximum(stocks - one, 0.0), np.maximum(self.of_banks(stocks) - every, 0.0)
        explained = [np.minimum(*both).sum() for both in zip(excess, (old[0], self.of_banks(old[1])), strict=True)]
        return np.array([[both.sum() for both in excess], explained])

    def of_banks(self, pairs: np.ndarray) -> np.ndarray:
        """Sums over platforms of a column of pairs."""
        return pairs.reshape(-1, self.number).sum(axis=0)

    @cached_property
    def grandfathered(self) -> np.ndarray:
        """Yuan of loans made before each rule that it would not allow now; of a limit on stocks, what old loans are
        beyond it.
        """
        found = np.full(len(NAMES), np.nan)
        found[list(OF_LOANS)] = self.counted[1][list(OF_LOANS), 0] / FEN
        found[list(OF_STOCKS)] = self.beyond[1]
        return np.where(self.in_force, found, np.nan)

    @cached_property
    def overshoot(self) -> np.ndarray:
        """Yuan beyond a limit on stocks that no older loan explains: all lend at once, so a month's chance carries a
        bank past it; the next month finds the door closed.
        """
        found = np.full(len(NAMES), np.nan)
        found[list(OF_STOCKS)] = self.beyond[0] - self.beyond[1]
        return np.where(self.in_force, found, np.nan)

    @cached_property
    def refused(self) -> np.ndarray:
        """Applications that a rule stopped at a lender, by every lender that it stopped them at: for want of room under
        the nearest limit, or outside the region.
        """
        found, totals = np.full(len(NAMES), np.nan), self.world.contract_totals
        nearest = self.world.regulation.filters.argmin(axis=0)[self.pair]
        for limit, rule in enumerate(STOCK_LIMITS):
            found[rule] = totals.over_limit[self.joint & (nearest == limit)].sum() * self.world.scale
        found[REGION] = totals.outside.sum() * self.world.scale
        return np.where(self.in_force, found, np.nan)

    @cached_property
    def use(self) -> np.ndarray:
        """The part of each limit that each bank uses, float64[rule, bank]: 1 at the limit, NaN without such business.

        Of the region, where nothing is allowed outside, the part of its loans that is outside.
        """
        world, regime = self.world, self.regime
        found = np.full((len(NAMES), self.number), np.nan)
        rows = alliances_in(world, *RUNNING)
        bank, contract = world.alliances.bank[rows], world.alliances.contract[rows]
        stocks = joint_stocks(world)
        one, every = stock_limits(world, stocks)
        found[SHARE] = most(
            bank, ratio(regime.minimum_platform_share, 1.0 - self.contracts.funding_share[contract]), found
        )
        found[PARTNER] = ratio(stocks, one).reshape(-1, self.number).max(axis=0)
        found[JOINT_SHARE] = ratio(self.of_banks(stocks), every)
        funded = self.contracts.bank != NONE
        away = np.bincount(self.contracts.bank[funded], self.counted[3][funded], self.number) / FEN
        owed = np.bincount(self.contracts.bank[funded], self.contracts.balance[funded] / FEN, self.number)
        found[REGION] = np.where(is_local(world), ratio(away, owed), np.nan)
        lent = self.world.totals.originations > 0
        price = np.where(lent, self.world.snapshot.offers.price, np.nan)
        price = np.fmax.reduce(price, axis=1, initial=np.nan)
        fees = np.where(self.joint, self.world.snapshot.offers.fee_income[:, 0], 0.0)
        for rule, paid, cap in ((RATE, price - fees, regime.rate_cap), (COST, price, regime.all_in_cost_cap)):
            found[rule] = most(self.contracts.bank[funded], paid[funded] / cap, found)
        for rule, seen in OF_SCORES.items():
            reached = getattr(self, seen).max(axis=1)[contract]
            found[rule] = most(bank, ratio(reached, getattr(regime, NAMES[rule])), found)
        found[LIST] = ratio(np.bincount(bank, minlength=self.number), regime.partner_list)
        return np.where(self.in_force[:, None], found, np.nan)


def most(bank: np.ndarray, values: np.ndarray, like: np.ndarray) -> np.ndarray:
    """The largest of the values of each bank, NaN where it has none."""
    result = np.full(like.shape[1], np.nan)
    np.fmax.at(result, bank, values)
    return result


def _seen(column: str, rule: int):
    """Take a column of the view's supervision at a rule; NaN without a policy."""

    def take(view):
        supervision = view.supervision
        if supervision is None:
            return np.full(len(view.banks), np.nan) if column == "use" else np.nan
        return getattr(supervision, column)[rule]

    return take


def _each(table: str, column: str, rules, prefix: str, unit: str, meaning: str) -> tuple[Measure, ...]:
    """A measure for each of some rules; {} in `meaning` is the rule's name."""
    return tuple(
        Measure(f"{prefix}_{NAMES[rule]}", table, unit, meaning.format(NAMES[rule]), _seen(column, rule))
        for rule in rules
    )


EVERY = range(len(NAMES))
MONTHS_OF_RULES = (
    Measure(
        "rules_in_force",
        "months",
        "number",
        "Rules of regulation in force",
        lambda view: 0.0 if view.supervision is None else float(view.supervision.in_force.sum()),
    ),
    *_each("months", "violations", EVERY, "violations", "number", "New loans (partners, of a list) that break {}"),
    *_each(
        "months",
        "grandfathered",
        (*OF_LOANS, *OF_STOCKS),
        "grandfathered",
        "yuan",
        "Owed under loans made before {} that it would not allow now",
    ),
    *_each(
        "months",
        "overshoot",
        OF_STOCKS,
        "overshoot",
        "yuan",
        "Beyond {} by the chance of one month, older loans apart",
    ),
    *_each(
        "months",
        "refused",
        REFUSING,
        "refused",
        "number",
        "Refusals for {} this month; several lenders may refuse one application",
    ),
)
BANKS_OF_RULES = _each("banks", "use", EVERY, "limit_use", "share", "Part of the limit that it uses: {}")
