"""One transaction a run; damage, other versions and second drivers are told apart."""

import sqlite3
from types import SimpleNamespace

import numpy as np
import pytest

from colend.experiment import provenance
from colend.experiment.content import changed_tables, content_hash, stored_hashes
from colend.experiment.database import connect, explained, table_hashes
from colend.experiment.errors import StoreError
from colend.experiment.provenance import made_here
from colend.experiment.store import Store
from colend.files import write_text


def run(arm="a", seed=0, key=None):
    setting = SimpleNamespace(arm=arm, point={}, content=lambda: {"x": 1})
    return SimpleNamespace(setting=setting, place=(arm, seed, ""), seed=seed, key=key or f"{arm}{seed}")


TABLES = {
    "runs": {"profit": np.array([1.5]), "share": np.array([np.nan]), "sunk": np.array([-0.0])},
    "months": {
        "month": np.arange(3),
        "date": np.array(["2017-01", "2017-02", "2017-03"]),
        "x": np.array([0.1, np.nan, 3]),
    },
}


def test_what_goes_in_comes_out_with_the_same_hash(tmp_path):
    with Store(tmp_path, "v1") as store:
        store.add(run(), TABLES)
        assert store.finished() == {"a0": ("a", 0, "")}
    connection = connect(tmp_path / "results.sqlite")
    for table, columns in TABLES.items():
        assert list(stored_hashes(connection, table)) == [(("a", 0, ""), content_hash(table, columns))]
    assert list(changed_tables(connection)) == []
    assert connection.execute("SELECT share FROM runs").fetchone() == (None,)
    connection.close()
    assert [path.name for path in tmp_path.iterdir() if "wal" in path.name or "shm" in path.name] == []


def test_hash_sees_every_number_and_not_the_order_of_columns():
    months = TABLES["months"]
    assert content_hash("months", dict(reversed(months.items()))) == content_hash("months", months)
    changed = months | {"x": np.array([0.1, np.nan, 3.0000000000000004])}
    assert content_hash("months", changed) != content_hash("months", months)


def test_the_hash_of_a_table_does_not_hang_on_the_order_of_runs(tmp_path):
    for folder, order in (("one", (0, 1)), ("two", (1, 0))):
        with Store(tmp_path / folder, "v1") as store:
            for seed in order:
                store.add(run(seed=seed), TABLES)
    assert table_hashes(tmp_path / "one" / "results.sqlite") == table_hashes(tmp_path / "two" / "results.sqlite")


def test_a_run_that_breaks_on_the_way_in_leaves_nothing(tmp_path):
    with Store(tmp_path, "v1") as store:
        store.add(run(), TABLES)
        broken = TABLES | {"months": TABLES["months"] | {"unheard_of": np.arange(3)}}
        with pytest.raises(StoreError) as caught:
            store.add(run(seed=1), broken)
        assert caught.value.status == 1
        assert store.finished() == {"a0": ("a", 0, "")}
        assert store.connection.execute("SELECT count(*) FROM runs").fetchone() == (1,)


def test_a_second_driver_is_refused(tmp_path):
    with Store(tmp_path, "v1"), pytest.raises(StoreError, match="in use by another run") as caught:
        Store(tmp_path, "v1")
    assert caught.value.status == 2


def test_another_version_is_refused_and_fresh_is_named(tmp_path):
    with Store(tmp_path, "v1") as store:
        store.add(run(), TABLES)
    with pytest.raises(StoreError, match="--fresh") as caught:
        Store(tmp_path, "v2")
    assert caught.value.status == 2
    with Store(tmp_path, "v2", fresh=True) as store:
        assert store.finished() == {}


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ("machine", "another machine"),
        ("libraries", r"other libraries \(python 3.* numpy .*, not another\)"),
        ("arithmetic", "rounds in another way"),
    ],
)
def test_results_of_another_machine_or_library_are_not_mixed_with(tmp_path, monkeypatch, part, said):
    with Store(tmp_path, "v1") as store:
        store.add(run(), TABLES)
    before = (tmp_path / "results.sqlite").read_bytes()
    elsewhere = made_here("v1") | {part: "another"}
    monkeypatch.setattr("colend.experiment.store.made_here", lambda *_: elsewhere)
    with pytest.raises(StoreError, match=said) as caught:
        Store(tmp_path, "v1")
    assert caught.value.status == 2
    assert (tmp_path / "results.sqlite").read_bytes() == before


def test_only_where_points_are_sampled_must_salib_be_the_same(tmp_path, monkeypatch):
    for folder, sampled in (("sampled", True), ("plain", False)):
        with Store(tmp_path / folder, "v1", sampled=sampled) as store:
            store.add(run(), TABLES)
    there = provenance.version
    monkeypatch.setattr(provenance, "version", lambda name: "1.5.0" if name == "SALib" else there(name))
    with pytest.raises(StoreError, match=r"other libraries \(.* SALib .*, not .* SALib 1\.5\.0\)"):
        Store(tmp_path / "sampled", "v1", sampled=True)
    with Store(tmp_path / "plain", "v1"):
        pass


def test_a_database_of_something_else_is_not_written_to(tmp_path):
    with sqlite3.connect(tmp_path / "results.sqlite") as connection:
        connection.execute("CREATE TABLE precious (x)")
    connection.close()
    with pytest.raises(StoreError) as caught:
        Store(tmp_path, "v1")
    assert caught.value.status == 2


def test_a_place_holds_one_run(tmp_path):
    with Store(tmp_path, "v1") as store:
        store.add(run(), TABLES)
        with pytest.raises(StoreError):
            store.add(run(key="the same arm and seed, other parameters"), TABLES)
        assert store.connection.execute("SELECT count(*) FROM runs").fetchone() == (1,)


def test_rows_that_were_added_or_taken_away_are_found(tmp_path):
    with Store(tmp_path, "v1") as store:
        for seed in range(3):
            store.add(run(seed=seed), TABLES)
        store.connection.execute("DELETE FROM months WHERE seed = 1")
        store.connection.execute("INSERT INTO runs (arm, seed, point, profit) VALUES ('z', 7, '', 1.0)")
        assert list(changed_tables(store.connection)) == [("months", ("a", 1, "")), ("runs", ("z", 7, ""))]
        store.connection.execute("DROP TABLE months")
        assert len(list(changed_tables(store.connection))) == 4


def test_a_database_that_another_program_holds_is_not_called_damaged(tmp_path):
    path = tmp_path / "x.sqlite"
    holder, other = (sqlite3.connect(path, timeout=0, isolation_level=None) for _ in range(2))
    holder.execute("CREATE TABLE t (x)")
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreError, match="is held by another program") as caught, explained(path, opening=True):
        other.execute("SELECT * FROM t")
    assert caught.value.status == 2
    holder.close()
    other.close()


def test_a_damaged_file_is_left_as_it_is(tmp_path):
    with Store(tmp_path, "v1") as store:
        store.add(run(), TABLES)
    path = tmp_path / "results.sqlite"
    path.write_bytes(b"not a database at all" * 100)
    with pytest.raises(StoreError, match="is damaged") as caught:
        Store(tmp_path, "v1")
    assert caught.value.status == 1
    assert path.read_bytes().startswith(b"not a database")


def test_runs_that_are_not_asked_for_are_put_away_and_come_back(tmp_path):
    with Store(tmp_path, "v1") as store:
        store.add(run("a"), TABLES)
        store.add(run("b"), TABLES)
        store.fail(run("c"), "boom")
        store.fail(run("d"), "boom")
        assert store.put_away([run("b"), run("c")]) == [run("a").key]
        assert set(store.finished()) == {"b0"}
        assert store.connection.execute("SELECT arm FROM failures").fetchall() == [("c",)]
        assert store.connection.execute("SELECT DISTINCT arm FROM months").fetchall() == [("b",)]
        before = store.connection.execute("SELECT * FROM content WHERE arm = 'b'").fetchall()
        store.bring_back([run("a"), run("e")])
        assert set(store.finished()) == {"a0", "b0"}
        assert list(changed_tables(store.connection)) == []
        assert store.connection.execute("SELECT * FROM content WHERE arm = 'b'").fetchall() == before
        assert store.connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)


def test_a_full_disk_keeps_what_is_there(tmp_path):
    with Store(tmp_path, "v1") as store:
        store.add(run(), TABLES)
        pages = store.connection.execute("PRAGMA page_count").fetchone()[0]
        store.connection.execute(f"PRAGMA max_page_count={pages}")
        large = {
            "runs": TABLES["runs"],
            "months": {"month": np.arange(50_000), "date": np.full(50_000, "x"), "x": np.zeros(50_000)},
        }
        with pytest.raises(StoreError, match="full") as caught:
            store.add(run(seed=1), large)
        assert caught.value.status == 1
    with Store(tmp_path, "v1") as store:
        assert store.finished() == {"a0": ("a", 0, "")}


def test_failures_are_noted_and_struck_out_when_the_run_succeeds(tmp_path):
    with Store(tmp_path, "v1") as store:
        store.fail(run(), "Traceback: boom")
        assert store.connection.execute("SELECT arm, error FROM failures").fetchall() == [("a", "Traceback: boom")]
        store.add(run(), TABLES)
        assert store.connection.execute("SELECT * FROM failures").fetchall() == []


def test_files_appear_whole(tmp_path):
    write_text(tmp_path / "x.csv", "one\n")
    write_text(tmp_path / "x.csv", "two\n")
    assert [path.name for path in tmp_path.iterdir()] == ["x.csv"]
    assert (tmp_path / "x.csv").read_text() == "two\n"


def test_no_results_is_said(tmp_path):
    with pytest.raises(StoreError, match="no results"):
        connect(tmp_path / "results.sqlite")
    assert sqlite3.sqlite_version_info > (3, 24)
