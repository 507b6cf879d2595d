"""What happens in a month, in order. Each step is a function that takes the world; what changes it stands in this
folder and nowhere else.

From the plans to the relationship step every borrower sees the same snapshot, so borrowers are independent within a
month.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from colend.compilation import running
from colend.month.borrowers import borrowers, borrowers_each, count, open_doors
from colend.month.economy import economy
from colend.month.learning import learning
from colend.month.pacts import pacts
from colend.month.plans import plans
from colend.month.record import record
from colend.month.regulation import regulation
from colend.month.settlement import settlement
from colend.state.world import World

Step: TypeAlias = Callable[[World], None]

MONTH: tuple[Step, ...] = (
    regulation,  # 1 the rules of the month
    economy,  # 1 the systematic credit factor moves on
    pacts,  # 2 parties meet, pilot, sign, integrate, go dormant, renew, part
    plans,  # 3 banks set hurdles, admission, touchpoints, research; platforms their routing
    open_doors,  # 4 what every borrower sees
    borrowers,  # 4-6 pay or default; apply, are screened, priced; notice their bank, come and go
    count,  # 6 by contract
    learning,  # 7 beliefs, trust, precision, intercepts
    settlement,  # 8 everything is posted; the books balance to the fen
    record,  # 9 the month's measures
)


def live_month(world: World, recorded: bool = True, everyone: Callable[[np.recarray], None] | None = None) -> None:
    """The steps in their order; the fishing test, whose months may lie beyond the run, records none."""
    for step in MONTH:
        if recorded or step is not record:
            take(step, world, everyone)
    world.month += 1


def take(step: Step, world: World, everyone: Callable[[np.recarray], None] | None = None) -> None:
    """One step, compiled; where `everyone` is given it is plain source, and `everyone` has each borrower step itself
    (`borrowers_each`).
    """
    with running(plain=everyone is not None):
        if step is borrowers and everyone is not None:
            borrowers_each(world, everyone)
        else:
            step(world)
