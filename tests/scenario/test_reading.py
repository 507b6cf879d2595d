"""YAML to plain data: YAML 1.2's numbers, a line for every key, problems instead of surprises."""

import itertools
import math
import time

import pytest

from colend.scenario import ScenarioError, read_overrides
from colend.scenario.reading import MOST_VALUES, read_text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001),
        ("1E3", 1000.0),
        (".5", 0.5),
        ("-4.", -4.0),
        ("007", 7),
        ("0x10", 16),
        ("0o10", 8),
        ("1:30", "1:30"),
        ("1_000", "1_000"),
        ("2017-01", "2017-01"),
        ("2017-01-01", "2017-01-01"),
        ("yes", "yes"),
        ("off", "off"),
        ("'1'", "1"),
        ("true", True),
        ("False", False),
        ("~", None),
        ("", None),
        (".inf", math.inf),
        ("1e400", math.inf),
        ("[a, {b: 1}]", ["a", {"b": 1}]),
    ],
)
def test_scalars_are_those_of_yaml_1_2(text, value):
    found = read_text(f"key: {text}\n", "x").data["key"]
    assert found == value
    assert type(found) is type(value)


def test_every_key_has_its_line():
    document = read_text("a:\n  b: 1\n  c:\n  - x\n  - y\n# why\nd: {e: 2}\n", "f.yaml")
    assert document.place(("a", "b")) == "f.yaml:2"
    assert document.place(("a", "c", 1)) == "f.yaml:5"
    assert document.place(("d", "e")) == "f.yaml:7"
    assert document.place(("a", "unknown")) == "f.yaml:1"


def refused(text):
    """The problems of a text, whether they stop the reading or not."""
    try:
        return read_text(text, "x").problems
    except ScenarioError as error:
        return list(error.problems)


def test_keys_given_twice():
    assert refused("a: 1\nb: {c: 1, c: 2}\na: 2\n") == [
        "x:2: b.c: given twice, first in line 2",
        "x:3: a: given twice, first in line 1",
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: 1\nb: [1\nc: 2\n", 3),
        ("a: 1\n\tb: 2\n", 2),
        ("a: b: c\n", 1),
        ("a: *nothing\n", 1),
        ("a: 1\n---\nb: 2\n", 2),
    ],
)
def test_what_is_not_yaml_names_its_line(text, line):
    (problem,) = refused(text)
    assert problem.startswith(f"x:{line}: not YAML: ")


def test_characters_that_yaml_does_not_allow():
    assert refused("a: 1\nb: \x00\n") == ["x:2: not YAML: special characters are not allowed"]


def test_tags_are_not_obeyed():
    assert refused("a: !!python/object/apply:os.system [echo]\n") == [
        "x:1: the tag python/object/apply:os.system is not allowed"
    ]
    assert refused("a: !!binary aGk=\n") == ["x:1: the tag binary is not allowed"]


def test_aliases_that_explode_are_refused_at_once():
    names = "abcdefghij"
    lines = ["a: &a [" + ", ".join("x" * 9) + "]"]
    lines += [f"{here}: &{here} [{', '.join([f'*{before}'] * 9)}]" for before, here in itertools.pairwise(names)]
    began = time.perf_counter()
    (problem,) = refused("\n".join(lines))
    assert time.perf_counter() - began < 10
    assert problem.endswith(f"aliases repeat themselves or expand to more than {MOST_VALUES:,} values")


def test_an_alias_of_itself_is_refused():
    (problem,) = refused("a: &a {b: *a}\n")
    assert "aliases repeat themselves" in problem


def test_an_honest_alias_is_followed():
    assert read_text("a: &a {x: 1}\nb: *a\n", "x").data == {"a": {"x": 1}, "b": {"x": 1}}


def test_nesting_without_end():
    assert refused("a: " + "[" * 5000) == ["x: not a scenario: nested too deep"]


@pytest.mark.parametrize("text", ["9" * 5000, "0x" + "f" * 5000])
def test_numbers_without_end(text):
    (problem,) = refused(f"a: {text}\n")
    assert problem.startswith("x:1: ")
    assert problem.endswith("cannot be read as a number")


def test_overrides_from_the_command_line():
    texts = ["alliances.fit_sd=1e-3", "platforms.openness=[traffic, customers]", "title=a = b", "banks.city.talent="]
    assert read_overrides(texts) == {
        "alliances.fit_sd": 0.001,
        "platforms.openness": ["traffic", "customers"],
        "title": "a = b",
        "banks.city.talent": None,
    }
    with pytest.raises(ScenarioError) as caught:
        read_overrides(["alliances.fit_sd", "=3", "a=[1"])
    first, second, third = caught.value.problems
    assert first == "--set alliances.fit_sd: KEY=VALUE is wanted, e.g. --set alliances.fit_sd=0.5"
    assert second.startswith("--set =3: KEY=VALUE")
    assert third.startswith("--set a=[1: ")
