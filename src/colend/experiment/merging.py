"""Parts of an experiment, done at different places, that may be put together."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from itertools import groupby
from pathlib import Path

from colend.experiment.content import changed_tables
from colend.experiment.database import DATABASE, connect, explained
from colend.experiment.errors import StoreError
from colend.experiment.manifest import NAME as MANIFEST
from colend.experiment.manifest import read_manifest
from colend.experiment.provenance import differences, made_here
from colend.experiment.request import Request
from colend.scenario.design import Scenario, run_name

_SAME_PLACE = "SELECT key, content, part FROM run WHERE arm = ? AND seed = ? AND point = ?"


def common_scenario(parts: Sequence[Path]) -> Scenario:
    """The scenario that the parts' manifests say, with all their seeds.

    A part that was interrupted has no manifest; one part at least must. StoreError (status 2) when one has no results,
    or they differ in more than seeds.
    """
    for part in parts:
        connect(part / DATABASE).close()
    found = {part: read_manifest(part)["scenario"] for part in parts if (part / MANIFEST).is_file()}
    if not found:
        raise StoreError(
            f"none of {', '.join(map(str, parts))} was completed: which scenario? run one of them again", 2
        )
    (first, scenario), *others = found.items()
    for part, other in others:
        for name in sorted({*scenario, *other} - {"seeds"}):
            if scenario.get(name) != other.get(name):
                raise StoreError(
                    f"{part} is no part of the same scenario as {first}: {name} is {_short(other.get(name))} there, "
                    f"not {_short(scenario.get(name))}",
                    2,
                )
    seeds = dict.fromkeys(seed for one in found.values() for seed in one["seeds"])
    return Scenario.restored(scenario | {"seeds": sorted(seeds)})


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def check_parts(parts: Sequence[Path], asked: Request, source: str) -> None:
    """StoreError when the folder that is asked for is one of the parts, when parts, or what is there already, were not
    made as this process would make them, are damaged, or hold other content for the same run.

    Every run's rows are hashed again; one run is in memory at a time.
    """
    if asked.folder.resolve() in [part.resolve() for part in parts]:
        raise StoreError(f"--out {asked.folder} is one of the parts: choose another", 2)
    already = [asked.folder] if (asked.folder / DATABASE).is_file() and not asked.fresh else []
    here = made_here(source, asked.scenario.sample is not None)
    with closing(sqlite3.connect("")) as seen:  # on disk, and gone when closed
        seen.execute(
            "CREATE TABLE run (arm TEXT, seed INTEGER, point TEXT, key TEXT, content TEXT, part BLOB, "
            "PRIMARY KEY (arm, seed, point))"
        )
        for part in [*parts, *already]:
            path = part / DATABASE
            with explained(path), closing(connect(path)) as connection:
                wrong = differences(dict(connection.execute("SELECT name, value FROM meta")), here)
                if wrong:
                    raise StoreError(f"{path} holds results of {' and '.join(wrong)}", 2)
                for table, place in changed_tables(connection):
                    run = run_name(*place)
                    raise StoreError(f"{path} is damaged: {table} of run {run} has changed since it was written", 1)
                _compare(seen, part, connection)


def _compare(seen: sqlite3.Connection, part: Path, connection: sqlite3.Connection) -> None:
    """Note a part's runs, unless another part has one of them with other content."""
    rows = connection.execute(
        "SELECT finished.arm, finished.seed, finished.point, key, held_in, hash FROM finished "
        "JOIN content USING (arm, seed, point) ORDER BY 1, 2, 3, 5"
    )
    for (arm, seed, point, key), tables in groupby(rows, key=lambda row: row[:4]):
        content = " ".join(f"{table} {value}" for *_, table, value in tables)
        known = seen.execute(_SAME_PLACE, (arm, seed, point))
        for other_key, other_content, other in known:
            if (key, content) != (other_key, other_content):
                run = run_name(arm, seed, point)
                both = f"{os.fsdecode(other)} and {part}"
                raise StoreError(f"{both} hold run {run} with different content: leave out one of them", 2)
        seen.execute(
            "INSERT OR IGNORE INTO run VALUES (?, ?, ?, ?, ?, ?)", (arm, seed, point, key, content, os.fsencode(part))
        )
