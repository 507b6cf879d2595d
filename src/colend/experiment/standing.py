"""How a folder stands to what is asked for, without changing it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from colend.experiment.kept import found, kept_keys
from colend.experiment.provenance import made_here
from colend.experiment.store import DATABASE, check_provenance, connect, explained, tables_in
from colend.scenario.design import Run, simulation_of
from colend.source import model_hash


def standing(
    folder: Path, wanted: Sequence[Run], everything: Sequence[Run], sampled: bool, fresh: bool
) -> dict[str, int]:
    """How many of the `wanted` runs are `finished` in a folder and how many are `to_run`; how many other runs than
    `everything` of their scenario it holds, which stay there `not_asked_for`, or, if `fresh`, how many are
    `thrown_away`.

    Raises StoreError as going on in the folder would.
    """
    there, kept = _keys(folder / DATABASE, None if fresh else made_here(model_hash(), sampled))
    if fresh:
        return {"finished": 0, "to_run": len(wanted), "thrown_away": len(there) + len(kept)}
    missing = [run for run in wanted if run.key not in there]
    unasked = there.difference(run.key for run in everything)
    left = len(missing) - sum(1 for _ in found([*unasked, *kept], missing))
    of_scenario = {simulation_of(run.key) for run in everything}
    others = sum(simulation_of(key) not in of_scenario for key in (*there, *kept))
    return {"finished": len(wanted) - left, "to_run": left, "not_asked_for": others}


def _keys(path: Path, here: dict[str, str] | None) -> tuple[set[str], list[str]]:
    """Keys of the runs that are shown and of those that are kept, where they are made as `here`, or by whomever."""
    if not path.is_file():
        return set(), []
    with explained(path, opening=True), closing(connect(path)) as connection:
        tables = tables_in(connection)
        if tables and here is not None:
            check_provenance(path, connection if "meta" in tables else None, here)
        if "finished" not in tables:
            return set(), []
        shown = {key for (key,) in connection.execute("SELECT key FROM finished")}
        return shown, kept_keys(connection) if "kept" in tables else []  # older versions kept none
