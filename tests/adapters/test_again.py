"""One judge for many calls: after one another in event loops of their own, at once, and inside a `with` block."""

from __future__ import annotations

import asyncio
import copy
import os
import pickle
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace

import pytest

from tests.adapters.calls import Longer
from tests.fake_server import FakeServer, Scripted
from tests.judges.serving import AnyJudge, made
from tournament import Candidate, Problem, arank, rank
from tournament.adapters.ranker import Ranker
from tournament.adapters.reward import TournamentReward
from tournament.adapters.trl import PairwiseJudge
from tournament.background import Background
from tournament.errors import JudgeSetupError, JudgeUnreachableError, UsageError
from tournament.judges.calling import CallableJudge
from tournament.judges.openai import OpenAISettings
from tournament.judges.sglang import SglangSettings

SETTINGS = [OpenAISettings(attempts=1), SglangSettings(attempts=1), SglangSettings(attempts=1, wrapping="server")]
of_each_kind = pytest.mark.parametrize("settings", SETTINGS, ids=["openai", "sglang", "sglang, its own template"])


def problems(count: int = 3) -> list[Problem]:
    texts = [Candidate(id=str(i), text="x" * (i + 1)) for i in range(4)]
    return [Problem(id=str(number), prompt=f"question {number}", candidates=tuple(texts)) for number in range(count)]


@pytest.fixture
def server() -> Iterator[FakeServer]:
    """A server that answers from a thread of its own, so that programs without an event loop can ask it."""
    served = FakeServer(latency_s=0.01)
    with Background() as background:
        background.run(served.__aenter__())
        yield served
        background.run(served.__aexit__(None, None, None))


@of_each_kind
def test_a_judge_is_started_again_in_another_event_loop(
    server: FakeServer, settings: OpenAISettings | SglangSettings
) -> None:
    judge = made(settings, server)
    first, second = (rank(problems(), judge=judge, strategy="round-robin") for _ in range(2))
    assert [result.to_json()["ranking"] for result in first] == [result.to_json()["ranking"] for result in second]
    assert all(result.spend.comparisons == 6 and not result.note for result in second)


@of_each_kind
def test_calls_at_once_share_a_judge_and_the_first_to_end_closes_it_for_no_other(
    server: FakeServer, settings: OpenAISettings | SglangSettings
) -> None:
    judge = made(settings, server)

    async def both() -> list[int]:
        short, long = await asyncio.gather(
            arank(problems(1), judge=judge, strategy="knockout"),
            arank(problems(12), judge=judge, strategy="round-robin", in_flight=2),
        )
        return [sum(s.wins + s.losses for s in result.ranking) for result in [*short, *long]]

    # Two sides to each match: none of them came to nothing.
    assert asyncio.run(both()) == [6, *[12] * 12]


def test_no_two_event_loops_at_once_have_the_connections_of_a_judge(server: FakeServer) -> None:
    judge = made(SETTINGS[0], server)
    with Ranker(judge=judge) as ranker:
        with pytest.raises(UsageError, match="another event loop"):
            rank(problems(), judge=judge)
        assert not any(result.note for result in ranker.rank(problems()))
    assert not any(result.note for result in rank(problems(), judge=judge))


def test_a_judge_that_is_being_closed_is_given_to_no_other_event_loop() -> None:
    closing, may_close = threading.Event(), threading.Event()

    class Slow(Longer):
        async def close(self) -> None:
            closing.set()
            await asyncio.to_thread(may_close.wait, 20)
            self.closes += 1

    judge = Slow()
    first = threading.Thread(target=lambda: rank(problems(), judge=judge))
    first.start()
    try:
        assert closing.wait(20)
        with pytest.raises(UsageError, match="another event loop"):
            rank(problems(), judge=judge)
    finally:
        may_close.set()
        first.join()
    assert (judge.starts, judge.closes) == (1, 1)
    assert rank(problems(), judge=judge)[0].best == "3"


def test_python_functions_may_judge_in_any_number_of_threads() -> None:
    judge, met = CallableJudge.of(_first), threading.Barrier(3)

    def one(_: int) -> list[str]:
        met.wait(20)
        return [result.best for result in rank(problems(), judge=judge, strategy="knockout")]

    with ThreadPoolExecutor(3) as threads:
        found = list(threads.map(one, range(3)))
    assert found[0] == found[1] == found[2]


def _first(prompt: object, first: str, second: str) -> float:
    return float(first < second)


def test_a_server_that_came_back_is_given_its_patience_again(server: FakeServer) -> None:
    judge = made(SETTINGS[0], server)
    server.script = [Scripted(status=502)] * 30
    with pytest.raises(JudgeUnreachableError):
        rank(problems(), judge=judge)
    server.script = [Scripted(status=502)]
    results = rank(problems(), judge=judge, strategy="round-robin")
    assert sum(result.spend.comparisons for result in results) == 18


def test_a_judge_that_cannot_start_is_closed_all_the_same() -> None:
    class Fails(Longer):
        async def start(self) -> None:
            self.starts += 1
            raise JudgeSetupError("no such model")

    judge = Fails()
    for _ in range(2):
        with pytest.raises(JudgeSetupError):
            rank(problems(), judge=judge)
    assert (judge.starts, judge.closes) == (2, 2)
    with pytest.raises(JudgeSetupError), Ranker(judge=judge):
        raise AssertionError
    assert (judge.starts, judge.closes) == (3, 3)


# A with block


def test_inside_a_block_the_judge_stays_started() -> None:
    judge = Longer()
    reward = TournamentReward(judge=judge)
    with reward:
        for _ in range(3):
            assert reward(["p", "p"], ["a", "aa"]) == reward(["p", "p"], ["a", "aa"])
        assert (judge.starts, judge.closes) == (1, 0)
        assert asyncio.run(reward.arate(["p", "p"], ["a", "aa"])) == reward(["p", "p"], ["a", "aa"])
    assert (judge.starts, judge.closes) == (1, 1)
    before = threading.active_count()
    with reward:
        assert reward(["p", "p"], ["a", "aa"])
        assert threading.active_count() == before + 1
    assert threading.active_count() == before
    assert (judge.starts, judge.closes) == (2, 2)


def test_connections_stay_open_inside_a_block_and_are_closed_after_it(server: FakeServer) -> None:
    judge = made(SETTINGS[0], server)
    with PairwiseJudge(judge=judge) as pairs:
        for _ in range(3):
            assert set(pairs.judge(["p", "q"], [["a", "b"], ["c", "d"]])) <= {0, 1}
    assert [seen.path for seen in server.seen].count("/v1/models") == 1
    assert set(PairwiseJudge(judge=judge).judge(["p"], [["a", "b"]])) <= {0, 1}
    assert [seen.path for seen in server.seen].count("/v1/models") == 2


def test_calls_from_many_threads_are_fine_inside_a_block() -> None:
    judge = Longer()
    with TournamentReward(judge=judge) as reward, ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _: reward(["p"] * 3, ["a", "aa", "aaa"]), range(8)))
    assert all(each == found[0] for each in found)
    assert (judge.starts, judge.closes) == (1, 1)


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")  # what is shown here is why Python warns
def test_a_loop_that_has_ended_or_is_in_another_process_refuses_work() -> None:
    with Background() as background:
        child = os.fork()
        if not child:  # only the thread that forked goes on here, so nobody turns the loop
            with suppress(BaseException):
                signal.alarm(20)
                with suppress(UsageError):
                    background.run(asyncio.sleep(0))
                    os._exit(1)
                with suppress(UsageError):
                    asyncio.run(background.share(asyncio.sleep(0)))
                    os._exit(1)
                os._exit(0)
            os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    with pytest.raises(UsageError, match="has ended"):
        background.run(asyncio.sleep(0))


@pytest.mark.parametrize("settings", SETTINGS[:2], ids=["openai", "sglang"])
def test_adapters_go_to_other_processes(settings: OpenAISettings | SglangSettings, server: FakeServer) -> None:
    with TournamentReward(judge="checks") as inside:
        sent = pickle.loads(pickle.dumps(inside))
    assert sent(["2 + 2?"] * 2, ["2 + 2 = 4. A: 4", "2 + 2 = 5. A: 5"])[0] > 0
    judge: AnyJudge = made(replace(settings), server)
    for other in (pickle.loads(pickle.dumps(PairwiseJudge(judge=judge))), copy.deepcopy(PairwiseJudge(judge=judge))):
        assert other.judge(["p"], [["a", "b"]]) in ([0], [1])
