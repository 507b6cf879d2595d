"""What stops an experiment as a whole; a run that fails stops no other and is no error here."""

from __future__ import annotations


class ExperimentError(Exception):
    """Runs cannot go on; `status` is the command's exit status, which says how bad it is."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message, status)  # both, so that it can be sent from a worker
        self.status = status

    def __str__(self) -> str:
        return str(self.args[0])


class RequestError(ExperimentError, ValueError):
    """What is asked for cannot be: the message begins with the option, and says what is allowed."""

    def __init__(self, message: str, status: int = 2) -> None:
        super().__init__(message, status)


class StoreError(ExperimentError):
    """Results cannot be read or written."""


class MachineError(ExperimentError):
    """This machine, as it is set up, cannot do runs."""


class ClusterError(ExperimentError):
    """The cluster cannot be reached, does not compute as this machine does, or was lost."""
