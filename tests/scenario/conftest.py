"""Scenario files written on the spot."""

import pytest

from colend.scenario import ScenarioError, load


@pytest.fixture
def write(tmp_path):
    """Write a file into the test's folder; its path."""

    def write(text, name="scenario.yaml"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


@pytest.fixture
def scenario(write):
    """Load a scenario from its text."""
    return lambda text, **given: load(write(text), **given)


@pytest.fixture
def problems(write):
    """The problems of a scenario's text, without the folder in front of the file's name."""

    def problems(text, **given):
        path = write(text)
        with pytest.raises(ScenarioError) as caught:
            load(path, **given)
        assert str(caught.value) == "\n".join(caught.value.problems)
        return [problem.replace(f"{path.parent}/", "") for problem in caught.value.problems]

    return problems
