"""What the benchmarks against the real SGLang share: one server on the CPU, or the one that is named."""

from __future__ import annotations

import contextlib
import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.sglang_cpu.install import default_directory, is_installed  # after the path is set
from tests.sglang_cpu.server import Server, serve

_GENERATED = '"POST /generate HTTP/1.1" 200'
SKIPPED = "skipped: SGLang is not installed here; run python tests/sglang_cpu/install.py, or give --base-url"


def installed() -> Path | None:
    """The folder of the CPU installation, None where there is none."""
    directory = default_directory()
    return directory if is_installed(directory) else None


@contextlib.contextmanager
def server(base_url: str | None, extra: Sequence[str] = ()) -> Iterator[str]:
    """The address of a running SGLang: the one that is named, or a fresh one on the CPU."""
    if base_url:
        yield base_url
        return
    directory = installed()
    assert directory is not None
    with serve(directory, extra=extra) as running:
        yield running.base_url


def flush(base_url: str) -> None:
    """Empty the server's prefix cache, which it only does once it has nothing else to do."""
    request = urllib.request.Request(f"{base_url}/flush_cache", method="POST")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for _ in range(60):
        try:
            opener.open(request, timeout=60).close()
            return
        except urllib.error.HTTPError as error:
            error.close()
            time.sleep(1)
    raise SystemExit(f"{base_url} does not empty its cache; is somebody else using it?")


def halves() -> tuple[set[int], set[int]]:
    """The cores of this process in two halves; the only one twice."""
    cores = sorted(os.sched_getaffinity(0))
    half = len(cores) // 2
    return set(cores[:half] or cores), set(cores[half:])


@contextlib.contextmanager
def serve_on(directory: Path, cores: set[int]) -> Iterator[Server]:
    """A worker on some cores: two that share them spin for each other's time and take a minute for a token."""
    own = os.sched_getaffinity(0)
    with contextlib.ExitStack() as stack:
        os.sched_setaffinity(0, cores)
        try:
            server = stack.enter_context(serve(directory))
        finally:
            os.sched_setaffinity(0, own)
        yield server


def generated(worker: Server) -> int:
    """How many requests for text it has answered."""
    return worker.log_path.read_text(errors="replace").count(_GENERATED)
