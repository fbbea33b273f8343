"""The embedded default judge: built-in checks, no language model, nothing to download.

It is for problems whose candidates end in comparable final answers. It weighs named pieces of evidence, says
each in words, and abstains (a tie) where it has nothing to say. Identical candidates are one witness, since a
field holds each text once. Neither length nor the form of an answer is evidence.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Sequence

from tournament.judge import InProcess, JudgeIdentity
from tournament.judges.evidence import Evidence, gather
from tournament.types import Comparison, Field, Judgment, Outcome

LABEL = "built-in checks, no language model"
VERSION = "checks-1"

WEIGHTS = {"agreement": 2.9, "arithmetic": 0.13, "numbers": 1.98}
"""Log-odds a unit of evidence, first less second; from `python benchmarks/fit_checks.py FILE --check`."""

_NOTHING = 0.01
_REMEMBERED = 256
_NAMED = 6
_SHOWN = 80


class ChecksJudge(InProcess):
    """Built-in checks, no language model: agreement of answers, arithmetic, the question's numbers."""

    def __init__(self) -> None:
        """Remember no field yet."""
        self.identity = JudgeIdentity(
            kind="checks",
            label=LABEL,
            model=VERSION,
            settings={"weights": WEIGHTS},
            deterministic=True,
            reads_field=True,
        )
        self._seen: OrderedDict[int, tuple[Field, Evidence]] = OrderedDict()

    def judge_now(self, field: Field, comparisons: Sequence[Comparison]) -> list[Judgment]:
        """Weigh the evidence for each comparison; every entrant is looked at once."""
        evidence = self._evidence(field)
        if not evidence.comparable:
            return [_ABSTAINED] * len(comparisons)
        return [_judgment(evidence, comparison.first, comparison.second) for comparison in comparisons]

    def _evidence(self, field: Field) -> Evidence:
        # A remembered field is held on to, so no other field can have its id.
        known = self._seen.get(id(field))
        if known is None:
            known = self._seen[id(field)] = (field, gather(field))
            if len(self._seen) > _REMEMBERED:
                self._seen.popitem(last=False)
        else:
            self._seen.move_to_end(id(field))
        return known[1]


_ABSTAINED = Judgment(
    Outcome.TIE,
    0.5,
    text=f"({LABEL}) No two candidates end in a final answer, so there is nothing to check.",
    detail="for open-ended prompts start a judge model: python -m sglang.launch_server --model-path MODEL,"
    " then tourney rank ... --judge sglang --base-url http://127.0.0.1:30000",
)


def preference(features: tuple[float, float, float]) -> float:
    """The preference for the first from its evidence less the second's; 1 - p when they are swapped."""
    odds = sum(weight * value for weight, value in zip(WEIGHTS.values(), features, strict=True))
    return 1.0 / (1.0 + math.exp(-odds))


def _judgment(evidence: Evidence, first: int, second: int) -> Judgment:
    p_first = preference(evidence.features(first, second))
    words = [f"({LABEL})", *_agreement(evidence, first, second)]
    words += [word for name, i in (("first", first), ("second", second)) for word in _own(evidence, name, i)]
    if abs(p_first - 0.5) < _NOTHING:
        words.append("Nothing here tells the two apart, so the checks abstain: a tie.")
        return Judgment(Outcome.TIE, 0.5, text="\n".join(words))
    better = "first" if p_first > 0.5 else "second"
    words.append(f"So the {better} is preferred, with {100 * max(p_first, 1 - p_first):.0f} %.")
    return Judgment(Outcome.DECIDED, p_first, text="\n".join(words))


def _agreement(evidence: Evidence, first: int, second: int) -> list[str]:
    """What the two final answers are, and how many of the other candidates end in each."""
    words = []
    alone = len(evidence.groups) < 3
    shares = evidence.agreement(first, second)
    for name, i, share in (("first", first, shares[0]), ("second", second, shares[1])):
        answer = evidence.answers[i]
        if answer is None:
            words.append(f"The {name} names no final answer.")
        elif alone:
            words.append(f"The {name} ends in {_short(answer)}, with no other candidate to agree or not.")
        else:
            agree = f"{100 * share:.0f} % of the other candidates end in the {name}'s answer"
            words.append(f"Agreement: {agree}, {_short(answer)}.")
    return words


def _own(evidence: Evidence, name: str, i: int) -> list[str]:
    """What one candidate's own text shows against it."""
    words = []
    if evidence.wrong[i]:
        words.append(f"Arithmetic: recomputed, the {name}'s statement {evidence.wrong[i]} does not hold.")
    if evidence.unused[i]:
        named = ", ".join(evidence.unused[i][:_NAMED])
        more = len(evidence.unused[i]) - _NAMED
        named += f" and {more} more" if more > 0 else ""
        words.append(f"Numbers: the {name} leaves out the question's {named}.")
    return words


def _short(answer: str) -> str:
    return answer if len(answer) <= _SHOWN else answer[:_SHOWN] + "..."
