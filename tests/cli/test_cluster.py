"""The driver of a Ray cluster, by a Ray that is played: what is under way, stopped, taken up again, and given up."""

from __future__ import annotations

import fcntl
import io
import json
import socket
import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

import click
import pytest

from tests.cli.conftest import Candidates, Tourney
from tournament.calls import TOO_MANY_FAILURES
from tournament.cli import clustered
from tournament.cluster import MOST_DEATHS, Cluster, Said
from tournament.errors import JudgeSetupError, UsageError
from tournament.sharding import Shard


class _Ray:
    """A Ray as the driver sees it: `ends` says what comes back of a task, and what it is told is kept."""

    class exceptions:  # noqa: N801
        RayError = type("RayError", (Exception,), {})
        TaskCancelledError = type("TaskCancelledError", (RayError,), {})
        RayTaskError = type("RayTaskError", (RayError,), {})

    def __init__(self, ends: Callable[[int], Said | Exception]) -> None:
        self.ends = ends
        self.tasks: list[Shard] = []
        self.waited: list[int] = []
        self.cancelled: list[tuple[int, bool]] = []

    def remote(self, **_: object) -> object:
        return lambda task: type("Task", (), {"remote": self._begin})()

    def _begin(self, play: object, shard: Shard) -> int:
        self.tasks.append(shard)
        return len(self.tasks) - 1

    def wait(self, refs: list[int], **_: object) -> tuple[list[int], list[int]]:
        self.waited.append(len(refs))
        if len(self.waited) % 3:  # nobody is ready yet
            return [], refs
        return refs[:1], refs[1:]

    def get(self, ref: int) -> Said:
        end = self.ends(ref)
        if isinstance(end, Exception):
            raise end
        return end

    def cancel(self, ref: int, *, force: bool) -> None:
        self.cancelled.append((ref, force))


def cluster_of(ray: _Ray) -> Cluster:
    """The driver's side of it."""
    cluster = object.__new__(Cluster)
    cluster._ray, cluster._refs, cluster._cancelled, cluster._stopping = ray, {}, {}, None
    return cluster


GONE = _Ray.exceptions.RayError("gone")


def shards(count: int) -> list[Shard]:
    return [Shard(index=index, of=count) for index in range(1, count + 1)]


def never(shard: Shard) -> Said:
    raise AssertionError("it is played by workers")


def test_a_shard_that_kills_every_worker_is_given_up() -> None:
    ray = _Ray(lambda ref: GONE)
    (said,) = cluster_of(ray).play(shards(1), never, lambda: None, 1).values()
    assert len(ray.tasks) == MOST_DEATHS + 1
    assert said.code == 1
    assert "died" in said.words


def test_no_more_shards_are_under_way_than_are_asked_for() -> None:
    ray = _Ray(lambda ref: GONE if ref == 1 else Said(0, ""))
    ended = cluster_of(ray).play(shards(7), never, lambda: None, 2)
    assert {shard: said.code for shard, said in ended.items()} == dict.fromkeys(shards(7), 0)
    assert max(ray.waited) == 2
    assert len(ray.tasks) == 8


@pytest.mark.parametrize("at_once", [False, True])
def test_what_is_stopped_is_not_taken_up_again_and_is_told_once(at_once: bool) -> None:
    """Also where a worker dies of being stopped, and where it is said again and again, as by too many failures."""
    ray = _Ray(lambda ref: GONE if ref else Said(130, "interrupted"))
    cluster = cluster_of(ray)
    ended = cluster.play(shards(5), never, lambda: cluster.stop(at_once=at_once), 2)
    assert ray.tasks == shards(5)[:2]
    assert {shard: said.code for shard, said in ended.items()} == dict.fromkeys(shards(5), 130)
    assert ray.cancelled == [(0, at_once), (1, at_once)]


def test_ctrl_c_twice_ends_what_was_asked_to_finish() -> None:
    ray = _Ray(lambda ref: Said(130, "interrupted"))
    cluster = cluster_of(ray)
    presses = iter([False, True])
    cluster.play(shards(1), never, lambda: cluster.stop(at_once=next(presses, False)), 1)
    assert ray.cancelled == [(0, False), (0, True)]


def test_a_lost_cluster_is_one_line() -> None:
    class Lost(_Ray):
        def wait(self, refs: list[int], **_: object) -> tuple[list[int], list[int]]:
            raise ConnectionError("no answer\nat all")

    with pytest.raises(JudgeSetupError, match=r"the Ray cluster is lost \(ConnectionError: no answer at all\)"):
        cluster_of(Lost(lambda ref: GONE)).play(shards(2), never, lambda: None, 2)


def test_a_number_of_workers_is_checked_before_ray_is_asked() -> None:
    with pytest.raises(UsageError, match="give at least 1"):
        Cluster("127.0.0.1:9", workers=0)


class Played(Cluster):
    """A cluster of this process, whose one worker at a time is this thread."""

    def __init__(self, address: str, workers: int | None = None) -> None:
        self._ray, self._refs, self._cancelled, self._stopping = None, {}, {}, None
        self.workers = workers or 3

    def play(
        self, shards: Iterable[Shard], play: Callable[[Shard], Said], watch: Callable[[], None], at_once: int
    ) -> dict[Shard, Said]:
        ended = {}
        for shard in shards:
            ended[shard] = Said(130, "stopped before it began") if self._stopping is not None else play(shard)
            watch()
        return ended

    def close(self) -> None:
        pass


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clustered, "Cluster", Played)


JUDGE = ("--judge", "synthetic")


@pytest.mark.usefixtures("here")
def test_what_is_in_flight_is_that_of_all_workers_together(tourney: Tourney, candidates: Candidates) -> None:
    Path("c.toml").write_text("in_flight = 7\n")
    for arguments, shards, each in ((("--config", "c.toml"), 3, 2), (("--in-flight", "2"), 2, 1), ((), 3, 21)):
        out = f"run{len(arguments)}{shards}"
        assert tourney("rank", candidates(6), *JUDGE, *arguments, "--out", out, "--ray").code == 0
        told = [path.read_text() for path in Path(out, "shards").glob("*/config.toml")]
        assert len(told) == shards
        assert all(f"in_flight = {each}\n" in text for text in told)


@pytest.mark.usefixtures("here")
def test_a_run_with_too_many_failures_ends_as_one_process_does(
    tourney: Tourney, candidates: Candidates, monkeypatch: pytest.MonkeyPatch
) -> None:
    play = clustered._play

    def failing(*arguments: object) -> Said:
        said = play(*arguments)  # type: ignore[arg-type]
        for path in Path("run/shards").glob("*/status.json"):
            path.write_text(json.dumps({**json.loads(path.read_text()), "failures": {"timeout": 6}}))
        return said

    monkeypatch.setattr(clustered, "_play", failing)
    ended = tourney("rank", candidates(12), *JUDGE, "--out", "run", "--ray", "--max-failures", "5")
    assert ended.code == 1
    assert f"{TOO_MANY_FAILURES}; the same command resumes" in ended.err
    assert [path.name for path in Path("run/shards").iterdir()] == ["1-of-3"]  # the others never began
    assert Path("run/results.jsonl").exists()


def test_a_worker_waits_for_a_lock_that_a_dead_one_left(tmp_path: Path) -> None:
    lock = tmp_path / ".lock"
    clustered._await_free(lock)
    assert not lock.exists()
    held = lock.open("a")
    fcntl.flock(held, fcntl.LOCK_EX)
    waiting = threading.Thread(target=clustered._await_free, args=(lock,))
    waiting.start()
    try:
        waiting.join(0.1)
        assert waiting.is_alive()
    finally:
        held.close()
        waiting.join()


def test_a_worker_keeps_no_results_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are in the shard's folder, and the words that come back are those on stderr."""
    seen: list[bool] = []

    def looked(verb: str, parameters: object) -> int:
        click.echo("results")
        seen.append(isinstance(sys.stdout, io.StringIO))
        return 0

    monkeypatch.setattr(clustered, "again", looked)
    said = clustered._play("rank", {"out": tmp_path}, str(tmp_path), None, Shard(index=1, of=1))
    assert said == Said(0, "")
    assert seen == [False]


@pytest.mark.parametrize("name", ["x-of-y", "notes-of-mine", "1-of-0", "1-of-99999999999", "-of-3"])
def test_other_folders_among_the_shards_are_none(tmp_path: Path, name: str) -> None:
    (tmp_path / "shards" / name).mkdir(parents=True)
    assert clustered._shards(tmp_path, 2) == shards(2)


@pytest.mark.usefixtures("here")
def test_statuses_of_an_earlier_run_and_damaged_ones_count_for_nothing(
    tourney: Tourney, candidates: Candidates
) -> None:
    file = candidates(12, 4)
    for index in (2, 3):
        assert tourney("rank", file, *JUDGE, "--out", "run", "--shard", f"{index}/3").code == 0
    status = Path("run/shards/3-of-3/status.json")
    status.write_text(json.dumps({**json.loads(status.read_text()), "failures": {"timeout": 99}}))
    Path("run/shards/2-of-3/status.json").write_text("{")
    Path("run/shards/notes-of-mine").mkdir()
    one = tourney("rank", file, *JUDGE, "--out", "run", "--ray", "--max-failures", "5")
    assert one.code == 0, one.err
    assert len(Path("run/results.jsonl").read_text().splitlines()) == 12


@pytest.mark.usefixtures("here")
def test_workers_without_a_judge_say_so_and_leave_nothing_to_merge(tourney: Tourney, candidates: Candidates) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    judge = ("--judge", "openai", "--base-url", url, "-J", "attempts=1", "-J", "model=m")
    one = tourney("rank", candidates(), *judge, "--out", "run", "--ray", "--ray-workers", "2")
    assert one.code == 3, one.err
    assert "Traceback" not in one.err
    assert "holds no config.toml" not in one.err
