"""Ray: shards of a run as tasks on a cluster, taken up again where the worker or node that played them dies."""

from __future__ import annotations

import importlib
import importlib.util
import logging
import os
import socket
from collections import Counter, deque
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from tournament.errors import JudgeSetupError, UsageError
from tournament.sharding import Shard

LOCAL = "local"
"""The address that stands for a cluster of this machine's cores, started for the run."""

MOST_DEATHS = 5
"""So often a shard is taken up again; one that kills every worker would go round for ever."""

INTERRUPTED = 130
"""The exit code of a shard that was stopped."""

_UNBEGUN, _ENDED = "stopped before it began", "ended at once; what it judged is in its ledger"
_PERIOD_S = 0.5
_PATIENCE_S = 5.0
log = logging.getLogger(__name__)

Play = Callable[[Shard], "Said"]


class Said(NamedTuple):
    """How a worker's share of a run ended: its exit code, and what it wrote to stderr."""

    code: int
    words: str


class Cluster:
    """A Ray cluster for the length of a run.

    Args:
        address: Of a cluster that is there, such as ray://head:10001 or auto; LOCAL starts one on this machine.
        workers: Cores that a local one has; None for all.

    Raises:
        UsageError: where Ray is not installed, or the number of workers is none.
        JudgeSetupError: where no cluster answers at the address.
    """

    def __init__(self, address: str, workers: int | None = None) -> None:
        if importlib.util.find_spec("ray") is None:
            raise UsageError("--ray needs Ray; install it with: pip install 'tournament-engine[ray]', or use --shard")
        if workers is not None and workers < 1:
            raise UsageError(f"--ray-workers {workers}: give at least 1")
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # a run tells nobody about itself
        ray: Any = importlib.import_module("ray")
        _probe(address)
        quiet: dict[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": False, "configure_logging": False}
        try:
            if address == LOCAL:
                ray.init(address=LOCAL, num_cpus=workers or _cores(), include_dashboard=False, **quiet)
            else:
                ray.init(address=address, **quiet)
        except Exception as error:  # Ray raises whatever its layers raise
            raise _unreachable(address, error) from None
        self._ray = ray
        self._refs: dict[Any, Shard] = {}
        self._cancelled: dict[Any, bool] = {}
        self._stopping: bool | None = None
        self.workers = workers or max(int(ray.cluster_resources().get("CPU", 1)), 1)

    def play(self, shards: Iterable[Shard], play: Play, watch: Callable[[], None], at_once: int) -> dict[Shard, Said]:
        """Play every shard on some worker, `at_once` of them at a time, each by calling `play` there.

        `watch` is called here now and then.

        Returns:
            How each shard ended. One whose workers died again and again is said to have failed.

        Raises:
            JudgeSetupError: where the cluster itself is lost.
        """
        task = self._ray.remote(num_cpus=1, max_retries=0)(_call)
        waiting, ended, deaths = deque(shards), dict[Shard, Said](), Counter[Shard]()
        while waiting or self._refs:
            while waiting and self._stopping is None and len(self._refs) < at_once:
                ref = self._reached(task.remote, play, shard := waiting.popleft())
                self._refs[ref] = shard
            if self._stopping is not None:
                ended |= {shard: Said(INTERRUPTED, _UNBEGUN) for shard in waiting}
                waiting.clear()
                self._cancel(at_once=self._stopping)
            ready, _ = self._reached(self._ray.wait, list(self._refs), timeout=_PERIOD_S) if self._refs else ([], [])
            watch()
            for ref in ready:
                shard = self._refs.pop(ref)
                said = self._came_back(ref, shard)
                if said is None and self._stopping is None and deaths[shard] < MOST_DEATHS:
                    deaths[shard] += 1
                    waiting.append(shard)
                else:
                    ended[shard] = said or self._given_up(deaths[shard])
        return ended

    def stop(self, *, at_once: bool = False) -> None:
        """Have every shard under way finish what is in flight; or end it `at_once`, with its ledger as it is.

        It may be called from a signal's handler, at any moment: `play` does it when it looks next.
        """
        self._stopping = at_once or bool(self._stopping)

    def _cancel(self, *, at_once: bool) -> None:
        """Tell every shard under way once: told twice, it would take that for haste."""
        for ref in self._refs:
            if self._cancelled.get(ref) not in (at_once, True):
                self._ray.cancel(ref, force=at_once)
                self._cancelled[ref] = at_once

    def _given_up(self, deaths: int) -> Said:
        if self._stopping is not None:
            return Said(INTERRUPTED, _ENDED)
        return Said(1, f"its workers died {deaths + 1} times")

    def _reached(self, call: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        try:
            return call(*arguments, **named)
        except Exception as error:  # Ray raises whatever its layers raise
            what = f"the Ray cluster is lost ({type(error).__name__}: {_short(error)})"
            raise JudgeSetupError(
                f"{what}; every judgment is in the shards' ledgers, the same command goes on"
            ) from None

    def close(self) -> None:
        """Leave the cluster; a local one ends."""
        self._ray.shutdown()

    def _came_back(self, ref: Any, shard: Shard) -> Said | None:
        """How a shard ended, None where whoever played it died."""
        errors = self._ray.exceptions
        try:
            return Said(*self._ray.get(ref))
        except errors.TaskCancelledError:
            return Said(INTERRUPTED, _ENDED if self._cancelled.get(ref) else _UNBEGUN)
        except errors.RayTaskError as error:
            return Said(1, f"{type(error.cause).__name__}: {error.cause}")
        except errors.RayError as error:
            log.warning("shard %s is taken up again: %s", shard, type(error).__name__)
            return None


def _probe(address: str) -> None:
    """Find out in seconds whether anybody listens; Ray itself would try for minutes.

    Raises:
        JudgeSetupError: where nobody does.
    """
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if not (colon and port.isdecimal()):
        return  # a name such as auto
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_PATIENCE_S).close()
    except (OSError, OverflowError) as error:
        raise _unreachable(address, error) from None


def _unreachable(address: str, error: Exception) -> JudgeSetupError:
    return JudgeSetupError(
        f"no Ray cluster at {address} ({type(error).__name__}: {_short(error)}); start one with"
        " `ray start --head`, or leave the address out"
    )


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def _call(play: Play, shard: Shard) -> Said:
    return play(shard)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
