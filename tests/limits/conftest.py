"""Known limits: the running market against answers known from theory.

Each comparison names what is measured, gives the known answer and the standard error that sampling theory gives the
measurement, with its formula beside it; where the model itself approximates, the documented bound is added by name.
`pytest tests/limits --results FILE` writes them all as CSV; `python docs/limits.py FILE` makes the tables in
docs/verification.md of it.
"""

import csv
import math
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import optimize, special, stats

STANDARD_ERRORS = 4  # a tolerance is so many standard errors: by chance alone one comparison in 16,000 leaves it
COMPARISON = "comparison"


def pytest_addoption(parser):
    parser.addoption("--results", type=Path, help="write the comparisons of the known limits to this file, as CSV")


def pytest_configure(config):
    path = config.getoption("--results", None)
    if path is not None and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Results(path))


class Results:
    """Writes what passed tests compared, a row each; a test that compares to the bit by itself has an empty one."""

    COLUMNS = ("file", "test", "what", "measured", "known", "standard_error", "approximation")

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: dict[str, list[tuple]] = {}

    def pytest_runtest_logreport(self, report):
        if report.when == "call" and report.passed:
            file, _, name = report.nodeid.partition("::")
            found = [value for label, value in report.user_properties if label == COMPARISON]
            place = Path(file).name, name.partition("[")[0]
            self.rows[report.nodeid] = [(*place, *one) for one in found or [("", *[math.nan] * 4)]]

    def pytest_sessionfinish(self):
        with self.path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(self.COLUMNS)
            writer.writerows(row for test in sorted(self.rows) for row in self.rows[test])


@pytest.fixture(name="compare")
def compare_fixture(record_property):
    """compare(what, measured, known, standard_error, approximation=0): within four standard errors (and the model's own
    documented approximation), or the test fails; noted for the table."""

    def compare(what: str, measured: float, known: float, standard_error: float, approximation: float = 0.0) -> None:
        tolerance = STANDARD_ERRORS * standard_error + approximation
        assert math.isfinite(tolerance)
        assert tolerance >= 0.0
        record_property(COMPARISON, (what, *map(float, (measured, known, standard_error, approximation))))
        assert abs(measured - known) <= tolerance, f"{what}: {measured:.6g}, known {known:.6g} ± {tolerance:.2g}"

    return compare


# Every bank is every platform's partner from the first month on and nothing ever ends: pacts cost nothing, slots are
# plenty, terms are long. Banks are alike, so a platform's flow is split evenly; expectations hardly move.
EVERYONE = {
    "population__regions": 1,
    "banks__city__number": 0,
    "banks__consumer_finance__number": 0,
    "banks__rural__equity": 1e11,
    "banks__rural__capital_ratio": 0.13,
    "banks__rural__integration_slots": 100,
    "banks__rural__maximum_partners": 100,
    "platforms__integration_slots": 1_000,
    "alliances__signing_cost": 0.0,
    "alliances__integration_cost": 0.0,
    "alliances__integration_months": 0,
    "alliances__running_cost": 0.0,
    "alliances__application_cost": 0.0,
    "alliances__meeting_rate": 1.0,
    "alliances__term_months": 600,
    "alliances__review_months": 600,
    "alliances__smoothing": 0.001,
}


@pytest.fixture(name="make_partners", scope="session")
def make_partners_fixture(make_setting):
    """make_partners(platforms, banks, seed=0, engine="columns", **settings): a market in which all are partners from
    the first month."""
    from colend.market import Market

    def make(platforms: int, banks: int, seed: int = 0, engine: str = "columns", **settings):
        shares = {"platforms__number": platforms, "platforms__user_share": [1.0 / platforms] * platforms}
        settings = EVERYONE | shares | {"banks__rural__number": banks, "years": 50} | settings
        return Market(make_setting(**settings), seed, engine)

    return make


@pytest.fixture(name="seen", scope="session")
def seen_fixture():
    """seen(market): what every alliance with flow saw in the month just run, one row each."""
    from colend.state.draws import SERVED_COUNT, uniforms

    def seen(market):
        """k of n is the binomial quantile of the pair's one draw at the share served; it shows y = ln((k + 1/2)/(n - k
        + 1/2)) with variance s^2 + 1/(k + 1/2) + 1/(n - k + 1/2)."""
        row = np.flatnonzero(market.world.alliances["routed"] >= 1.0)
        alliances = market.world.alliances[row]
        pair = alliances["platform"].astype(int) * len(market.world.banks) + alliances["bank"]
        draw = uniforms(market.seed, market.month - 1, market.world.pair_entities, SERVED_COUNT)[pair]
        served = stats.binom.ppf(draw, alliances["routed"], alliances["share_served"])
        failed = alliances["routed"] - served
        sd = market.parameters.alliances.operation_sd
        return SimpleNamespace(
            row=row,
            pair=pair,
            stage=alliances["stage"].copy(),
            number=alliances["routed"].copy(),
            share=alliances["share_served"].copy(),
            observed=np.log((served + 0.5) / (failed + 0.5)),
            noise=sd**2 + 1.0 / (served + 0.5) + 1.0 / (failed + 0.5),
        )

    return seen


# Nobody meets: one platform's lender, short of nothing, lends to everybody who needs a loan, at a price that all accept
# and that bears any risk; a loading of 0.01 (the least) makes everybody of a segment default alike.
ALIKE = {
    "population__regions": 1,
    "population__initial_owner_share": 0.0,
    "population__demand_growth": 0.0,
    "population__reservation_rate": 2.0,
    "population__reservation_sigma": 0.001,
    "population__reservation_slope": 0.0,
    "credit__rate_cap": 2.0,
    "credit__posted_rate": 1.0,
    "credit__default_loading": 0.01,
    "banks__city__number": 0,
    "banks__consumer_finance__number": 0,
    "banks__rural__number": 1,
    "platforms__number": 1,
    "platforms__user_share": [1.0],
    "platforms__lender_equity": 1e13,
    "alliances__meeting_rate": 0.0,
}


@pytest.fixture(name="make_lender", scope="session")
def make_lender_fixture(make_setting):
    """make_lender(seed=0, **settings): a market of alike borrowers in which every application becomes a loan."""
    from colend.market import Market

    def make(seed: int = 0, **settings):
        return Market(make_setting(**ALIKE | {"years": 50} | settings), seed)

    return make


class Worth:
    """What an alliance is worth to a party, by dynamic programming over beliefs on a grid, month by month backwards.

    `terms` are the party's gains, costs and months (a record of the valuation's TERMS). Shares served are by 101-point
    Gauss-Hermite; a month's step of the belief is on 281 points of the normal.
    """

    def __init__(self, terms) -> None:
        self.terms = terms
        self.steps = np.linspace(-7.0, 7.0, 281)
        self.chances = stats.norm.pdf(self.steps) / stats.norm.pdf(self.steps).sum()
        self.nodes, weights = np.polynomial.hermite_e.hermegauss(101)
        self.weights = weights / weights.sum()

    def surplus(self, mean, variance, gain=None, cost=None):
        """A month's expected surplus on the belief N(mean, variance), in full operation or at this gain and cost."""
        spread = np.sqrt(variance + self.terms.operation_variance)
        share = special.expit(np.asarray(mean)[..., None] + spread * self.nodes) @ self.weights
        return (self.terms.gain if gain is None else gain) * share - (self.terms.cost if cost is None else cost)

    def discounted(self, first, last):
        return sum(self.terms.discount**month for month in range(int(first), int(last) + 1))

    def learned(self, variance, months):
        return 1.0 / (1.0 / variance + months / self.terms.noise)

    def expected(self, mean, spread, grid, worth):
        """E worth(m), m ~ N(mean, spread^2), of a function on a grid."""
        return np.interp(np.asarray(mean)[..., None] + spread * self.steps, grid, worth) @ self.chances

    def signed(self, mean, variance, every_month=False):
        """V: integration, `review_months` without a choice, operation where the belief at the review says so; or, as
        the market does, reviewed `every_month` from then on."""
        t = self.terms
        review, last = int(t.integration_months + t.review_months), int(t.months)
        spread = np.sqrt(variance)
        grid = np.linspace(np.min(mean) - 7.0 * spread, np.max(mean) + 7.0 * spread, 1_501)
        after = self.learned(variance, t.review_months)
        worth = self.discounted(review + 1, last) * np.maximum(self.surplus(grid, after), 0.0)
        if every_month:
            worth = np.zeros(len(grid))
            for month in range(last, review, -1):  # worth of going on into this month
                known, next_known = (self.learned(variance, month - t.integration_months - ago) for ago in (1, 0))
                now = t.discount**month * self.surplus(grid, known)
                ahead = self.expected(grid, np.sqrt(known - next_known), grid, worth)
                worth = np.where(now >= 0.0, now + ahead, 0.0)
        must = self.discounted(t.integration_months + 1, min(review, last)) * self.surplus(mean, variance)
        return must + self.expected(mean, np.sqrt(variance - after), grid, worth) - t.signing - t.integration

    def piloted(self, mean, variance, every_month=False):
        """V_pilot: the pilot's months, then the choice to sign on what they showed."""
        t = self.terms
        start, end = int(t.setup_months), int(t.setup_months + t.pilot_months)
        during = self.surplus(mean, variance + t.pilot_scale_variance, t.pilot_gain, t.pilot_monthly_cost)
        after, spread = self.shown(variance)
        grid = np.linspace(np.min(mean) - 7.0 * spread, np.max(mean) + 7.0 * spread, 1_501)
        worth = np.maximum(self.signed(grid, after, every_month), 0.0)
        decided = t.discount**end * self.expected(mean, spread, grid, worth)
        return self.discounted(start + 1, end) * during - t.setup + decided

    def shown(self, variance):
        """Variance of the belief after the pilot and spread of its mean, before it is known."""
        t = self.terms
        after = 1.0 / (1.0 / variance + 1.0 / (t.pilot_noise / t.pilot_months + t.pilot_scale_variance))
        return after, np.sqrt(variance - after)

    def root(self, function, low=-8.0, high=8.0):
        return optimize.brentq(function, low, high, xtol=1e-6)


@pytest.fixture(name="worth", scope="session")
def worth_fixture():
    return Worth
