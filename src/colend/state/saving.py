"""What a world holds, taken apart into plain arrays and JSON and put together again, for `fork`, `save` and `load`.

No pickle: a file from elsewhere can hold numbers, and nothing that runs.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from colend.files import written_whole
from colend.scenario.regulation import Regime
from colend.scenario.setting import Setting
from colend.state import outlook, snapshot, tables, totals
from colend.state.books import Books
from colend.state.regulation import Regulation
from colend.state.table import as_table
from colend.state.world import GIVEN, World

_ARRAYS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "Table": as_table,
    "recarray": lambda array: array.view(np.recarray),
    "ndarray": lambda array: array,
}
_SCALAR = "scalar"


class SavedMarketError(Exception):
    """A file is no saved market, or is one of another version; the message says which, and what to do."""


class Anatomy:
    """How a state is written: `kinds`, classes of which the attributes are kept (dataclasses, named tuples, plain
    objects), and `records`, the record types of tables.
    """

    def __init__(self, kinds: tuple[type, ...], records: Mapping[str, np.dtype]) -> None:
        self.kinds = {kind.__name__: kind for kind in kinds}
        self.records = dict(records)

    def take_apart(self, value: Any, arrays: list[np.ndarray], where: str = "state") -> Any:
        """`value` as JSON; its arrays are appended to `arrays`. TypeError, with the place, for what has no form."""
        if value is None or type(value) in (bool, int, float, str):
            return value
        if isinstance(value, np.ndarray | np.generic):
            arrays.append(np.asarray(value).view(np.ndarray))
            form = _SCALAR if isinstance(value, np.generic) else type(value).__name__
            return {"array": len(arrays) - 1, "form": form}
        form = type(value).__name__
        if type(value) in (list, tuple):
            return {"form": form, "parts": [self.take_apart(one, arrays, f"{where}[]") for one in value]}
        if type(value) is dict or type(value) in self.kinds.values():
            parts = value if type(value) is dict else attributes(value)
            return {"form": form, "parts": [[k, self.take_apart(v, arrays, f"{where}.{k}")] for k, v in parts.items()]}
        raise TypeError(f"{where} is of type {form}: a copy or a saved market cannot hold that")

    def put_together(self, told: Any, arrays: list[np.ndarray]) -> Any:
        """What `take_apart` took apart, with copies of its arrays."""
        if not isinstance(told, dict):
            return told
        form = told["form"]
        if form == _SCALAR:
            array = arrays[told["array"]]
            return array.copy().reshape(1).view(np.recarray)[0] if array.dtype.names else array[()]
        if "array" in told:
            return _ARRAYS[form](arrays[told["array"]].copy())
        if form in ("list", "tuple"):
            parts = [self.put_together(part, arrays) for part in told["parts"]]
            return parts if form == "list" else tuple(parts)
        found = {key: self.put_together(part, arrays) for key, part in told["parts"]}
        if form == "dict":
            return found
        kind = self.kinds[form]
        if issubclass(kind, tuple):
            return kind(**found)
        made = object.__new__(kind)
        for name, value in found.items():
            object.__setattr__(made, name, value)  # also of frozen ones
        return made

    def write(self, path: Path, head: Mapping[str, Any], arrays: list[np.ndarray]) -> None:
        """Write `head` (JSON) and `arrays` to a file that appears whole or not at all; tables as bytes."""
        layout = [[self._record(array.dtype), list(array.shape)] for array in arrays]
        flat = [np.ascontiguousarray(array).reshape(-1) for array in arrays]
        plain = {str(i): one.view(np.uint8) if one.dtype.names else one for i, one in enumerate(flat)}
        with written_whole(path) as beside, open(beside, "wb") as file:
            np.savez(file, head=np.array(json.dumps({**head, "layout": layout})), **plain)  # type: ignore[arg-type]

    def read_arrays(self, path: Path, head: Mapping[str, Any]) -> list[np.ndarray]:
        """The arrays of a file whose head was read; SavedMarketError when it is damaged."""
        arrays = []
        with opened(path) as file:
            for i, (record, shape) in enumerate(head["layout"]):
                array = file[str(i)]
                if record:
                    array = array.view(np.dtype((np.record, self.records[record])))
                arrays.append(array.reshape(shape))
        return arrays

    def _record(self, dtype: np.dtype) -> str:
        if dtype.names is None:
            return ""
        name = next((name for name, known in self.records.items() if dtype.fields == known.fields), None)
        if name is None:
            raise TypeError(f"a table of {', '.join(dtype.names)}: a saved market does not know these columns")
        return name


_STATE = (
    World,
    Books,
    outlook.Calibration,
    outlook.LendingTerms,
    outlook.Outlook,
    Regime,
    Regulation,
    snapshot.CustomerShares,
    snapshot.Routing,
    snapshot.Snapshot,
)
_RECORDS = {
    f"{module.__name__}.{name}": value
    for module in (outlook, snapshot, tables, totals)
    for name, value in vars(module).items()
    if isinstance(value, np.dtype)
}
ANATOMY = Anatomy(_STATE, _RECORDS)


def fork(world: World) -> World:
    """An exact copy that goes its own way: left alone, both have the same months to the last bit."""
    arrays: list[np.ndarray] = []
    told = ANATOMY.take_apart(world, arrays, "world")
    return revived(told, arrays, world.setting, world.seed, world.threads)


def revived(told: Any, arrays: list[np.ndarray], setting: Setting, seed: int, threads: int) -> World:
    """A world that was taken apart."""
    world: World = ANATOMY.put_together(told, arrays)
    world.setting, world.seed, world.threads = setting, seed, threads
    return world


def attributes(value: Any) -> dict[str, Any]:
    """The attributes that a named tuple, a dataclass or a plain object has by now, but for what a world is made of."""
    if isinstance(value, tuple):
        return value._asdict()  # type: ignore[attr-defined]
    if is_dataclass(value):
        names = (field.name for field in fields(value) if not (isinstance(value, World) and field.name in GIVEN))
        return {name: getattr(value, name) for name in names if hasattr(value, name)}
    return vars(value)


def read_head(path: Path) -> dict[str, Any]:
    """The head of a file. SavedMarketError when it is no saved market; OSError when it cannot be read."""
    with opened(path) as file:
        return json.loads(str(file["head"]))


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """An archive of arrays, open; whatever is wrong with it becomes a SavedMarketError."""
    with open(path, "rb") as file:
        try:
            archive = np.load(file, allow_pickle=False)
            if not isinstance(archive, np.lib.npyio.NpzFile):
                raise ValueError("it is a single array")
            yield archive
        except (ValueError, KeyError, BadZipFile, EOFError) as error:
            raise SavedMarketError(f"{path} is not a saved market, or is damaged ({error})") from None
