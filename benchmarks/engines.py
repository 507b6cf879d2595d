"""A fair race: the same months with compiled columns and with every borrower a Mesa agent; first equal, then timed."""

import time

from colend.market import Market, warm_up
from colend.scenario import load

BORROWERS, MONTHS = 5_000, 12


def timed(engine: str):
    """A market after a year, and the seconds of its months."""
    market = Market(load("alliance", years=1, borrowers=BORROWERS).arm("cooperate_then_sign + technology"), 0, engine)
    began = time.perf_counter()
    for _ in range(MONTHS):
        market.step()
    return market, time.perf_counter() - began


if __name__ == "__main__":
    warm_up()
    timed("columns")
    (columns, fast), (objects, slow) = timed("columns"), timed("objects")
    assert (columns.books.balance == objects.books.balance).all(), "the engines differ"
    rows = BORROWERS * MONTHS
    print(f"same books to the fen; {BORROWERS:,} borrowers, {MONTHS} months")
    print(f"objects {slow:.2f} s ({slow / rows * 1e9:,.0f} ns a borrower-month), columns {fast:.2f} s")
    print(f"columns are {slow / fast:.0f} times as fast")
    print("(the rest of the month, the same in both, is in both times)")
