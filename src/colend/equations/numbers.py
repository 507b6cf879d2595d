"""What NumPy's own types cannot say of the arguments of functions that run compiled and as plain source."""

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

Numbers: TypeAlias = Any  # a number or an array of numbers; what is made of them is likewise
Whole: TypeAlias = int | np.integer[Any]

if TYPE_CHECKING:

    class Row:
        """One row of a table: its columns are attributes."""

        def __getattr__(self, name: str) -> Any: ...

        def __setattr__(self, name: str, value: Any) -> None: ...

else:
    Row = np.record
