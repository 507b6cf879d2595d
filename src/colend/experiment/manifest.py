"""What made a folder of results: scenario, versions, machine, hashes. Written last; it can be made again from the
rest.
"""

from __future__ import annotations

import hashlib
import json
import platform
import sys
from contextlib import closing, suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from colend.experiment.content import changed_tables
from colend.experiment.database import DATABASE, connect, explained, folder_meant, table_hashes
from colend.experiment.errors import StoreError
from colend.experiment.locking import in_use
from colend.experiment.stopping import said
from colend.files import write_text
from colend.scenario.design import Scenario, run_name
from colend.source import model_hash

NAME = "manifest.json"
EARLIER = ".manifest.earlier.json"  # of what the folder held before it was changed: which files were made from that
DERIVED = ("charts", "tables")  # folders of files that are made from the database
_LIBRARIES = ("colend", "mesa", "numba", "numpy", "scipy", "pandas", "pydantic", "matplotlib", "SALib")


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def versions() -> dict[str, str]:
    """Of Python and of what results and pictures are made with."""
    return {"python": platform.python_version()} | {name: _version(name) for name in _LIBRARIES}


@cache
def program_hash() -> str:
    """SHA-256 (hex) over all files of the package: what is derived from the runs, charts included, depends on them."""
    package, digest = Path(__file__).parents[1], hashlib.sha256()
    for path in sorted(path for path in package.rglob("*") if path.is_file() and path.suffix != ".pyc"):
        digest.update(path.relative_to(package).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def file_hash(path: Path) -> str:
    """SHA-256 of a file."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def write_manifest(
    folder: Path,
    scenario: Scenario,
    files: list[Path],
    missing: list[str],
    took: dict[str, float],
    shard: tuple[int, int] | None = None,
) -> Path:
    """Write manifest.json when all else is there and closed; `files` are what was written, `missing` the runs that are
    not there, `took` seconds, `shard` the part of the scenario's runs that was asked for.
    """
    files = [*files, folder / DATABASE]
    content = {
        "scenario": scenario.resolved(),
        "model": model_hash(),
        "program": program_hash(),
        "versions": versions(),
        "machine": {
            "platform": platform.platform(),
            "processor": platform.machine(),
            "libc": " ".join(platform.libc_ver()),
        },
        "command": sys.argv[1:],
        "content": table_hashes(folder / DATABASE),
        "files": {file.relative_to(folder).as_posix(): file_hash(file) for file in sorted(files)},
        **({"shard": shard} if shard else {}),
        "missing": missing,
        **({"enough": said(folder / DATABASE, scenario)} if scenario.until and not missing else {}),
        "seconds": took,
    }
    write_text(folder / NAME, json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    (folder / EARLIER).unlink(missing_ok=True)
    return folder / NAME


def set_aside(folder: Path) -> None:
    """Take the manifest away before the folder is changed, as it would speak of other results than there are."""
    with suppress(FileNotFoundError):
        (folder / NAME).replace(folder / EARLIER)


def files_if_current(
    folder: Path, scenario: Scenario, export: str | None, charts: bool, shard: tuple[int, int] | None = None
) -> list[Path] | None:
    """The files of a folder that is complete and just as this program would leave it now, or None.

    No run is missing, every file is as its manifest says, what is asked for (`charts`, tables to `export`) is there.
    Files older than the manifest are those it was made from; `verify` looks into all. A database with a log beside it
    holds other runs than were in the file.
    """
    if Path(f"{folder / DATABASE}-wal").exists():
        return None
    try:
        manifest = read_manifest(folder)
    except StoreError:
        return None
    made: dict[str, Any] = {"program": program_hash(), "versions": versions(), "missing": [], "shard": shard}
    now = {"scenario": scenario.resolved()} | made
    if any(manifest.get(name) != value for name, value in json.loads(json.dumps(now)).items()):
        return None
    if list(manifest["scenario"]["arms"]) != list(scenario.arms):  # the same, to be shown in another order
        return None
    files = manifest["files"]
    exported = {name.rpartition(".")[2] for name in files if name.startswith("tables/")}
    if (export and exported != {export}) or (charts and not any(name.startswith("charts/") for name in files)):
        return None
    made_at = (folder / NAME).stat().st_mtime_ns
    for name, recorded in files.items():
        path = folder / name
        if not path.is_file() or (path.stat().st_mtime_ns > made_at and file_hash(path) != recorded):
            return None
    return [folder / name for name in files if name != DATABASE]


def read_manifest(folder: Path, name: str = NAME) -> dict[str, Any]:
    """The manifest of a folder; StoreError (status 2) when there is none, (status 1) when it cannot be read."""
    path = folder / name
    if not path.is_file():
        if not (folder / DATABASE).is_file():
            raise StoreError(f"no results in {folder}: {NAME} is missing{folder_meant(folder)}", 2)
        why = "its runs were interrupted; the command that began them goes on"
        if in_use(folder):
            why = "its runs are under way; wait until they are done"
        raise StoreError(f"no complete results in {folder}: {why}", 2)
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if not {"scenario", "content", "files"} <= set(manifest):
            raise ValueError("it is not a manifest")
    except (ValueError, TypeError) as error:
        raise StoreError(f"{path} cannot be read: {error}; run the scenario again to have it made again", 1) from error
    return manifest


def forget_old_files(folder: Path, new: list[Path]) -> None:
    """Remove charts and exported tables of an earlier result, as its manifest named them, that the new one lacks.

    Nothing else is ever removed: not the database, nor what somebody put there.
    """
    try:
        old = read_manifest(folder, EARLIER)["files"]
    except StoreError:
        return
    kept = {file.relative_to(folder).as_posix() for file in new}
    for name in set(old) - kept:
        place = Path(name)
        if len(place.parts) == 2 and place.parts[0] in DERIVED:
            (folder / place).unlink(missing_ok=True)


def verify(folder: Path) -> list[str]:
    """What in the folder does not match its manifest; empty when all does. Every run's rows are hashed again."""
    manifest = read_manifest(folder)
    wrong = []
    for name, recorded in manifest["files"].items():
        path = folder / name
        if not path.is_file():
            wrong.append(f"{name} is missing")
        elif file_hash(path) != recorded:
            wrong.append(f"{name} has changed")
    database = folder / DATABASE
    if not database.is_file():
        return wrong
    if table_hashes(database) != manifest["content"]:
        wrong.append("results.sqlite holds other runs than the manifest says")
    with explained(database), closing(connect(database)) as connection:
        for table, place in changed_tables(connection):
            wrong.append(f"results.sqlite: {table} of run {run_name(*place)} has changed")
    return wrong
