"""A judge's server for thousands of requests at once, in a process of its own, that writes down what it did.

    python benchmarks/faults/crowd.py --log FILE [--latency S]

It speaks as much of OpenAI's chat completions as the judge `openai` needs, over a protocol of its own on asyncio's
transports, so that on a small machine it takes less of the CPU than what it is there to watch. Which candidate it
prefers, how long it takes and how many tokens it says that it used follow from the pair alone: from half the latency to
one and a half times it, for one request in a hundred twice; and up to about as many tokens as the judge has to reckon
with. The log has a line for every request received and for every answer that ended; `witness.py` reads it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import signal
import sys
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from tests.fake_server import MODEL

ANSWER_TOKENS = 64
TEMPLATE_TOKENS = 1024
BACKLOG = 4096
_MARK = re.compile(rb"<<p(\d+)/c(\d+)>>")
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_LISTING = json.dumps({"data": [{"id": MODEL}]}).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request for a judgment: its pair, "p0 c1 c2", and what the answer will be."""

    pair: str
    delay_s: float
    prompt_tokens: int
    completion_tokens: int

    @classmethod
    def of(cls, body: bytes, latency_s: float) -> Asked | None:
        """What a body asks for, by the marks in the candidates' texts; None where it asks for no judgment."""
        marks = _MARK.findall(body)
        if len(marks) < 2:
            return None
        pair = f"p{marks[0][0].decode()} c{marks[0][1].decode()} c{marks[1][1].decode()}"
        lot = zlib.crc32(pair.encode())
        slow = 2.0 if lot % 100 == 0 else 0.5 + lot // 100 % 1001 / 1000
        said = sum(len(message["content"]) for message in json.loads(body)["messages"])
        # A byte a token and a long chat template are what the judge has to reckon with; one in 256 takes all of it.
        template = TEMPLATE_TOKENS * (lot >> 8 & 255) // 255
        spoken = 1 + (lot >> 16) % ANSWER_TOKENS
        return cls(pair=pair, delay_s=slow * latency_s, prompt_tokens=said + template, completion_tokens=spoken)

    @property
    def tokens(self) -> int:
        """What the answer costs."""
        return self.prompt_tokens + self.completion_tokens

    def answer(self) -> bytes:
        """The answer's body."""
        text = f"Both were read.\nVerdict: {zlib.crc32(self.pair[::-1].encode()) % 2 + 1}"
        usage = {"prompt_tokens": self.prompt_tokens, "completion_tokens": self.completion_tokens}
        choice = {"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        return json.dumps({"model": MODEL, "choices": [choice], "usage": usage}).encode()


class Log:
    """Lines of what happened and when, written once in a while and at the end."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._loop = asyncio.get_running_loop()
        self.open = 0

    def received(self, asked: Asked) -> None:
        """A request is there."""
        self.open += 1
        self._file.write(f"r {self._loop.time():.3f} {self.open} 0 {asked.pair}\n")

    def ended(self, asked: Asked, *, whole: bool) -> None:
        """An answer went out while the client listened, or did not."""
        self.open -= 1
        self._file.write(f"{'j' if whole else 'b'} {self._loop.time():.3f} {self.open} {asked.tokens} {asked.pair}\n")

    async def flush(self) -> None:
        """Write what is there, for ever."""
        while True:
            self._file.flush()
            await asyncio.sleep(0.2)


class Talk(asyncio.Protocol):
    """One connection: a request, its answer after a while, the next request."""

    def __init__(self, log: Log, latency_s: float) -> None:
        self._log, self._latency_s = log, latency_s
        self._loop = asyncio.get_running_loop()
        self._content = b""
        self._transport: asyncio.Transport | None = None
        self._asked: Asked | None = None
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Whoever asked has gone; an answer that was to come is not given."""
        if self._asked is not None and self._timer is not None:
            self._timer.cancel()
            self._log.ended(self._asked, whole=False)
            self._asked = None

    def data_received(self, data: bytes) -> None:
        """Take in a request; whole ones are answered."""
        self._content += data
        head, end, rest = self._content.partition(b"\r\n\r\n")
        if not end:
            return
        length = _LENGTH.search(head)
        size = int(length[1]) if length else 0
        if len(rest) < size:
            return
        self._content = rest[size:]
        self._take(rest[:size])

    def _take(self, body: bytes) -> None:
        asked = Asked.of(body, self._latency_s) if body else None
        if asked is None:
            self._send(_LISTING)
            return
        self._asked = asked
        self._log.received(asked)
        self._timer = self._loop.call_later(asked.delay_s, self._answer)

    def _answer(self) -> None:
        asked, self._asked = self._asked, None
        assert asked is not None
        assert self._transport is not None
        whole = not self._transport.is_closing()
        if whole:
            self._send(asked.answer())
        self._log.ended(asked, whole=whole)

    def _send(self, body: bytes) -> None:
        assert self._transport is not None
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
        self._transport.write(head + body)


async def _serve(path: Path, latency_s: float) -> None:
    loop = asyncio.get_running_loop()
    done = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, done.set)
    with path.open("a", encoding="ascii") as file:
        log = Log(file)
        server = await loop.create_server(lambda: Talk(log, latency_s), "127.0.0.1", 0, backlog=BACKLOG)
        print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
        flushing = loop.create_task(log.flush())
        await done.wait()
        flushing.cancel()


def main() -> None:
    parser = argparse.ArgumentParser(description="A judge's server for thousands of requests at once.")
    parser.add_argument("--log", type=Path, required=True, help="write down what is received and answered")
    parser.add_argument("--latency", type=float, default=1.0, help="seconds before an answer, about")
    options = parser.parse_args()
    asyncio.run(_serve(options.log, options.latency))


if __name__ == "__main__":
    main()
