"""Answers as OpenAI's clients read them: the winner as a chat completion, or as the chunks of a stream."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tournament.endpoint.service import Answer
from tournament.endpoint.wishes import EXTRA
from tournament.experiments.sampling.sample import LENGTH, STOP, Sample
from tournament.result import Standing
from tournament.types import Spend

CHUNK_CHARS = 400
# What a client of OpenAI's can meet where no tools are called.
_FINISHES = frozenset({STOP, LENGTH, "content_filter"})
_DIGITS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What every answer to one request begins with."""

    id: str
    created: int
    model: str

    def of(self, kind: str) -> dict[str, Any]:
        """The fields for one kind of object."""
        return {"id": self.id, "object": kind, "created": self.created, "model": self.model}


def completion(answer: Answer, head: Head) -> dict[str, Any]:
    """The winner as an ordinary chat completion, with the whole spend, and what the tournament came to beside it."""
    thinking, text = _parts(answer, _winner(answer))
    message: dict[str, Any] = {"role": "assistant", "content": text, "refusal": None}
    if thinking:
        message["reasoning_content"] = thinking
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _finish(answer)}
    return {**head.of("chat.completion"), "choices": [choice], "usage": usage(answer), EXTRA: told(answer)}


def chunks(answer: Answer, head: Head) -> Iterator[dict[str, Any]]:
    """The winner as the chunks of a stream; the last one with a choice also says what the tournament came to."""
    thinking, text = _parts(answer, _winner(answer))
    yield _chunk(head, {"role": "assistant", "content": ""})
    for part in _cut(thinking):
        yield _chunk(head, {"reasoning_content": part})
    for part in _cut(text):
        yield _chunk(head, {"content": part})
    yield {**_chunk(head, {}, _finish(answer)), EXTRA: told(answer)}
    if answer.asked.include_usage:
        yield {**head.of("chat.completion.chunk"), "choices": [], "usage": usage(answer)}


def usage(answer: Answer) -> dict[str, Any]:
    """All tokens that were paid for: those of every candidate and those of the judge."""
    (prompt, written), judge = answer.drawn.tokens, answer.progress
    prompt, written = prompt + judge.prompt_tokens, written + judge.completion_tokens
    return {"prompt_tokens": prompt, "completion_tokens": written, "total_tokens": prompt + written}


def told(answer: Answer) -> dict[str, Any]:
    """What the tournament came to."""
    result, wishes, drawn, job = answer.result, answer.asked.wishes, answer.drawn, answer.job
    best = next(standing for standing in result.ranking if standing.id == result.best)
    document: dict[str, Any] = {
        "best": result.best,
        "confidence": {"p_best": best.p_best, "rating": best.rating, "low": best.low, "high": best.high},
        "ranking": [_standing(one) for one in result.ranking],
        "n": len(drawn.samples),
        "distinct": len({candidate.text for candidate in answer.problem.candidates}),
        "strategy": wishes.strategy,
        "chosen": result.chosen,
        "votes": wishes.votes,
        "judge": wishes.judge,
        "seed": wishes.seed,
        "spend": _spend(answer),
        "partial": answer.partial,
        "note": "; ".join(_notes(answer)),
        "seconds": {
            **{phase.value: round(seconds, _DIGITS) for phase, seconds in job.seconds.items()},
            "total": round(sum(job.seconds.values()), _DIGITS),
        },
        "rounds": len(answer.played.record.rounds),
    }
    return document | ({"candidates": _candidates(answer)} if wishes.candidates else {})


def _spend(answer: Answer) -> dict[str, Any]:
    (prompt, written), drawn, judge = answer.drawn.tokens, answer.drawn, answer.progress
    paid = Spend(prompt_tokens=judge.prompt_tokens, completion_tokens=judge.completion_tokens)
    policy = {"candidates": len(drawn.paid), "kept": len(drawn.samples) - len(drawn.paid)}
    return {
        "policy": {**policy, "prompt_tokens": prompt, "completion_tokens": written},
        "judge": {
            "comparisons": judge.paid,
            "reused": judge.reused,
            "prompt_tokens": paid.prompt_tokens,
            "completion_tokens": paid.completion_tokens,
            "money": answer.prices.of(paid.prompt_tokens, paid.completion_tokens),
        },
    }


def _notes(answer: Answer) -> Iterator[str]:
    drawn, problem, wanted = answer.drawn, answer.problem, answer.asked.wishes.n
    if answer.asked.samples < wanted:
        yield "one candidate was sampled, since at temperature 0 all would be the same"
    if drawn.late:
        yield f"{_of(drawn.late, answer)} did not come in time"
    if drawn.failures:
        yield f"{_of(len(drawn.failures), answer)} could not be sampled"
    if empty := len(drawn.samples) - len(problem.candidates):
        yield f"{_of(empty, answer)} had no text and took no part"
    if len(problem.candidates) > 1 and len({candidate.text for candidate in problem.candidates}) == 1:
        yield "all candidates are the same, so none was compared"
    if answer.result.note:
        yield answer.result.note


def _of(count: int, answer: Answer) -> str:
    return f"{count} of {answer.asked.samples} candidates"


def _standing(standing: Standing) -> dict[str, Any]:
    return {name: getattr(standing, name) for name in Standing.__slots__}


def _candidates(answer: Answer) -> list[dict[str, Any]]:
    rows = []
    for sample in answer.drawn.samples:
        thinking, text = _parts(answer, sample)
        row = {"id": str(sample.number), "text": text, "finish_reason": sample.finish, "tokens": sample.tokens}
        rows.append(row | ({"reasoning_content": thinking} if thinking else {}))
    return rows


def _winner(answer: Answer) -> Sample:
    return next(sample for sample in answer.drawn.samples if str(sample.number) == answer.result.best)


def _finish(answer: Answer) -> str:
    """Why the winner ended; a word that only the policy's server knows says that it came to its end."""
    said = _winner(answer).finish
    return said if said in _FINISHES else STOP


def _parts(answer: Answer, sample: Sample) -> tuple[str, str]:
    return sample.parts(opened=answer.drawn.opened)


def _chunk(head: Head, delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    return {**head.of("chat.completion.chunk"), "choices": [choice]}


def _cut(text: str) -> Iterator[str]:
    for start in range(0, len(text), CHUNK_CHARS):
        yield text[start : start + CHUNK_CHARS]
