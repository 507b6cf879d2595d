"""Everything that a month may read or change is declared in one place, and is what its declaration says."""

import re
from dataclasses import fields

import numpy as np
import pytest

from colend.state import outlook, regulation, snapshot, tables, totals
from colend.state.books import Books
from colend.state.world import World

DECLARED = (World, Books, outlook.Outlook, outlook.Calibration, regulation.Regulation)
TABLES = {name: value for module in (outlook, snapshot, tables, totals) for name, value in vars(module).items()}


@pytest.fixture(name="world", scope="module")
def world_fixture(make_setting):
    """A world that has lived three months under a rule."""
    from colend.market import Market
    from colend.scenario.regulation import Rule

    policy = [Rule("maximum_joint_share", 0.3, "2017-01")]
    market = Market(make_setting(population__borrowers=200, population__persons=2_000_000, policy=policy))
    for _ in range(3):
        market.step()
    return market.world


@pytest.mark.parametrize("kind", DECLARED)
def test_every_attribute_says_what_it_means_and_every_array_its_shape(kind):
    for one in fields(kind):
        assert len(one.metadata["meaning"]) > 4, one.name
        assert bool(one.metadata["shape"]) == bool(re.search(r"Row|Table|np\.", str(one.type))), one.name


@pytest.mark.parametrize("kind", DECLARED)
def test_nothing_else_can_be_hung_on_it(kind):
    made = object.__new__(kind)
    with pytest.raises(AttributeError, match="another_number"):
        made.another_number = 1.0


def parts(world):
    """Every declared object with its attributes: (its name, the field, the value)."""
    for where in (world, world.books, world.outlook, world.calibration, world.regulation):
        for one in fields(where):
            yield f"{type(where).__name__}.{one.name}", one, getattr(where, one.name)


def test_after_a_month_everything_is_there_in_the_shape_that_is_declared(world):
    """Axes of one name are as long as each other; `*` is of any length."""
    lengths = {"2": 2}
    checked = 0
    for name, one, value in parts(world):
        said = re.fullmatch(r"(\w+)(?:\[(.*)\])?", one.metadata["shape"])
        if said is None or value is None:
            continue
        checked += 1
        element, axes = said[1], said[2].split(", ") if said[2] else []
        wanted = TABLES[element] if element in TABLES else np.dtype(element)
        assert (value.dtype.names or value.dtype) == (wanted.names or wanted), name
        assert value.ndim == len(axes), name
        for axis, length in zip(axes, value.shape, strict=True):
            if axis != "*":
                assert lengths.setdefault(axis, length) == length, f"{name}: {axis}"
    assert checked > 40
    assert lengths["pairs"] == lengths["banks"] * lengths["platforms"]
