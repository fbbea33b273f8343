"""Starts the router that install.py installed, before servers that are up, and stops it."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from .install import python_of, router_of
from .server import Server, ServerError

_UP_LIMIT_S = 60.0
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@contextlib.contextmanager
def serve_router(
    directory: Path, workers: Sequence[str], *, policy: str = "cache_aware", extra: Sequence[str] = ()
) -> Iterator[Server]:
    """Run SGLang's router before some workers for the length of a `with` block.

    Args:
        directory: The folder that tests/sglang_cpu/install.py filled.
        workers: Base URLs of servers that are up.
        policy: How the router chooses a worker.
        extra: Further arguments of `sglang_router.launch_router`.

    Yields:
        The router, which has found every worker healthy.

    Raises:
        ServerError: It ended or did not find the workers in time.
    """
    port, metrics_port = _free_ports()
    log_path = directory / f"router-{port}.log"
    command = [str(python_of(router_of(directory))), "-m", "sglang_router.launch_router", "--log-level", "warn"]
    command += ["--host", "127.0.0.1", "--port", str(port), "--policy", policy, "--worker-urls", *workers]
    # By default the metrics are served to the whole network, and on a port that a second router cannot have.
    command += ["--prometheus-host", "127.0.0.1", "--prometheus-port", str(metrics_port), *extra]
    with log_path.open("wb") as log:
        process = subprocess.Popen(
            command, env={**os.environ, "NO_PROXY": "127.0.0.1"}, stdout=log, stderr=log, start_new_session=True
        )
    router = Server(base_url=f"http://127.0.0.1:{port}", process=process, log_path=log_path)
    try:
        _wait_for_workers(router, len(workers))
        yield router
    finally:
        # It would wait three minutes for open requests; nothing of it is worth waiting for.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1]), int(other.getsockname()[1])


def _wait_for_workers(router: Server, count: int) -> None:
    deadline = time.monotonic() + _UP_LIMIT_S
    # /health answers OK before there is a worker, and /readiness is ready from the first one on.
    while ask(router, "/readiness").get("healthy_workers") != count:
        if router.process.poll() is not None or time.monotonic() > deadline:
            raise ServerError(f"the router did not find {count} workers; see {router.log_path}")
        time.sleep(0.2)


def ask(router: Server, path: str) -> dict[str, Any]:
    """Returns what the router answers, empty where it does not."""
    try:
        with _OPENER.open(router.base_url + path, timeout=10) as response:
            answer = json.load(response)
    except (OSError, ValueError):  # not up yet, or 503 until a worker is there
        return {}
    return answer if isinstance(answer, dict) else {}
