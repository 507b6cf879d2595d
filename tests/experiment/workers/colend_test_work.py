"""What workers of the runner's tests do; a module of its own, so that a spawned process can import it."""

import os
import signal
import time


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
