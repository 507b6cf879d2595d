"""colend: how banks and fintech platforms lend together, as an agent-based simulation.

`load`, `run`, `merge`, `open`, `compare` and `sweep` do what the command `simulate` does; `Market` is one market as a
Mesa model. Names are imported when first used, so that importing colend costs nothing.
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:  # costs more than all else here
    from typing import Any

__version__ = "0.1.0"
_PLACES = {
    "load": ("colend.scenario", "load"),
    "run": ("colend.api", "run"),
    "merge": ("colend.api", "merge"),
    "open": ("colend.api", "open"),
    "compare": ("colend.api", "compare"),
    "sweep": ("colend.api", "sweep"),
    "Market": ("colend.agents.market", "Market"),
    "Scenario": ("colend.scenario", "Scenario"),
    "ScenarioError": ("colend.scenario", "ScenarioError"),
    "SavedMarketError": ("colend.state.saving", "SavedMarketError"),
    "RequestError": ("colend.experiment.errors", "RequestError"),
    "StoreError": ("colend.experiment.errors", "StoreError"),
    "MachineError": ("colend.experiment.errors", "MachineError"),
    "ClusterError": ("colend.experiment.errors", "ClusterError"),
}
__all__ = ["__version__", *_PLACES]


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module 'colend' has no attribute {name!r}")
    module, attribute = _PLACES[name]
    return getattr(import_module(module), attribute)


def __dir__() -> list[str]:
    return sorted(__all__)
