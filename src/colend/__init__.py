"""colend: how banks and fintech platforms lend together, as an agent-based simulation."""

from __future__ import annotations

__version__ = "0.1.0"
