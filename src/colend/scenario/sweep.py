"""The points of a sweep: every combination of a grid, a sample of ranges, or a table of points."""

from __future__ import annotations

import hashlib
import itertools
import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, get_args

from colend.files import written_whole
from colend.scenario.arms import alternatives, too_many
from colend.scenario.banks_file import BANKS_FILE
from colend.scenario.csv_files import Table, read_table
from colend.scenario.declarations import AGENTS, EACH, NUMBER, WHOLE
from colend.scenario.declared import keys_of, read
from colend.scenario.errors import Problems, ScenarioError, nearest, nearest_key, shown
from colend.scenario.keys import Entry, checked, declared, entries, known_keys
from colend.scenario.reading import Layers, Source
from colend.scenario.top_level import MOST_COMBINATIONS, Method, Sampled, Sweep

KINDS = tuple(keys_of(Sweep))
LATIN_HYPERCUBE, SOBOL, MORRIS = get_args(Method)
MORRIS_LEVELS = 4


@dataclass(frozen=True)
class Sample:
    """A sampled design: `ranges` gives every key its bounds.

    `n` is the number of points of a Latin hypercube, the base sample of Sobol's (a power of two; n (keys + 2) points)
    or the trajectories of Morris's (n (keys + 1) points).
    """

    method: str
    n: int
    seed: int
    ranges: dict[str, tuple[float, float]]

    @property
    def size(self) -> int:
        """Rows of the design, repeated points included."""
        more = {LATIN_HYPERCUBE: 1, SOBOL: len(self.ranges) + 2, MORRIS: len(self.ranges) + 1}
        return self.n * more[self.method]

    @property
    def problem(self) -> dict[str, Any]:
        """The design as SALib wants it, on the unit cube: whole numbers are rounded in `rows`."""
        return {"num_vars": len(self.ranges), "names": list(self.ranges), "bounds": [[0.0, 1.0]] * len(self.ranges)}

    def content(self) -> dict[str, Any]:
        """As data, for the manifest."""
        return asdict(self)

    def unit_rows(self) -> Any:
        """float64[size, keys] on the unit cube, the same for the same sample on every machine.

        Kept in the user's cache once drawn: SciPy's statistics, which draw it, take a second to load.
        """
        import numpy as np
        import platformdirs

        libraries = [version(name) for name in ("numpy", "scipy", "SALib")]
        drawn_by = repr((self.method, self.n, self.seed, len(self.ranges), MORRIS_LEVELS, libraries))
        name = hashlib.sha256(drawn_by.encode()).hexdigest()[:32]
        path = Path(platformdirs.user_cache_dir("colend")) / "samples" / f"{name}.npy"
        with suppress(OSError, ValueError, EOFError):
            rows = np.load(path)
            if rows.shape == (self.size, len(self.ranges)):
                return rows
        rows = self._draw()
        with suppress(OSError):  # a cache that cannot be written is none
            path.parent.mkdir(parents=True, exist_ok=True)
            with written_whole(path) as beside, open(beside, "wb") as file:
                np.save(file, rows)
        return rows

    def _draw(self) -> Any:
        if self.method == LATIN_HYPERCUBE:
            import numpy as np
            from scipy.stats import qmc

            return qmc.LatinHypercube(len(self.ranges), seed=np.random.default_rng(self.seed)).random(self.n)
        if self.method == SOBOL:
            from SALib.sample import sobol

            return sobol.sample(self.problem, self.n, calc_second_order=False, seed=self.seed)
        from SALib.sample import morris

        return morris.sample(self.problem, self.n, num_levels=MORRIS_LEVELS, seed=self.seed)

    def rows(self) -> list[dict[str, Any]]:
        """The design row by row, in the order that its analysis wants; points may repeat."""
        return [
            {key: placed(key, *self.ranges[key], float(u)) for key, u in zip(self.ranges, row, strict=True)}
            for row in self.unit_rows()
        ]


def placed(key: str, low: float, high: float, u: float) -> float | int:
    """A value at `u` in [0, 1] between the bounds; of a whole number, all from `low` to `high` are alike likely."""
    found = declared(key)
    if found is not None and found.form == WHOLE:
        return int(min(high, math.floor(low + u * (high - low + 1))))
    return low + u * (high - low)


def points_of(layers: Layers) -> tuple[list[dict[str, Any]], dict[str, str], Sample | None]:
    """The sweep's points, where each key is swept, and the sample that the points are of."""
    layer = layers.last("sweep")
    return swept(layer.source("sweep"), layers.problems) if layer else ([{}], {}, None)


def swept(source: Source, problems: Problems) -> tuple[list[dict[str, Any]], dict[str, str], Sample | None]:
    """The points of `sweep`, the place of each key swept, and the sample they are of; one empty point for none."""
    place = source.place(source.path)
    for name in source.mapping:
        if name not in KINDS:
            here = source.place((*source.path, name))
            hint = nearest(str(name), KINDS) or f"; allowed: one of {', '.join(KINDS)}"
            problems.about(here, f"sweep.{name}", f"there is no such key{hint}")
    chosen = [kind for kind in KINDS if kind in source.mapping]
    if set(source.mapping) - set(KINDS):
        return [{}], {}, None
    if len(chosen) != 1:
        what = f"{' and '.join(chosen)} stand side by side; " if chosen else ""
        problems.about(place, "sweep", f"{what}allowed: one of {', '.join(KINDS)}")
        return [{}], {}, None
    value = source.mapping[chosen[0]]
    below = source.below(chosen[0])
    if chosen[0] == "table":
        return (*_table(below, problems), None)
    if not isinstance(value, Mapping) or not value:
        wanted = "keys with lists of values" if chosen[0] == "grid" else ", ".join(keys_of(Sampled))
        problems.about(place, f"sweep.{chosen[0]}", f"allowed: a mapping of {wanted}")
        return [{}], {}, None
    return (*_grid(below, problems), None) if chosen[0] == "grid" else _sample(below, problems)


def _grid(source: Source, problems: Problems) -> tuple[list[dict[str, Any]], dict[str, str]]:
    lists = alternatives(source, problems, files=False)
    if too_many(lists, source.place(source.path), problems):
        return [{}], {}
    for one in lists:
        twice = [value for i, value in enumerate(one.values) if value in one.values[:i]]
        problems.extend(f"{one.place}: {one.key}: {shown(value)} is given twice" for value in twice[:1])
    keys = [one.key for one in lists]
    points = [dict(zip(keys, values, strict=True)) for values in itertools.product(*(one.values for one in lists))]
    return points, {one.key: one.place for one in lists}


def _sample(source: Source, problems: Problems) -> tuple[list[dict[str, Any]], dict[str, str], Sample | None]:
    before = len(problems)
    given = {"method": LATIN_HYPERCUBE, "seed": 0} | read(keys_of(Sampled), source, problems)
    if given["method"] == SOBOL and (number := given.get("n", 1)) & (number - 1):
        source.about("n", f"{number} is not a power of two, which Sobol's sample wants", problems)
    ranges, places = _ranges(source.below("ranges"), problems) if "ranges" in given else ({}, {})
    if len(problems) > before:
        return [{}], places, None
    sample = Sample(**(given | {"ranges": ranges}))
    if sample.size > MOST_COMBINATIONS:
        source.about("n", f"{sample.size:,} points; at most {MOST_COMBINATIONS:,} are allowed", problems)
        return [{}], places, None
    points = {tuple(row.values()): row for row in sample.rows()}  # a point that repeats is run once
    return list(points.values()), places, sample


def _ranges(source: Source, problems: Problems) -> tuple[dict[str, tuple[float, float]], dict[str, str]]:
    """Bounds and place of every key; what is no number parameter, or no pair of its values, is a problem."""
    ranges, places = {}, {}
    for entry in entries(source, problems):
        places[entry.key] = entry.place
        bounds, found = entry.value, declared(entry.key)
        of_part = found is not None and entry.key != found.key
        if found is None or not (of_part or found.form in (NUMBER, WHOLE, AGENTS, EACH)):
            problems.about(entry.place, entry.key, "is not a number, so that it has no range; use a grid")
        elif not isinstance(bounds, list) or len(bounds) != 2 or not all(map(_is_number, bounds)):
            problems.about(entry.place, entry.key, f"{shown(bounds)} is not allowed; allowed: [low, high]")
        elif bounds[0] >= bounds[1]:
            problems.about(entry.place, entry.key, f"{shown(bounds)}: low is not below high")
        elif all(checked(replace(entry, value=bound), source, problems) for bound in bounds):
            ranges[entry.key] = (bounds[0], bounds[1])
    return ranges, places


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _table(source: Source, problems: Problems) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """The points of a CSV file: a column a key, a row a point, values as in YAML."""
    place = source.place(source.path)
    try:
        table = read_table(source.mapping, source.folder, source.root, f"{place}: sweep.table")
    except ScenarioError as error:
        problems.extend(error.problems)
        return [{}], {}
    sound = table.check_columns(_no_parameter)
    if not table.rows and not table.problems:
        table.complain(table.first, "a table of points has a line of keys and a line for every point")
    points: dict[Any, dict[str, Any]] = {}
    lines: dict[Any, int] = {}
    for line, cells in table.rows if sound else []:
        point = {key: same_number(value) for key, value in _point(table, line, cells, source).items()}
        same = _hashable(point)
        if same in points:
            table.complain(line, f"this point is given twice, first in line {lines[same]}")
        elif len(point) == len(table.columns):
            points[same], lines[same] = point, line
    problems.extend(table.in_order())
    return list(points.values()) or [{}], dict.fromkeys(table.columns, place)


def _no_parameter(key: str) -> str:
    if declared(key) is not None and key != BANKS_FILE:
        return ""
    return f"{key}: there is no such parameter{nearest_key(key, known_keys())}"


def _point(table: Table, line: int, cells: list[str], source: Source) -> dict[str, Any]:
    """A row as a point, without what is wrong in it."""
    point: dict[str, Any] = {}
    found, here = Problems(), f"{table.name}:{line}"
    for key, cell in zip(table.columns, cells, strict=True):
        declaration = declared(key)
        assert declaration is not None
        value = table.value(line, key, cell, declaration.allowed)
        if value is not None:
            point |= checked(Entry(key, value, here, source.folder), source, found)
    table.problems.extend(found)
    return point


def same_number(value: Any) -> Any:
    """A value in which whole numbers are written in one way, however a program that saved the table wrote them."""
    if isinstance(value, list):
        return [same_number(part) for part in value]
    if isinstance(value, dict):
        return {key: same_number(part) for key, part in value.items()}
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _hashable(value: Any) -> Any:
    if isinstance(value, dict):
        return frozenset((key, _hashable(part)) for key, part in value.items())
    return tuple(map(_hashable, value)) if isinstance(value, list) else value
