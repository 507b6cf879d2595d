"""Learning: the second gate, risk control of one's own."""

from __future__ import annotations

from collections.abc import Iterator

from colend.scenario.parameters.base import Group, Number, Whole, parameter

_PROTOTYPE = "assumed: a value at which every part of a first market acted"


class Learning(Group):
    """How banks' precision grows and decays."""

    doing: Number = parameter(
        0.005, "precision a month", "Learning by doing, per log of loans seen to their end", _PROTOTYPE, 0, 10
    )
    decay: Number = parameter(0.004, "share a month", "Decay of precision towards the floor", _PROTOTYPE, 0, 1)
    floor: Number = parameter(0.1, "precision", "Precision that is never lost", _PROTOTYPE, 0.001, 100)
    maximum_precision: Number = parameter(
        1.0, "precision", "Precision that own learning cannot exceed", _PROTOTYPE, 0.01, 1_000
    )
    reference_precision: Number = parameter(
        0.3, "precision", "Precision at which absorption is 1", "assumed: a city bank's", 0.001, 100
    )
    absorption_curvature: Number = parameter(
        0.0,
        "1",
        "How much more those learn who know more (alpha)",
        "assumed: docs/odd.md section 7.10: above 0 a poverty trap is possible",
        0,
        10,
    )
    crowd_out: Number = parameter(
        0.3, "share", "Part of learning by doing lost when leaning fully on the platform's score", _PROTOTYPE, 0, 1
    )
    transfer: Number = parameter(
        0.03,
        "share a month",
        "Part of the gap to the platform's precision transferred in a month at full trust",
        _PROTOTYPE,
        0,
        1,
    )
    research_gain: Number = parameter(
        0.004, "precision a month", "Gain per log of research spending", _PROTOTYPE, 0, 10
    )
    research_unit: Number = parameter(50_000, "yuan a month", "Unit of research spending", _PROTOTYPE, 1, 1e12)
    laboratory_cost: Number = parameter(
        50_000, "yuan a month", "Cost of a joint laboratory with a university", "assumed: three researchers", 0, 1e12
    )
    laboratory_platform_share: Number = parameter(
        0.3, "share", "Part of it that a platform pays which opens technology", "assumed: a minority sponsor", 0, 1
    )
    laboratory_gain: Number = parameter(
        0.1, "share a year", "Part of the missing talent that a laboratory brings", "assumed: one in ten", 0, 1
    )
    replacement_cost: Number = parameter(
        0.0001,
        "share",
        "Cost of replacing the legacy system, of equity at the start",
        "assumed: consumer lending's part of it, 0.5 m yuan for a city bank; at 0.003 no bank's gain covers it",
        0,
        1,
    )
    replacement_months: Whole = parameter(
        12, "months", "Months that it takes", "assumed: a core system takes a year", 1, 120
    )
    replacement_learning: Number = parameter(
        0.5, "share", "Learning while it lasts", "assumed: half of the attention", 0, 1
    )
    legacy_floor: Number = parameter(0.1, "share", "Legacy that remains", "assumed: some always does", 0, 1)
    legacy_book_value: Number = parameter(
        0.000067,
        "share",
        "Book value of a fully legacy system, of equity at the start",
        "assumed: two thirds of a new one",
        0,
        1,
    )

    def misfits(self) -> Iterator[str]:
        """A maximum below the floor."""
        if self.maximum_precision <= self.floor:
            yield f"maximum_precision: {self.maximum_precision:g} is not above the floor {self.floor:g}"
