"""What arms are called where people read them; what is called so is understood where an arm is asked for, too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from colend.scenario.parameters import OPENNESS

OPTION_WORDS = {"sign_then_cooperate": "sign first", "cooperate_then_sign": "cooperate first"}
OPTION_WORDS |= {level: f"{level.replace('_', ' ')} open" for level in OPENNESS}


def arm_label(name: str, overrides: Mapping[str, Any] | None = None) -> str:
    """`sign_then_cooperate + traffic` as "Sign first, traffic open"; names that people gave stay as they are.

    A number alone says little: where the arm's `overrides` are what its name is made of, "Pilot months 6".
    """
    parts = [part.strip() for part in name.split(" + ")]
    words = [OPTION_WORDS.get(part, part.replace("_", " ").strip() or part) for part in parts]
    if overrides and parts == [str(value) for value in overrides.values()]:
        for i, (key, value) in enumerate(overrides.items()):
            if isinstance(value, (int, float)):
                words[i] = f"{key.rpartition('.')[2].replace('_', ' ')} {parts[i]}"
    text = ", ".join(words)
    return text[:1].upper() + text[1:]


def arms_by_call(arms: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """The arm behind every name and every label; a label that two arms have is of neither."""
    labels = [arm_label(arm, overrides) for arm, overrides in arms.items()]
    alone = {label: arm for label, arm in zip(labels, arms, strict=True) if labels.count(label) == 1}
    return alone | {arm: arm for arm in arms}
