"""What a market has of a Mesa model; where it has it in another way, it says so rather than go wrong."""

from __future__ import annotations

import copy
from functools import partial
from typing import Any, NoReturn

import mesa

from colend.agents.views import Face
from colend.state.world import World


class MesaModel(mesa.Model):
    """A Mesa model whose agents are rows of tables and whose draws are functions of its seed.

    docs/architecture.md says of everything that Mesa gives a model how it stands here.
    """

    world: World

    def __init__(self, seed: int) -> None:
        super().__init__(rng=seed)
        self._peopled = False  # whether all faces are there
        self._collector: mesa.DataCollector | None = None

    def register_agent(self, agent: mesa.Agent) -> None:
        """As Mesa does; RuntimeError for one more bank, platform or borrower, which no table would have a row for."""
        if isinstance(agent, Face) and self._peopled:
            raise RuntimeError(
                f"{type(agent).__name__}: whom a market has is its scenario's to say; `market.banks[i]`, "
                "`market.platforms[i]` and `market.borrowers[i]` are the agents that there are"
            )
        super().register_agent(agent)

    def deregister_agent(self, agent: mesa.Agent) -> None:
        """As Mesa does for agents of one's own; RuntimeError for banks, platforms and borrowers, whose rows stay."""
        if isinstance(agent, Face):
            raise RuntimeError(
                f"{type(agent).__name__} {agent.row} cannot be removed: its loans and accounts would stay. Banks that "
                "closed have alive = 0, platforms that left present = 0; the scenario says how many there are"
            )
        super().deregister_agent(agent)

    def reset_randomizer(self, seed: int | None = None) -> NoReturn:
        """RuntimeError: a market's draws are functions of its seed, and no generator can change them."""
        raise RuntimeError("a market draws by its seed alone: make another, Market(setting, seed=...)")

    def reset_rng(self, rng: Any = None) -> NoReturn:
        """RuntimeError, as `reset_randomizer`."""
        self.reset_randomizer()

    @property
    def datacollector(self) -> mesa.DataCollector:
        """Mesa's collector with the measures of every month so far, made when asked for; or one's own, once set.

        With `record: {months: none}` only those that whole-run measures are made of.
        """
        if self._collector is not None:
            return self._collector
        months = [month["months"] for month in self.world.history]
        names = [name for name in months[0] if all(name in month for month in months)] if months else []
        made = mesa.DataCollector(model_reporters={name: partial(_of_last_month, name=name) for name in names})
        made.model_vars = {name: [month[name] for month in months] for name in names}
        return made

    @datacollector.setter
    def datacollector(self, collector: mesa.DataCollector) -> None:
        self._collector = collector

    @property
    def strangers(self) -> list[str]:
        """Types of registered agents that are no rows of tables, which a copy would have to leave behind."""
        others = {kind: agents for kind, agents in self.agents_by_type.items() if not issubclass(kind, Face)}
        return [kind.__name__ for kind, agents in others.items() if len(agents)]

    def take_collector(self, other: MesaModel) -> None:
        """Have a copy of another model's own collector, which then speaks of this one."""
        self._collector = copy.deepcopy(other._collector, {id(other): self})


def _of_last_month(model: MesaModel, name: str) -> Any:
    return model.world.history[-1]["months"][name]
