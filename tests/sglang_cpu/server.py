"""Starts the SGLang that install.py installed, waits until it answers, and stops it.

Usage: python tests/sglang_cpu/server.py [DIR] runs it in the foreground and prints its base URL.
"""

import argparse
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

if __name__ == "__main__":  # run as a script: let the relative import below find its package (PEP 366)
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    __package__ = "sglang_cpu"

from .install import SHIM, default_directory, is_installed, model_of, python_of

MODEL_NAME = "smollm2-135m-instruct"
CONTEXT_LENGTH = 8192

_START_LIMIT_S = 240.0
_STOP_GRACE_S = 10.0
_POLL_S = 0.25
_LOG_TAIL_LINES = 40
# Asks this machine directly, whatever proxy the environment names.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class ServerError(Exception):
    """The server did not start; the message ends with the tail of its log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running SGLang.

    Attributes:
        base_url: Where it answers, without a slash at the end.
        process: Its first process, which leads the process group of all of them.
        log_path: The file that its output goes to.
    """

    base_url: str
    process: subprocess.Popen[bytes]
    log_path: Path


@contextlib.contextmanager
def serve(directory: Path, *, port: int | None = None, extra: Sequence[str] = ()) -> Iterator[Server]:
    """Runs SGLang from the installation in `directory` for the length of a `with` block.

    Args:
        directory: The folder that install.py filled.
        port: The loopback port to listen on; None takes a free one.
        extra: Further arguments of `sglang.launch_server`. A later one overrides an earlier one.

    Yields:
        The server, which has already answered a request.

    Raises:
        ServerError: It is not installed, or it ended or was silent instead of coming up.
    """
    if not is_installed(directory):
        raise ServerError(f"{directory}: not installed; run python tests/sglang_cpu/install.py")
    port = _free_port() if port is None else port
    log_path = directory / f"server-{port}.log"
    command = [str(python_of(directory)), *_arguments(directory, port), *extra]
    with log_path.open("wb") as log:
        # A session of its own: its children can be ended with it, and Ctrl-C reaches this process alone.
        process = subprocess.Popen(
            command, env=environment(), stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
    server = Server(base_url=f"http://127.0.0.1:{port}", process=process, log_path=log_path)
    try:
        _wait_until_up(server)
        yield server
    finally:
        _stop(process)


def _arguments(directory: Path, port: int) -> list[str]:
    return [
        *("-m", "sglang.launch_server", "--host", "127.0.0.1", "--port", str(port)),
        *("--model-path", str(model_of(directory)), "--served-model-name", MODEL_NAME),
        *("--context-length", str(CONTEXT_LENGTH)),
        *cpu_flags(),
    ]


def cpu_flags() -> list[str]:
    """Returns the arguments that make `sglang.launch_server` run on a machine without a GPU."""
    return [
        *("--device", "cpu", "--attention-backend", "torch_native"),
        *("--max-total-tokens", str(2 * CONTEXT_LENGTH)),
        *("--mem-fraction-static", "0.15", "--max-running-requests", "32"),
        # Reports cached prompt tokens in chat bodies; gives up the core while nothing is asked.
        *("--enable-cache-report", "--sleep-on-idle"),
        "--enable-deterministic-inference",  # without it, `sampling_seed` is accepted and ignored
    ]


def environment() -> dict[str, str]:
    """Returns the environment that SGLang needs on a machine without a GPU."""
    threads = str(len(os.sched_getaffinity(0)))
    return {
        **os.environ,
        "PYTHONPATH": str(SHIM),
        "SGLANG_USE_CPU_ENGINE": "1",
        "OMP_NUM_THREADS": threads,
        "MKL_NUM_THREADS": threads,
        "HF_HUB_OFFLINE": "1",
        "TORCHDYNAMO_DISABLE": "1",  # or the first seeded request waits for a C++ compiler
        "NO_PROXY": "127.0.0.1",  # SGLang sends itself a request before it is up
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_up(server: Server) -> None:
    deadline = time.monotonic() + _START_LIMIT_S
    # /health has a token generated, /model_info says that the rest of the API is there too.
    for path in ("/health", "/model_info"):
        while not _answers(server.base_url + path):
            status = server.process.poll()
            if status is not None:
                raise ServerError(f"SGLang ended with status {status}\n{_tail(server.log_path)}")
            if time.monotonic() > deadline:
                raise ServerError(f"SGLang not up after {_START_LIMIT_S:.0f} s\n{_tail(server.log_path)}")
            time.sleep(_POLL_S)


def _answers(url: str) -> bool:
    try:
        with _OPENER.open(url, timeout=30) as response:
            return bool(response.status == 200)
    except OSError:  # refused, timed out, or an HTTP error such as 503 while it starts
        return False


def _tail(log_path: Path) -> str:
    lines = log_path.read_text(errors="replace").splitlines()[-_LOG_TAIL_LINES:]
    return "\n".join([f"{log_path} ends with:", *lines])


def _stop(process: subprocess.Popen[bytes]) -> None:
    # SIGTERM goes to the first process alone: it ends its children in order, and would report a crash if
    # they went before it. What outlives the grace period, or the first process, is killed as a group.
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_STOP_GRACE_S)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def main() -> int:
    """Serves until interrupted and returns the exit status."""
    parser = argparse.ArgumentParser(description="Run SGLang on the CPU in the foreground.")
    parser.add_argument("directory", nargs="?", type=Path, default=default_directory(), metavar="DIR")
    parser.add_argument("--port", type=int, help="the port to listen on (default: a free one)")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # leaves the `with` block, which stops the server
    try:
        with serve(arguments.directory.absolute(), port=arguments.port) as server:
            print(server.base_url, flush=True)
            return server.process.wait()
    except KeyboardInterrupt:
        return 0
    except ServerError as error:
        print(f"sglang-cpu: error: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
