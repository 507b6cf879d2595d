"""Loaded by every Python process that has this folder on PYTHONPATH: a run of seed 1 kills the process it is in, or
never ends where the environment has SEED_ONE=waits.
"""

import importlib.util
import os
import signal
import sys
import time


class Changed:
    """Lets `colend.market` be imported as ever, and changes its `simulate`."""

    def find_spec(self, name, path, target=None):
        if name != "colend.market":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        execute = spec.loader.exec_module

        def exec_module(module):
            execute(module)
            simulate = module.simulate

            def simulate_others(setting, seed, *more):
                while seed == 1:
                    if os.environ.get("SEED_ONE") != "waits":
                        os.kill(os.getpid(), signal.SIGKILL)
                    time.sleep(1.0)
                return simulate(setting, seed, *more)

            module.simulate = simulate_others

        spec.loader.exec_module = exec_module
        return spec


sys.meta_path.insert(0, Changed())
