"""Tables: columns are looked up once, and what is no longer used is freed."""

import gc

import numpy as np
import pytest

from colend.market import simulate
from colend.state.table import Table
from colend.state.tables import ALLIANCE, BANK, NONE, lengthened, pair_of, table


@pytest.mark.parametrize("part", [lambda rows: rows, lambda rows: rows[1:3], lambda rows: rows[[0, 2]], lengthened])
def test_a_table_keeps_its_columns_and_is_freed(part):
    rows = part(table(ALLIANCE, 4))
    assert isinstance(rows, Table)
    assert rows.pair is rows.pair
    rows.pair = 7
    assert rows[-1].pair == 7
    assert rows["pair"].tolist() == [7] * len(rows)
    gc.collect()
    there = sum(isinstance(one, Table) for one in gc.get_objects())
    del rows
    assert sum(isinstance(one, Table) for one in gc.get_objects()) < there


def test_nothing_but_columns_can_be_hung_on_a_table():
    """It would be in no copy and no saved market, and a column's misspelled name would change nothing."""
    for rows in (table(BANK, 3), table(BANK, 3)[1:]):
        with pytest.raises(AttributeError, match=r"a table has no column 'hurdel'; did you mean hurdle\?"):
            rows.hurdel = 1.0
        assert vars(rows) == {}


def test_a_pair_has_its_row_though_numbers_of_parties_are_small():
    """40,000 pairs are more than an int16 holds, whether it is asked of one pair or of many."""
    assert pair_of(np.int16(33), np.int16(199), 1_200) == 39_799
    assert pair_of(np.array([33], dtype=np.int16), np.array([199], dtype=np.int16), 1_200).tolist() == [39_799]


def test_a_table_grows_in_place():
    rows = table(ALLIANCE, 0)
    for i in range(40):
        rows = lengthened(rows)
        rows[-1].pair = i
    assert rows.pair.tolist() == list(range(40))
    assert rows.signed.tolist() == [NONE] * 40
    assert np.shares_memory(rows, lengthened(rows))  # room for 64


def test_markets_are_freed(make_setting):
    """Simulated one after the other in one process, as workers do, they leave nothing behind."""

    def tables_left():
        simulate(make_setting(years=1, platforms__openness="technology"), 0)
        gc.collect()
        return sum(isinstance(one, Table) for one in gc.get_objects())

    assert tables_left() == tables_left()
