"""Several servers on the command line: repeated, with commas, and in a file that is edited while a verb is at work."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.experiments.sampling.serving import threaded
from tests.fake_server import FakeServer, Said
from tests.runtime.backend import look_often

from . import sampling
from .conftest import Candidates, Tourney
from .test_bad_input import one_line

Servers = tuple[FakeServer, FakeServer]


def verdict(prompt: str, parameters: Mapping[str, Any]) -> Said:
    return Said(text=f"Verdict: {sum(map(ord, prompt)) % 2 + 1}")


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Servers]:
    look_often(monkeypatch)
    with threaded(FakeServer(verdict)) as one, threaded(FakeServer(verdict)) as other:
        other.tokenizer = one.tokenizer  # servers of one model
        yield one, other


def generated(server: FakeServer) -> int:
    return sum(seen.path == "/generate" for seen in server.seen)


def played(run: str) -> list[dict[str, Any]]:
    """The results of a run, without what took how long."""
    rows = [json.loads(line) for line in Path(run, "results.jsonl").read_text().splitlines()]
    for row in rows:
        del row["spend"]["seconds"]
    return rows


def handing_over(file: Path, one: FakeServer, other: FakeServer, count: int) -> None:
    """Have a server name another one in the file when it has been asked so often, and answer when that is known."""
    known, answer = other.seen[:], one.answer

    def asked(prompt: str, parameters: Mapping[str, Any]) -> Said:
        if generated(one) >= count and len(other.seen) == len(known):
            file.with_name("new").write_text(other.base_url)
            file.with_name("new").replace(file)
            while "/model_info" not in [seen.path for seen in other.seen[len(known) :]]:
                time.sleep(0.001)
        return answer(prompt, parameters)

    one.answer = asked


def test_servers_by_commas_by_repeating_and_in_a_file_are_one_run(
    tourney: Tourney, candidates: Candidates, servers: Servers
) -> None:
    one, other = (server.base_url for server in servers)
    file = candidates(6, 6)
    Path("fleet.txt").write_text(f"# judges\n{one}\n{other.removeprefix('http://')} 2\n")
    ways = [
        ("--base-url", f"{one},{other}"),
        ("--base-url", one, "--base-url", other),
        ("--base-url", "@fleet.txt"),
        ("--base-url", "fleet.txt"),
        ("-J", "base_url=@fleet.txt"),
    ]
    results = []
    for number, way in enumerate(ways):
        before = [generated(server) for server in servers]
        assert tourney("rank", file, "--judge", "sglang", *way, "--out", f"run{number}").code == 0
        assert all(generated(server) > then for server, then in zip(servers, before, strict=True))
        results.append(played(f"run{number}"))
    assert results == results[:1] * len(ways)
    before = [generated(server) for server in servers]
    for way in ways:  # where the servers are is not what a run is
        assert tourney("rank", file, "--judge", "sglang", *way, "--out", "run0").code == 0
    assert [generated(server) for server in servers] == before


def test_a_run_goes_on_at_other_servers_when_the_file_says_so(
    tourney: Tourney, candidates: Candidates, servers: Servers
) -> None:
    one, other = servers
    file = candidates(8, 6)
    alone = ("rank", file, "--judge", "sglang", "--in-flight", "4")
    assert tourney(*alone, "--base-url", other.base_url, "--out", "alone").code == 0
    whole = generated(other)
    Path("fleet.txt").write_text(one.base_url)
    handing_over(Path("fleet.txt"), one, other, 10)
    ended = tourney(*alone, "--base-url", "@fleet.txt", "--out", "run")
    assert ended.code == 0
    changed = f"fleet.txt has changed: {other.base_url} taken in; {one.base_url} let go"
    assert changed in ended.err
    # Nothing was lost, and nothing asked twice.
    assert generated(one) + generated(other) == 2 * whole
    assert 10 <= generated(one) < whole
    assert played("run") == played("alone")
    assert tourney(*alone, "--base-url", "@fleet.txt", "--out", "run").code == 0
    assert generated(one) + generated(other) == 2 * whole


def test_a_finished_run_needs_its_file_of_servers_no_more(
    tourney: Tourney, candidates: Candidates, servers: Servers
) -> None:
    file = candidates(4)
    fleet = Path("fleet.txt")
    fleet.write_text(servers[0].base_url)
    for shard in ("1/2", "2/2"):
        run = ("rank", file, "--judge", "sglang", "--base-url", "@fleet.txt", "--out", "run", "--shard", shard)
        assert tourney(*run).code == 0
    fleet.unlink()
    assert tourney("merge", "run").code == 0
    assert tourney("show", "run", "p0").code == 0


def test_samples_come_from_the_servers_of_a_file(tourney: Tourney, servers: Servers) -> None:
    for server in servers:
        server.answer = sampling.answer
    Path("fleet.txt").write_text("".join(f"{server.base_url}\n" for server in servers))
    given = ("sample", sampling.problems(), "--n", "4", "--base-url", "@fleet.txt", "--out", "out.jsonl")
    assert tourney(*given).code == 0
    assert all(seen.path != "/chat/completions" for server in servers for seen in server.seen)
    assert all(server.posted for server in servers)
    assert sum(len(server.posted) for server in servers) == 12
    assert [len(json.loads(line)["candidates"]) for line in Path("out.jsonl").read_text().splitlines()] == [4, 4, 4]


VERBS = {
    "rank": ("rank", "in.jsonl", "--judge", "sglang", "--base-url"),
    "openai": ("rank", "in.jsonl", "--judge", "openai", "--base-url"),
    "decisions": ("rank", "in.jsonl", "--judge", "decisions", "--base-url"),
    "sample": ("sample", "problems.jsonl", "--out", "out.jsonl", "--base-url"),
    "serve": ("serve", "--policy-url"),
}


@pytest.mark.parametrize("verb", VERBS)
def test_a_line_that_is_no_server_ends_it(verb: str, tourney: Tourney, candidates: Candidates) -> None:
    candidates()
    Path("problems.jsonl").write_text('{"question": "1 + 1?"}\n')
    Path("fleet.txt").write_text("http://127.0.0.1:1\n\nnode02\n")
    one_line(tourney(*VERBS[verb], "@fleet.txt"), "fleet.txt:3: 'node02' has no port")
    one_line(tourney(*VERBS[verb], "@other.txt"), "other.txt: there is no such file")
    one_line(tourney(*VERBS[verb], "other.txt"), "base_url='other.txt' is no address; give one such as")
    flag = VERBS[verb][-1]
    one_line(
        tourney(*VERBS[verb], "http://127.0.0.1:1", flag, "@fleet.txt"), f"{flag} @fleet.txt lists servers by itself"
    )
    one_line(tourney(*VERBS[verb], "http://127.0.0.1:1", flag, "http://127.0.0.1:1/"), "twice")
