"""What Python says of calls that cannot be: what is wrong, what is allowed, and nothing made."""

import numpy as np
import pytest

import colend


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (
            lambda: colend.run("alliance", seeds=3),
            r"colend.run takes no 'seeds'; colend.load takes it; it takes scenar",
        ),
        (
            lambda: colend.run("alliance", job=3),
            r"colend.run takes no 'job'; did you mean jobs\?; it takes scenario, j",
        ),
        (lambda: colend.sweep("alliance", years=3), r"colend.sweep takes no 'years'; colend.load takes it; it takes "),
        (
            lambda: colend.load("alliance", seed=3),
            r"colend.load takes no 'seed'; did you mean seeds\?; it takes path, ",
        ),
        (lambda: colend.load(), r"colend.load: missing a required argument: 'path'; it takes path, overrides, seeds, "),
        (lambda: colend.merge(["a"], jobs=2), r"colend.merge takes no 'jobs'; colend.run takes it"),
        (lambda: colend.open(), r"colend.open: missing a required argument: 'folder'; it takes folder"),
        (lambda: colend.compare("a"), r"colend.compare: missing a required argument: 'other'; it takes one, other"),
    ],
)
def test_a_call_that_does_not_fit_is_told_what_does(call, said):
    _ = colend.load, colend.run  # imported, whatever ran before
    with pytest.raises(TypeError, match=said):
        call()


@pytest.mark.parametrize("given", [None, 3, [], np.zeros(2)])
def test_what_is_no_scenario_is_told_what_is(given):
    with pytest.raises(colend.ScenarioError, match=r"scenario .*: wanted is a file, a dictionary, or .*: alliance, "):
        colend.load(given)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"jobs": "two"}, "jobs 'two': a whole number of at least 1"),
        ({"jobs": 0}, "jobs 0: a whole number of at least 1"),
        ({"out": 3}, "out 3: a folder is wanted"),
        ({"out": ""}, "out '': a folder is wanted"),
        ({"cluster": 8786}, "cluster 8786: the address of a Dask scheduler"),
        ({"fresh": "no"}, "fresh 'no': True or False"),
        ({"report": None}, "report None: True or False"),
        ({"engine": "column"}, "engine 'column': one of columns, objects"),
        ({"export": "xml"}, "export 'xml': one of csv, parquet"),
        ({"only": 3}, "only 3: a run, or its name, ARM:SEED or ARM:SEED:POINT"),
        ({"only": "nobody:3"}, "only nobody:3: no such run"),
        ({"shard": 3}, "shard 3: I/N is wanted, part I of N with I from 1 to N"),
        ({"shard": (1, 2.0)}, r"shard \(1, 2.0\): I/N is wanted"),
        ({"progress": "bar"}, "progress 'bar': a function of three numbers"),
        ({"only": "sign_then_cooperate:0", "shard": (1, 2)}, "only and shard: one or the other"),
        ({"jobs": 2, "cluster": "tcp://127.0.0.1:1"}, "jobs and cluster: one or the other"),
    ],
)
def test_options_that_cannot_be_are_told_what_can(options, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(colend.RequestError, match=said) as caught:
        colend.run("sequencing", **options)
    assert caught.value.status == 2
    assert isinstance(caught.value, ValueError)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("call", [colend.open, colend.merge, lambda folder: colend.compare(folder, folder)])
@pytest.mark.parametrize("folder", [None, 3])
def test_what_is_no_folder_is_said(call, folder):
    with pytest.raises(colend.RequestError, match=rf"folder {folder}: a folder is wanted"):
        call(folder)
