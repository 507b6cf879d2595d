"""One golden run that says "the results changed". Renew it: `python tests/golden/renew.py`; say so in CHANGELOG.md.

Numbers are compared to 1e-9: other machines' exp and log may differ in the last bit.
"""

import importlib.util
import json
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
spec = importlib.util.spec_from_file_location("renew", FOLDER / "renew.py")
assert spec is not None
assert spec.loader is not None
renew = importlib.util.module_from_spec(spec)
spec.loader.exec_module(renew)


@pytest.mark.parametrize("arm", renew.ARMS)
def test_golden_run(arm):
    golden = json.loads((FOLDER / "golden.json").read_text())[arm]
    for name, value in renew.run(arm).items():
        assert value == pytest.approx(golden[name], rel=1e-9, nan_ok=True), name
