"""Whatever comes from the command line, a file or Python is a scenario or one ScenarioError: never another error."""

import json
from contextlib import suppress

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from colend.cli import main
from colend.scenario import ScenarioError, load, read_overrides
from colend.scenario.declarations import declarations, groups
from colend.scenario.top_level import TOP_LEVEL

SCENARIO = """\
name: small
years: 0.5
base: {population.borrowers: 300, platforms: {number: 2, user_share: [0.6, 0.4]}}
compare: {alliances.sequencing: [sign_then_cooperate, cooperate_then_sign]}
sweep: {grid: {alliances.fit_sd: [0.5, 1]}}
"""
BELOW = ("months", "banks", "lives", "grid", "sample", "table", "month", "kinds", "at_least", "until", "ranges", "n")
keys = st.one_of(
    st.sampled_from([*TOP_LEVEL]),
    st.sampled_from([*declarations(), "banks.from", "credit.posted_rate.prime", "rate_cap", "from"]),
    st.sampled_from([group for group in groups() if group]),
    st.builds(
        "{}.{}".format,
        st.sampled_from([*(name for name, key in TOP_LEVEL.items() if key.mapping), "seeds", "policy"]),
        st.sampled_from([*BELOW, *declarations()]),
    ),
    st.sampled_from(BELOW),
    st.text(max_size=6),
)
words = st.sampled_from(
    [
        "none",
        "last",
        "all",
        "adaptive",
        "traffic",
        "china",
        "posted",
        "sobol",
        "city",
        "2017-01",
        "s.yaml",
        "1-5",
        "30%",
    ]
)
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 40), st.integers(), st.floats(), words, st.text(max_size=5)
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3), max_leaves=6
)
written = st.one_of(values.map(lambda value: json.dumps(value, ensure_ascii=False)), st.text(max_size=12))
quick = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def complaint(call, *arguments):
    """That the call gives a scenario, or its problems a line each."""
    try:
        return call(*arguments)
    except ScenarioError as error:
        found = error.problems
    assert found
    assert all(problem.strip() and problem.isprintable() for problem in found), found


@quick
@given(texts=st.lists(st.builds("{}={}".format, keys, written) | st.text(max_size=8), min_size=1, max_size=3))
def test_overrides_of_the_command_line(write, texts):
    path = write(SCENARIO)
    complaint(lambda: load(path, read_overrides(texts)))


@quick
@given(overrides=st.dictionaries(keys | st.integers() | st.none(), values, max_size=3))
def test_overrides_of_python(write, overrides):
    complaint(load, write(SCENARIO), overrides)


@quick
@given(data=st.dictionaries(keys, values, max_size=4), tail=st.just("") | st.text(max_size=8))
def test_files(write, data, tail):
    text = json.dumps(data, ensure_ascii=False) + tail
    with suppress(UnicodeEncodeError):
        complaint(load, write(text.encode()))


@settings(quick, max_examples=15)
@given(text=st.builds("{}={}".format, keys, written))
def test_the_command_ends_with_a_plan_or_with_status_2(write, capsys, text):
    status = main([str(write(SCENARIO)), "--check", "--set", text])
    said = capsys.readouterr().err
    assert (status == 0 and not said) or (status == 2 and said.startswith("simulate: ")), said
