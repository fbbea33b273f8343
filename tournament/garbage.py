"""How often Python looks for cyclic garbage."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_COLLECT_EVERY = 50_000
_lock = threading.Lock()
_blocks = 0
_before = gc.get_threshold()


@contextmanager
def rare_collections() -> Iterator[None]:
    """Look for cyclic garbage less often during a run or a simulation.

    There is little of it, and each look goes through all that belongs to the open problems: with hundreds of them,
    at Python's own pace, that takes a quarter of the CPU time. Blocks may overlap in any way, as those of several runs
    in one event loop do; the last one to end puts back what the first one found.
    """
    global _blocks, _before
    with _lock:
        if not _blocks:
            _before = gc.get_threshold()
            first, *others = _before
            gc.set_threshold(first and max(first, _COLLECT_EVERY), *others)  # 0 says never, and stays
        _blocks += 1
    try:
        yield
    finally:
        with _lock:
            _blocks -= 1
            if not _blocks:
                gc.set_threshold(*_before)
