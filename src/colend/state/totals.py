"""What the borrowers' pass counts, declared once."""

from __future__ import annotations

import numpy as np

from colend.state.table import Table, as_table

# What the borrowers' pass counts, by contract and segment, in simulated units (fen, borrowers); the books scale it up.
TOTAL = np.dtype(
    [
        (name, "i8")
        for name in (
            "applications",  # applications at this door: own channels; platforms count them on their lender's contract
            "moved_on",  # of those at an own channel, refused there and taken to a platform
            "visited",  # applications that reached this lender
            "unserved",  # the pipeline failed
            "no_capacity",  # refused for capacity
            "over_limit",  # of them, for want of room under a limit of regulation alone
            "outside",  # turned away by their own bank, which may not lend in their region; not counted at its door
            "refused",  # refused for risk
            "not_passed",  # held back by the platform's pre-screening
            "offered",  # got an offer
            "declined",  # the borrower refused the offer
            "originations",  # loans paid out
            "originated",  # fen paid out
            "rate_amount",  # sum of the rate in basis points * yuan paid out, each loan's rounded: mean rate
            "first_loans",  # of them, first loan of that borrower in the run
            "first_of_kind",  # of them, its first from this kind of contract
            "loan_months",  # loans that were serviced
            "repaid",  # fen of principal
            "interest",  # fen
            "defaults",  # loans
            "defaulted",  # fen of balance
            "recovered",  # fen of it that came back
            "matured",  # loans paid off
            "converted",  # borrowers who became customers of the bank
            "cash_offers",  # product path: offers made
            "cash_taken",  # product path: offers taken
            "predicted",  # sum of predicted hazards at zero correction, fixed point 2**30
            "slope",  # sum of hazard slopes, fixed point 2**30
        )
    ]
)
FIXED_POINT = float(2**30)


def counted(totals: np.recarray) -> np.ndarray:
    """TOTAL[...] as int64[..., columns]."""
    return totals.view(np.ndarray).view(np.int64).reshape(*totals.shape, -1)


def as_totals(counts: np.ndarray) -> Table:
    """int64[..., columns of TOTAL] as TOTAL[...]."""
    return as_table(counts.view(TOTAL)[..., 0])
