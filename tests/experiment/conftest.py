"""A small scenario, quick to run, and the result of running it undisturbed."""

import pytest

SCENARIO = """
name: small
title: Small
start: 2017-01
years: 0.5
seeds: 3
base:
  population: {borrowers: 2000, persons: 2000000, regions: 2}
  banks: {city: {number: 3}, rural: {number: 4}, consumer_finance: {number: 0}}
  platforms: {number: 2, user_share: [0.6, 0.4]}
compare:
  alliances.sequencing: [sign_then_cooperate, cooperate_then_sign]
"""


@pytest.fixture(scope="session")
def scenario(tmp_path_factory):
    path = tmp_path_factory.mktemp("scenario") / "small.yaml"
    path.write_text(SCENARIO)
    return path


@pytest.fixture(scope="session")
def undisturbed(scenario, tmp_path_factory):
    """The folder of a run in one process from start to end; do not write to it."""
    import colend

    folder = tmp_path_factory.mktemp("undisturbed") / "out"
    colend.run(scenario, jobs=1, out=folder, report=False)
    return folder
