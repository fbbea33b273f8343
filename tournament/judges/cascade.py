"""Two judges in a row: a cheap one decides what is clear to it, a reasoning one the rest.

What the cheap judge finds clear is set by a threshold on its preference. Some of those comparisons, drawn with the
seed, go on all the same, so that a run says how often the reasoning judge would have agreed
(see `tournament.calibration`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from tournament import registry, seeding
from tournament.errors import UsageError
from tournament.judge import Judge, JudgeIdentity, PrefixJudge, TokenEstimate
from tournament.judges.text_model import Warm
from tournament.types import Comparison, Field, Judgment

_WHOLE = 1 << 64


@dataclass(frozen=True, slots=True, kw_only=True)
class CascadeSettings:
    """Settings of a cheap judge and a reasoning one in a row.

    Attributes:
        cheap: name of the judge that is asked first.
        reasoning: name of the judge, or the profile, that decides what is not clear to the first.
        threshold: how sure the cheap judge must be to decide; 1 lets it decide nothing but certainties.
        audit: share of what is clear to the cheap judge that goes on all the same, to see how often it is right.
        passed_on: share of comparisons that the reasoning judge is expected to be asked, to plan budgets with.
        base_url: address of the reasoning judge's server, as that judge takes it; empty takes its default.
        cheap_base_url: address of the cheap judge's server; empty takes base_url.
        cheap_with: settings of the cheap judge, as key=value,key=value.
        reasoning_with: settings of the reasoning judge, as key=value,key=value.
        seed: seed of the audit's draw.
    """

    cheap: str = "decisions"
    reasoning: str = "sglang"
    threshold: float = 0.9
    audit: float = 0.05
    passed_on: float = 0.5
    base_url: str = ""
    cheap_base_url: str = ""
    cheap_with: str = ""
    reasoning_with: str = ""
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse values that mean nothing."""
        if not 0.5 < self.threshold <= 1:
            raise ValueError(f"threshold={self.threshold}; give one above 0.5, up to 1")
        if not 0 <= self.audit <= 1:
            raise ValueError(f"audit={self.audit}; give a share between 0 and 1")
        if not 0 <= self.passed_on <= 1:
            raise ValueError(f"passed_on={self.passed_on}; give a share between 0 and 1")
        if "cascade" in (self.cheap, self.reasoning):
            raise ValueError("a cascade is made of two other judges")


class CascadeJudge:
    """A cheap judge decides what is clear to it, a reasoning judge the rest."""

    def __init__(self, settings: CascadeSettings) -> None:
        self._settings = settings
        self._cheap = _child(settings.cheap, settings.cheap_base_url or settings.base_url, settings.cheap_with)
        self._reasoning = _child(settings.reasoning, settings.base_url, settings.reasoning_with)

    @property
    def identity(self) -> JudgeIdentity:
        """Both judges and what decides between them."""
        cheap, reasoning = self._cheap.identity, self._reasoning.identity
        settings = {
            "threshold": self._settings.threshold,
            "audit": self._settings.audit,
            "seed": self._settings.seed,
            "cheap": {**cheap.to_json(), "label": ""},
            "reasoning": {**reasoning.to_json(), "label": ""},
        }
        label = f"cascade: {cheap.label}, then {reasoning.label} below {self._settings.threshold:g}"
        return JudgeIdentity(kind="cascade", label=label, settings=settings)

    @property
    def batch_size(self) -> int | None:
        """The smaller of the two judges'."""
        sizes = [size for size in (self._cheap.batch_size, self._reasoning.batch_size) if size is not None]
        return min(sizes, default=None)

    @property
    def how(self) -> str:
        """How both judges came about, for people."""
        return "; ".join(filter(None, (getattr(judge, "how", "") for judge in (self._cheap, self._reasoning))))

    @property
    def retries(self) -> int:
        """Requests sent again so far."""
        return sum(getattr(judge, "retries", 0) for judge in (self._cheap, self._reasoning))

    async def start(self) -> None:
        """Start both."""
        await self._cheap.start()
        await self._reasoning.start()

    async def close(self) -> None:
        """Close both."""
        try:
            await self._cheap.close()
        finally:
            await self._reasoning.close()

    def plan(self, field: Field, comparisons: Sequence[Comparison]) -> TokenEstimate:
        """Both judges at the worst; the reasoning one as often as the settings expect."""
        cheap, reasoning = self._cheap.plan(field, comparisons), self._reasoning.plan(field, comparisons)
        share = self._settings.passed_on
        return TokenEstimate(
            expected_prompt=cheap.expected_prompt + round(share * reasoning.expected_prompt),
            expected_completion=cheap.expected_completion + round(share * reasoning.expected_completion),
            worst_prompt=cheap.worst_prompt + reasoning.worst_prompt,
            worst_completion=cheap.worst_completion + reasoning.worst_completion,
        )

    async def judge(self, field: Field, comparisons: Sequence[Comparison]) -> Sequence[Judgment]:
        """Judge comparisons of one field."""
        first = await self._first_look(field, comparisons)
        later = [i for i, judged in enumerate(first) if judged is None or self._goes_on(field, comparisons[i], judged)]
        again = await self._reasoning.judge(field, [_anew(comparisons[i]) for i in later]) if later else []
        answers = dict(zip(later, again, strict=True))
        return [self._merged(judged, answers.get(i)) for i, judged in enumerate(first)]

    async def judge_warming(self, field: Field, comparison: Comparison, warm: Warm) -> Judgment:
        """Judge one comparison, and call `warm` once its prompt has been read by the judge that decides it."""
        [judged] = await self._first_look(field, [comparison])
        if judged is not None and not self._goes_on(field, comparison, judged):
            return judged
        if isinstance(self._reasoning, PrefixJudge):
            return self._merged(judged, await self._reasoning.judge_warming(field, _anew(comparison), warm))
        warm()  # there is nothing to wait for
        [answer] = await self._reasoning.judge(field, [_anew(comparison)])
        return self._merged(judged, answer)

    async def _first_look(self, field: Field, comparisons: Sequence[Comparison]) -> list[Judgment | None]:
        """The cheap judge's judgments; None for a comparison that goes on from a reasoning judge's words."""
        new = [comparison for comparison in comparisons if comparison.continues is None]
        judged = iter(await self._cheap.judge(field, new) if new else ())
        return [next(judged) if comparison.continues is None else None for comparison in comparisons]

    def _clear(self, judged: Judgment) -> bool:
        p_first = judged.p_first
        return p_first is not None and max(p_first, 1 - p_first) >= self._settings.threshold

    def _merged(self, cheap: Judgment | None, reasoning: Judgment | None) -> Judgment:
        """The reasoning judge's word with the spend of both and what the cheap judge had said; else the cheap judge's.

        An audit that comes to nothing takes nothing away from what was clear.
        """
        if reasoning is None or cheap is None:
            judged = reasoning or cheap
            assert judged is not None
            return judged
        audited = reasoning.p_first is None and self._clear(cheap)
        kept = cheap._replace(detail=f"audit: {reasoning.outcome.value}") if audited else reasoning
        return kept._replace(
            prompt_tokens=cheap.prompt_tokens + reasoning.prompt_tokens,
            completion_tokens=cheap.completion_tokens + reasoning.completion_tokens,
            cached_tokens=cheap.cached_tokens + reasoning.cached_tokens,
            seconds=cheap.seconds + reasoning.seconds,
            p_cheap=None if audited else cheap.p_first,
        )

    def _goes_on(self, field: Field, comparison: Comparison, judged: Judgment) -> bool:
        if not self._clear(judged):
            return True
        texts = field.texts[comparison.first], field.texts[comparison.second]
        return seeding.key(self._settings.seed, "audit", *texts) < self._settings.audit * _WHOLE


def _child(name: str, base_url: str, settings: str) -> Judge:
    kind, _ = registry.kind_of_judge(name)
    known = registry.settings_type(registry.find("judge", kind))
    has_address = known is not None and any(item.name == "base_url" for item in fields(known))
    options: dict[str, Any] = {"base_url": base_url} if base_url and has_address else {}
    for text in filter(None, settings.split(",")):
        key, equals, value = text.partition("=")
        if not equals:
            raise UsageError(f"cascade: {text!r} is no setting; write key=value,key=value")
        options[key.strip()] = value
    return registry.judge(name, options)


def _anew(comparison: Comparison) -> Comparison:
    """A comparison for the reasoning judge, which cannot go on from words that a cheap judge never thought."""
    earlier = comparison.continues
    return comparison if earlier is None or earlier.completion_tokens else comparison._replace(continues=None)
