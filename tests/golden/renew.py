"""Write golden.json anew: whole-run measures of a small market in two arms, three years, seed 7."""

import json
import math
from pathlib import Path

ARMS = {
    "sign first, traffic": {"alliances": {"sequencing": "sign_then_cooperate"}, "platforms": {"openness": "traffic"}},
    "cooperate first, technology": {
        "alliances": {"sequencing": "cooperate_then_sign"},
        "platforms": {"openness": "technology"},
    },
}


def run(arm):
    """Whole-run measures by name; NaN where undefined."""
    from colend.market import simulate
    from colend.scenario.design import Record, Setting
    from colend.scenario.parameters import Parameters

    parameters = Parameters.model_validate({"population": {"borrowers": 10_000}} | ARMS[arm])
    tables = simulate(Setting(parameters=parameters, years=3, record=Record(), arm=arm), seed=7)
    return {name: float(values[0]) for name, values in tables["runs"].items()}


if __name__ == "__main__":
    golden = {arm: run(arm) for arm in ARMS}
    text = json.dumps(golden, indent=1)
    assert all(not math.isinf(value) for arm in golden.values() for value in arm.values())
    (Path(__file__).parent / "golden.json").write_text(text + "\n")
