"""A judge that thinks before it answers, within a limit, over any model that continues text.

The limit is enforced in two steps: the judge thinks up to it; where it has not come to its verdict then, the think
block is closed and the judge is asked for the verdict alone, which can then only be one of the labels. Models that
reason in plain text get the same treatment without a block. Re-thinking puts the judge's own words back without their
end and verdict, and lets it go on in the same turn.
"""

from __future__ import annotations

import time
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from tournament.errors import JudgeSetupError, UsageError
from tournament.judge import JudgeIdentity, TokenEstimate
from tournament.judges.continuing import Opening, opening
from tournament.judges.label_tokens import label_tokens
from tournament.judges.soft import softened
from tournament.judges.speaking import Speaking, SpeakingSettings, judgment, share_of, thought, total
from tournament.judges.text_model import Draft, Reply, Sampling, TextModel, Warm, Weights
from tournament.judges.tokens import capped, likely_tokens, most_tokens
from tournament.judges.verdicts import THINK_END, THINK_START
from tournament.judges.wrapping import OPENS_THINKING, SERVER, Wrapping, learned, wrapping
from tournament.types import Comparison, Field, Judgment, Outcome

VERDICT_TOKENS = 16
# A model whose own chat template opens a think block thinks, whatever the profile knew of it.
_THINKING_OF_TEMPLATE = 4096
# How often the end of a thought is asked for, where the request for it fails.
_ENDING_TRIES = 2
# What thinking that was cut off may hold when it is sent again; a longer text is left truncated instead, so that the
# tokens reserved for a comparison always suffice.
_BYTES_PER_THOUGHT = 8
_CLOSING_BYTES = 40


class ThinkingSettings(Protocol):
    """The settings that a judge over a text model has besides those of every judge that speaks."""

    @property
    def wrapping(self) -> str:
        """Chat format; empty takes the profile's."""
        ...

    @property
    def thinking(self) -> int | None:
        """Tokens of a think block; none takes the profile's."""
        ...

    @property
    def soft(self) -> bool:
        """Whether preferences are the label tokens' probabilities."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Turn:
    """One comparison under way: the prompt up to the assistant's turn, how that turn begins, and what may follow.

    `answers` says that its think block is closed, `choices` that it is asked for the verdict alone.
    """

    prompt: str
    opening: Opening
    limit: int
    seed: int
    near: Hashable
    answers: bool = False
    choices: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return self.prompt + self.opening.text

    @property
    def draft(self) -> Draft:
        return Draft(text=self.text, limit=self.limit, seed=self.seed, choices=self.choices, near=self.near)


class ReasoningJudge:
    """A model that is shown two candidates, thinks, and says which is better."""

    def __init__(self, kind: str, settings: SpeakingSettings, how: ThinkingSettings, model: TextModel) -> None:
        self.speaking = Speaking(settings)
        self.model = model
        self._kind, self._how = kind, how
        self._soft = how.soft
        self._wrap: Wrapping = wrapping("chatml")
        self._dress()

    def _dress(self) -> None:
        """Take chat format and thinking limit from the settings, and from the profile where they say nothing."""
        profile = self.speaking.profile
        self._wrapping = self._wrapping_id = self._how.wrapping or profile.wrapping
        self._thinking = profile.thinking if self._how.thinking is None else self._how.thinking
        self._context = profile.context_length  # what it is planned with, until the model says what it has
        if self._wrapping in OPENS_THINKING and not self._thinking:
            raise UsageError(f"wrapping {self._wrapping} is for models that think; give thinking, such as 4096")
        if self._wrapping != SERVER:
            self._wrap = wrapping(self._wrapping)

    @property
    def identity(self) -> JudgeIdentity:
        """The model, the words, the sampling and the limits; where the model runs does not matter."""
        settings = {
            **self.speaking.sampling(),
            "wrapping": self._wrapping_id,
            "thinking": self._thinking,
            "soft": self._soft,
        }
        name = self.model.model or "any model"
        return JudgeIdentity(
            kind=self._kind,
            label=f"{self._kind}: {name} ({self.speaking.profile.name}, {self.speaking.wording.source} wording)",
            model=self.model.model,
            revision=self.model.revision,
            prompt_hash=self.speaking.wording.prompt_hash,
            settings=settings,
        )

    @property
    def how(self) -> str:
        """How profile and wording came about, for people."""
        return self.speaking.how

    @property
    def retries(self) -> int:
        """Requests sent again so far."""
        return self.model.retries

    async def start(self) -> None:
        """Start the model, then settle profile, wording and chat format by what it is."""
        await self.model.start()
        self.speaking.adopt(self.model.names)
        self._dress()
        self._context = self.model.context
        if self._wrapping == SERVER:
            frame = await learned(self.model)
            self._wrap, self._wrapping_id = frame.wrap, f"{SERVER} {frame.digest}"
            if frame.opens_thinking and not self._thinking:
                self._thinking = _THINKING_OF_TEMPLATE
        if self._soft:  # a model whose labels are no single tokens is told of before anything is paid for
            grammar = self.speaking.wording.grammar
            before = grammar.cue + grammar.endings[0].partition(grammar.labels[0])[0]
            await label_tokens(self.model, before, grammar.labels)

    async def close(self) -> None:
        """Give the model back."""
        await self.model.close()

    def render(self, field: Field, comparison: Comparison) -> str:
        """The whole prompt of a comparison, as the model is sent it."""
        return self._turn(field, comparison).text

    def plan(self, field: Field, comparisons: Sequence[Comparison]) -> TokenEstimate:
        """What comparisons cost; the worst case holds for every tokenizer that falls back to bytes."""
        return total([self._plan_one(self._turn(field, comparison)) for comparison in comparisons])

    def _plan_one(self, turn: _Turn) -> TokenEstimate:
        context, answer = self._context, self.speaking.max_tokens
        room = _room_for_ending(turn)
        prompts, completions = [most_tokens(turn.text), room], [capped(turn.limit, context), VERDICT_TOKENS]
        if turn.opening.thinks:  # where the block ended in time, its answer may still be cut off
            prompts.append(room + _room_after(answer))
            completions.append(answer)
        if self._soft:
            prompts.append(prompts[-1])
            completions.append(1)
        return TokenEstimate(
            expected_prompt=capped(likely_tokens(turn.text), context),
            expected_completion=self.speaking.expected(sum(completions)),
            worst_prompt=sum(capped(prompt, context) for prompt in prompts),
            worst_completion=sum(completions),
        )

    async def judge(
        self, field: Field, comparisons: Sequence[Comparison], warm: Warm | None = None
    ) -> Sequence[Judgment]:
        """Judge comparisons of one field in one request, and in a further one those that the limit cut off."""
        if not comparisons:
            return []
        started = time.monotonic()
        turns = [self._turn(field, comparison) for comparison in comparisons]
        replies = await self._generate(turns, warm)
        failures = [0] * len(turns)
        while again := [i for i, cut in enumerate(map(_is_cut, turns, replies)) if cut and failures[i] < _ENDING_TRIES]:
            endings = [self._ending(turns[index], replies[index]) for index in again]
            for index, turn, reply in zip(again, endings, await self._generate(endings), strict=True):
                if reply.outcome is None:
                    turns[index], replies[index] = turn, _joined(replies[index], reply)
                else:
                    again_free = reply.outcome is Outcome.FAILED and not reply.prompt_tokens
                    failures[index] += 1 if again_free else _ENDING_TRIES
                    replies[index] = _without_end(replies[index], reply, failures[index] >= _ENDING_TRIES)
        seconds = share_of(started, len(comparisons))
        judged = [self._read(*each, seconds) for each in zip(turns, replies, strict=True)]
        if self._soft:
            judged = [await self._soften(*each) for each in zip(turns, replies, judged, strict=True)]
        return judged

    async def _generate(self, turns: Sequence[_Turn], warm: Warm | None = None) -> list[Reply]:
        sampling = Sampling(temperature=self.speaking.temperature, top_p=self.speaking.top_p)
        return await self.model.generate([turn.draft for turn in turns], sampling, warm)

    def _turn(self, field: Field, comparison: Comparison) -> _Turn:
        first, second = field.texts[comparison.first], field.texts[comparison.second]
        wording = self.speaking.wording
        prompt = self._wrap(wording.messages(field.prompt, first, second))
        start = opening(comparison.continues, wording, thinks=self._thinking > 0)
        limit = self._thinking or self.speaking.max_tokens if start.thinks else self.speaking.max_tokens
        if comparison.thinking_limit is not None:
            limit = max(1, comparison.thinking_limit)
        seed = self.speaking.seed(comparison, prompt + start.text)
        return _Turn(prompt=prompt, opening=start, limit=limit, seed=seed, near=(field.prompt, first))

    def _ending(self, turn: _Turn, reply: Reply) -> _Turn:
        """The turn that goes on where the limit cut one off: with the answer, or with the verdict alone."""
        if turn.opening.thinks and not turn.answers and THINK_END in reply.text:
            start = turn.opening.followed_by(reply.text)
            return replace(turn, opening=start, limit=self.speaking.max_tokens, answers=True)
        grammar = self.speaking.wording.grammar
        # A model without a block of its own may have opened one all the same.
        thinks = turn.opening.thinks and not turn.answers
        still_open = thinks or THINK_START in reply.text.rpartition(THINK_END)[2]
        end = f"\n{THINK_END}" if still_open else ""
        start = turn.opening.followed_by(f"{reply.text.rstrip()}{end}\n\n{grammar.cue}")
        return replace(turn, opening=start, limit=VERDICT_TOKENS, choices=grammar.endings)

    def _read(self, turn: _Turn, reply: Reply, seconds: float) -> Judgment:
        text = turn.opening.text + reply.text if reply.outcome is None else ""
        reading = self.speaking.read(reply, turn.opening.spoken + reply.text)
        return judgment(reply, reading, text, seconds)._replace(cut=bool(turn.choices))

    async def _soften(self, turn: _Turn, reply: Reply, judged: Judgment) -> Judgment:
        """Ask for the labels' probabilities at the place where the verdict stands."""
        started = time.monotonic()
        grammar = self.speaking.wording.grammar
        reading = self.speaking.read(reply, turn.opening.spoken + reply.text)
        if reading is None or reading.label is None:
            return judged
        unspoken = len(turn.opening.text) - len(turn.opening.spoken)
        text = turn.prompt + judged.text[: unspoken + reading.label]
        try:
            weights = await self.model.weigh(replace(turn.draft, text=text), grammar.labels)
        except JudgeSetupError as error:
            weights = Weights(first=0.0, second=0.0, reply=Reply(outcome=Outcome.FAILED, detail=str(error)))
        return softened(judged, weights, share_of(started, 1))


def _is_cut(turn: _Turn, reply: Reply) -> bool:
    """Whether the limit cut a reply off that can be gone on with, within what was reserved for that."""
    if reply.outcome is not None or reply.finished or turn.choices:
        return False
    return most_tokens(reply.text) + _CLOSING_BYTES <= _room_after(turn.limit)


def _room_for_ending(turn: _Turn) -> int:
    """Tokens reserved for the prompt of a second request: what was sent, what was thought, and the closing words."""
    return most_tokens(turn.text) + _room_after(turn.limit)


def _room_after(limit: int) -> int:
    """Tokens reserved for what a request of so many tokens brought, and for the closing words."""
    return _BYTES_PER_THOUGHT * limit + 2 * _CLOSING_BYTES


def _without_end(first: Reply, end: Reply, for_good: bool) -> Reply:
    """A thought whose end did not come, with the usage of both requests.

    Where the server failed for good, as one that is killed or aborts does, the comparison has failed: it is asked again
    by the next run, which must not find a judgment that nothing but an outage has made. Where the server refuses, it
    would refuse again; what was thought is paid for and stays, without an end.
    """
    outcome = Outcome.FAILED if for_good and end.outcome is Outcome.FAILED else None
    return replace(first.after(end), outcome=outcome, detail=end.detail)


def _joined(first: Reply, second: Reply) -> Reply:
    """Both requests of one comparison as one: the second's words, the usage of both, the thinking of the first."""
    return replace(second.after(first), thinking_tokens=thought(first))
