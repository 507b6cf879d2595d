"""Loaded by every Python process that has this folder on PYTHONPATH: a run of seed 1 kills the process it is in."""

import importlib.util
import os
import signal
import sys


class Killing:
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

            def simulate_or_die(setting, seed, engine):
                if seed == 1:
                    os.kill(os.getpid(), signal.SIGKILL)
                return simulate(setting, seed, engine)

            module.simulate = simulate_or_die

        spec.loader.exec_module = exec_module
        return spec


sys.meta_path.insert(0, Killing())
