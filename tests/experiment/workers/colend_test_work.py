"""What workers of the runner's tests do; a module of its own, so that a spawned process can import it."""

import os
import signal
import time
from pathlib import Path


def fine(run, engine):
    return {"runs": {"seed": run.seed, "engine": engine}}


def raises_on_three(run, engine):
    if run.seed == 3:
        raise ValueError(f"seed {run.seed} is not wanted")
    return fine(run, engine)


def dies_on_three(run, engine):
    if run.seed == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.01)
    return fine(run, engine)


def dies_on_odd_seeds(run, engine):
    if run.seed % 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return fine(run, engine)


def hangs_once_on_one(run, engine):
    """Seed 1 comes to an end only where it has begun before."""
    begun = Path(os.environ["BEGUN"])
    if run.seed == 1 and not begun.exists():
        begun.touch()
        time.sleep(600.0)
    return fine(run, engine)


def environment(run, engine):
    """Threads that a worker may use."""
    return {"threads": tuple(os.environ.get(name) for name in ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS"))}
