"""How a use case gets transactions when one is not enough.

Hashing a password takes tens of milliseconds and may wait in line; a database connection must not wait
with it. Such use cases take ``transactions`` in place of a session and open a short one before and after.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from taxlien.kit.database import Session

Transactions = Callable[[], AbstractAsyncContextManager[Session]]
"""Each call is one transaction: committed at the end, and by ``LeavesTrace``; else rolled back."""
