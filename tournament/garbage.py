"""How often Python looks for cyclic garbage."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_COLLECT_EVERY = 50_000


@contextmanager
def rare_collections() -> Iterator[None]:
    """Look for cyclic garbage less often during a run or a simulation.

    There is little of it, and each look goes through all that belongs to the open problems: with hundreds of them,
    at Python's own pace, that takes a quarter of the CPU time.
    """
    before = gc.get_threshold()
    gc.set_threshold(before[0] and max(before[0], _COLLECT_EVERY), *before[1:])  # 0 says never, and stays
    try:
        yield
    finally:
        gc.set_threshold(*before)
