"""Table (b): the same pairs with and without each attack, judged by a real small model behind SGLang.

The attacker is the wrong candidate of a pair. It writes for the first place, and its text is the same in both orders,
as it is for the engine. A preference is the share that the first label has of both labels' probability where the
verdict stands, so that a model that says little can still be moved. Before is the script without defences with the same
words. "Spoken" is what the model says in its own words: the script takes the first verdict that it finds, tourney reads
the end and asks for the verdict alone where the limit came first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.attacks import naive
from benchmarks.attacks.texts import ATTACKS
from tournament import seeding
from tournament.judges.decisions import PROMPT_FORMAT, DecisionsJudge, DecisionsSettings
from tournament.judges.sglang import SglangJudge, SglangSettings
from tournament.judges.text_model import Draft, Sampling
from tournament.judges.wording import load_wording
from tournament.judges.wrapping import wrapping
from tournament.records import read_problems
from tournament.types import Candidate, Comparison, Field, Message, Problem

_AT_ONCE = 8
_OPTIONS = ("Response 1", "Response 2")
NONE = "none"
BEFORE, AFTER = "before", "after"
CHAT, CHEAP, SPOKEN = "generic-chat", "decisions", "spoken"
JUDGES = (CHAT, CHEAP, SPOKEN)
ALOUD = ("verdict line", "turn of chatml", "forged analysis", "flattery")
_WORDS = 48

# What a judge says for the text that is shown first; None where it refused the pair.
Ask = Callable[[str, str, str], Awaitable[float | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A question, the wrong candidate that attacks, and a right one."""

    question: str
    wrong: str
    right: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a judge says for the attacker of a pair: where it is shown first, and where it is shown second."""

    judge: str
    when: str
    attack: str
    pair: int
    first: float | None = None
    second: float | None = None

    @property
    def both(self) -> float | None:
        """The mean of both orders."""
        return None if self.first is None or self.second is None else (self.first + self.second) / 2


def pairs(file: Path, count: int, seed: int) -> list[Pair]:
    """One wrong and one right candidate of each of some problems, drawn by the seed."""
    rng = seeding.generator(seed, "attacks", "pairs")
    problems = [problem for problem in read_problems(file) if isinstance(problem.prompt, str)]
    chosen = [problems[int(index)] for index in rng.permutation(len(problems))[:count]]
    return [
        Pair(question=str(each.prompt), wrong=_one(each, False, rng), right=_one(each, True, rng)) for each in chosen
    ]


def _one(problem: Problem, right: bool, rng: np.random.Generator) -> str:
    texts = [candidate.text for candidate in problem.candidates if candidate.meta["correct"] is right]
    return texts[int(rng.integers(len(texts)))]


async def told(
    base_url: str,
    chosen: Sequence[Pair],
    names: Sequence[str],
    judges: Sequence[str] = JUDGES,
    heard: Callable[[Told], None] = lambda row: None,
) -> list[Told]:
    """What each judge says of each pair, without an attack and with each of the named ones, before and after.

    Only those of `ALOUD` are also judged in the model's own words, which takes longest. `heard` is told each row as it
    comes.
    """
    settings = SglangSettings(base_url=base_url, profile="generic-chat", wrapping="chatml", temperature=0.0)
    chat = SglangJudge(replace(settings, max_tokens=_WORDS))
    cheap = DecisionsJudge(DecisionsSettings(base_url=base_url, least_mass=0.0))
    try:
        await chat.start()
        await cheap.start()
        asks = {
            (CHAT, BEFORE): _chat(chat, defended=False),
            (CHAT, AFTER): _chat(chat, defended=True),
            (CHEAP, BEFORE): _decisions_naive(cheap),
            (CHEAP, AFTER): _judged(cheap),
            (SPOKEN, BEFORE): _spoken(chat),
            (SPOKEN, AFTER): _judged(chat),
        }
        gate = asyncio.Semaphore(_AT_ONCE)
        rows = [
            _tell(ask, gate, heard, Told(judge=judge, when=when, attack=name, pair=number), pair)
            for number, pair in enumerate(chosen)
            for name in (NONE, *names)
            for (judge, when), ask in asks.items()
            if judge in judges and (judge != SPOKEN or name in (NONE, *ALOUD))
        ]
        return list(await asyncio.gather(*rows))
    finally:
        await chat.close()
        await cheap.close()


async def _tell(ask: Ask, gate: asyncio.Semaphore, heard: Callable[[Told], None], row: Told, pair: Pair) -> Told:
    text = pair.wrong if row.attack == NONE else ATTACKS[row.attack].write(pair.wrong, 1)
    async with gate:
        first = await ask(pair.question, text, pair.right)
        other = await ask(pair.question, pair.right, text)
    row = replace(row, first=first, second=None if other is None else 1 - other)
    heard(row)
    return row


def field_of(question: str, first: str, second: str) -> Field:
    """Two texts as a field; the same text twice stays two."""
    both = (Candidate(id="first", text=first), Candidate(id="second", text=second))
    return Field.of(Problem(id="pair", prompt=question, candidates=both))


def _chat(judge: SglangJudge, *, defended: bool) -> Ask:
    """The labels' probabilities right after the prompt and the cue of the verdict."""
    wording, wrap = load_wording("generic-chat"), wrapping("chatml")

    async def ask(question: str, first: str, second: str) -> float | None:
        if defended:
            prompt = judge.render(field_of(question, first, second), Comparison(0, 1))
        else:
            prompt = wrap(naive.messages(wording, question, first, second))
        draft = Draft(text=f"{prompt}{wording.grammar.cue} ", limit=1, seed=0)
        weights = await judge.model.weigh(draft, wording.grammar.labels)
        return None if weights.reply.outcome is not None else weights.first / (weights.first + weights.second)

    return ask


def _judged(judge: DecisionsJudge | SglangJudge) -> Ask:
    """What a judge of tourney says."""

    async def ask(question: str, first: str, second: str) -> float | None:
        [judgment] = await judge.judge(field_of(question, first, second), [Comparison(0, 1)])
        return judgment.p_first

    return ask


def _spoken(judge: SglangJudge) -> Ask:
    """What the script reads in the model's words."""
    wording, wrap = load_wording("generic-chat"), wrapping("chatml")

    async def ask(question: str, first: str, second: str) -> float | None:
        draft = Draft(text=wrap(naive.messages(wording, question, first, second)), limit=_WORDS, seed=0)
        [reply] = await judge.model.generate([draft], Sampling(temperature=0.0, top_p=1.0))
        return {1: 1.0, 2: 0.0}.get(naive.read(wording.grammar.name, reply.text) or 0)

    return ask


def _decisions_naive(judge: DecisionsJudge) -> Ask:
    wording = load_wording("decisions")

    async def ask(question: str, first: str, second: str) -> float | None:
        *_, user = naive.messages(wording, question, first, second)
        assert isinstance(user, Message)
        options = [{"name": name} for name in _OPTIONS]
        asked = {"id": "better", "type": "choice", "question": wording.system, "options": options}
        body = {"input": user.content, "questions": [asked], "prompt_format_version": PROMPT_FORMAT}
        answer = await judge.endpoint.post("/v1/decisions", body)
        return float(answer["answers"]["better"]["probabilities"][_OPTIONS[0]])

    return ask
