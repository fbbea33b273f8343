"""How many files a run may hold open: every comparison in flight has a connection, which counts as one."""

from __future__ import annotations

import resource

from tournament.errors import UsageError

_OTHERS = 128
"""Files that are no connections: the ledger's, the results', Python's own while it loads modules."""


def make_room(in_flight: int) -> None:
    """Raise this process's limit on open files to what so many comparisons in flight need.

    Many systems allow 1024 at first and far more on request. Connections rest for a moment before they are used again:
    a quarter of them by experience, as many again where all answers come in the same moment.

    Raises:
        UsageError: where the system allows no more than too few.
    """
    needed, wanted = in_flight + in_flight // 4 + _OTHERS, 2 * in_flight + _OTHERS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    if hard != resource.RLIM_INFINITY and hard < needed:
        fits = max((hard - _OTHERS) * 4 // 5, 1)
        raise UsageError(
            f"--in-flight {in_flight} needs {needed} open files and {hard} are allowed here;"
            f" give at most --in-flight {fits}, or raise `ulimit -Hn`"
        )
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
