"""Order and chance: agents in another order have the same results in that order; what is certain uses no draw."""

import numpy as np
import pytest

import colend.month.founding as founding
import colend.rules.application as application
import colend.rules.borrower as borrower
from colend.market import Market
from colend.state import draws

SEED = 3
WORLD = {"platforms__openness": ["technology", "customers", "traffic"], "alliances__sequencing": "cooperate_then_sign"}
WORLD |= {"alliances__pilot_slot_use": 0.0}  # pilots side by side, so that several wait for a slot at a time


def test_borrowers_may_step_in_any_order(make_setting):
    """Registered agents that step in a new random order every month: the same as the columns, to the last bit."""
    setting = make_setting(years=1, population__borrowers=500, **WORLD)
    ordered, shuffled = Market(setting, SEED), Market(setting, SEED, engine="objects")
    for _ in range(10):
        shuffled.agents_by_type[shuffled.borrower_type].shuffle(inplace=True)
        ordered.step()
        shuffled.step()
    agents = shuffled.agents_by_type[shuffled.borrower_type]
    assert [agent.row for agent in agents][:5] != list(range(5))
    for name in ordered.world.borrowers.dtype.names:
        assert ordered.world.borrowers[name].tobytes() == shuffled.world.borrowers[name].tobytes(), name
    assert ordered.world.books.balance.tobytes() == shuffled.world.books.balance.tobytes()


@pytest.mark.parametrize("order", [[2, 0, 1], [1, 0, 2]])
def test_platforms_in_another_order_have_the_same_results_in_that_order(make_setting, monkeypatch, compare, order):
    """The same platforms, pairs and users under other numbers: whole numbers and dates to the last bit, sums of float64
    over platforms, which are taken in another order, to 1e-9 of their size."""
    order, new_number = np.array(order), np.argsort(order)
    share, openness = [0.5, 0.3, 0.2], WORLD["platforms__openness"]
    # Twelve banks: every third pair takes its turn to be looked at anew, which then goes by bank alone.
    settings = WORLD | {"platforms__user_share": share, "banks__rural__number": 6, "years": 3}
    plain = Market(make_setting(**settings), SEED)
    peopled, numbered = founding.found_borrowers, founding.pair_entities

    def people(parameters, seed, shares):
        rows = peopled(plain.parameters, seed, shares)
        rows.platform = new_number[rows.platform]
        return rows

    monkeypatch.setattr(founding, "found_borrowers", people)

    def pairs(banks, platforms):
        return numbered(banks, platforms).reshape(3, -1)[order].ravel()

    monkeypatch.setattr(founding, "pair_entities", pairs)
    settings["platforms__user_share"] = [share[i] for i in order]
    settings["platforms__openness"] = [openness[i] for i in order]
    other, wrong = Market(make_setting(**settings), SEED), 0
    for _ in range(36):
        plain.step()
        other.step()
    met, met_other = (market.world.alliances for market in (plain, other))
    assert len(met) == len(met_other) > 20
    rank = np.lexsort((met.bank, new_number[met.platform], met.met))
    tables = [
        (plain.world.banks, other.world.banks),
        (plain.world.platforms[order], other.world.platforms),
        (plain.world.pairs.reshape(len(order), -1)[order].ravel(), other.world.pairs),
        (met[rank], met_other[np.lexsort((met_other.bank, met_other.platform, met_other.met))]),
        (plain.world.borrowers, other.world.borrowers),
    ]
    numbers = {"contract", "alliance", "platform", "pair"}  # what is numbered anew
    for one, two in tables:
        for name in set(one.dtype.names) - numbers:
            if one[name].dtype.kind == "f":
                scale = np.abs(one[name]).max()
                wrong += (np.abs(one[name] - two[name]) > 1e-9 * scale).sum()
            else:
                wrong += (one[name] != two[name]).sum()
    count = plain.world.books.banks
    cash = plain.world.books.balance[count : count + len(order)][order]
    wrong += (cash != other.world.books.balance[count : count + len(order)]).sum()
    compare(f"platforms in the order {order.tolist()}: values that are not theirs", wrong, 0.0, 0.0)


@pytest.mark.slow
def test_banks_in_another_order_have_the_same_results_in_that_order(make_setting, compare):
    """Nine banks of different size and precision, listed forwards and backwards, 16 seeds: their draws go by number, so
    it is their means that are the same, within the two-sample error sqrt(s^2/n + s'^2/n)."""
    equity = [1e8, 3e8, 1e9, 2e8, 5e8, 4e9, 2e9, 8e8, 6e8]
    precision = [0.2, 0.3, 0.5, 0.9, 0.4, 0.25, 0.6, 0.35, 0.8]
    one_of_a_kind = {
        "banks__city__number": 0,
        "banks__consumer_finance__number": 0,
        "banks__rural__number": len(equity),
    }

    def means(step):
        setting = make_setting(
            years=1.5,
            population__regions=1,
            **one_of_a_kind,
            banks__rural__equity=equity[::step],
            banks__rural__precision=precision[::step],
        )
        found = []
        for seed in range(16):
            market = Market(setting, seed)
            for _ in range(market.months):
                market.step()
            banks = market.world.banks
            lent = banks.consumer_loans / banks.initial_equity
            customers = np.bincount(market.world.borrowers.owner + 1, minlength=len(banks) + 1)[1:]
            found.append(np.array([lent, customers, banks.precision])[:, ::step])
        return np.mean(found, axis=0), np.var(found, axis=0, ddof=1) / len(found)

    (mean, variance), (other, variance_other) = means(1), means(-1)
    error = (mean - other) / np.sqrt(variance + variance_other)
    for row, name in enumerate(("loans over equity", "customers", "precision")):
        largest = np.abs(error[row]).max()
        compare(f"banks listed backwards: {name}, largest error in standard errors", largest, 0.0, 1.0)


# Settings that leave these draws without a use, in three markets: what is certain need not be drawn.
UNUSED = {
    "nothing": (
        {
            "credit__bureau_correlation": 0.0,
            "platforms__data_share": 0.0,
            "customers__cash_offer_rate": 0.0,
            "customers__loyalty": 0.0,
            "customers__attrition": 0.0,
            "customers__conversion": 0.0,
            "population__terms_months": [6],
            "population__term_shares": [1.0],
        },
        "BUREAU_NOISE SHARED_NOISE CASH_OFFER PRODUCT OWN_CHANNEL ATTRITION ARRIVAL_BANK CONVERSION SWITCH TERM",
    ),
    "everything": (
        {
            "platforms__data_share": 1.0,
            "population__scene_share": 1.0,
            "population__monthly_need": 1.0,
            "customers__loyalty": 1.0,
            "customers__switch_probability": 1.0,
        },
        "SHARED_NOISE PRODUCT NEED OWN_CHANNEL SWITCH",
    ),
    "no switching": ({"customers__switch_probability": 0.0}, "SWITCH"),
}
ACTING = {
    "platforms__openness": "customers",
    "population__borrowers": 300,
    "population__persons": 30_000_000,
    "population__monthly_need": 0.5,
    "population__initial_owner_share": 0.4,
    "customers__conversion": 0.9,
    "customers__awareness_gain": 3.0,
    "customers__cash_offer_rate": 0.9,
    "customers__attrition": 0.1,
}


@pytest.fixture(name="with_other_draws")
def with_other_draws_fixture(make_partners, monkeypatch):
    """with_other_draws(settings, purposes): eight months of an uncompiled market in which these purposes draw other
    numbers, one after the other; all that borrowers and books hold after each."""
    uniform = draws.uniform

    def run(settings, names):
        purposes = {getattr(draws, name) for name in names}

        def other(key, purpose):
            return uniform(key, purpose + 50_000 if purpose in purposes else purpose)

        for module in (application, borrower, draws):
            monkeypatch.setattr(module, "uniform", other)
        market = make_partners(2, 3, SEED, "objects", **ACTING | settings)
        people = market.world.borrowers
        for _ in range(8):
            market.step()
            columns = [people[name].tobytes() for name in people.dtype.names if name != "product"]
            yield columns, market.world.books.balance.tobytes()

    return run


@pytest.mark.parametrize("certain", ["nothing", "everything", pytest.param("no switching", marks=pytest.mark.slow)])
def test_what_is_certain_uses_no_draw(with_other_draws, compare, certain):
    """Probabilities of 0 and 1: borrowers and books are the same to the last bit whatever those purposes draw."""
    settings, names = UNUSED[certain]
    same = list(with_other_draws(settings, names.split())) == list(with_other_draws(settings, []))
    compare(f"{certain} left to chance: results that its draws change", float(not same), 0.0, 0.0)


def test_those_draws_matter_where_they_are_used(with_other_draws):
    """Each of them, drawn otherwise, changes results where nothing is certain."""
    plain = list(with_other_draws({}, []))
    names = {name for _, names in UNUSED.values() for name in names.split()} - {"PRODUCT"}

    def matters(name):
        return any(month != other for month, other in zip(plain, with_other_draws({}, [name]), strict=True))

    assert [name for name in sorted(names) if not matters(name)] == []
    scene = {"population__scene_share": 0.5}
    assert list(with_other_draws(scene, ["PRODUCT"])) != list(with_other_draws(scene, []))
