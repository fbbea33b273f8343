"""A world like a finished run: what its comparisons say about the judge, as settings of the synthetic one."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tournament.errors import RunFolderError
from tournament.experiments.sweep import Sweep
from tournament.ratings import Evidence, JudgeModel, fit_judged, learn
from tournament.run_folder import COMPARISONS, RESULTS, read_lines
from tournament.types import Outcome

MOST = 2000
"""Problems that are looked at, at the most."""
_COMMON, _SIZES = 0.1, 3
"""Which numbers of candidates stand for a run: those of a tenth of its problems or more, the commonest three."""

Row = Mapping[str, Any]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """What was found out about a run's judge.

    Attributes:
        run: Name of the run's folder.
        problems: Problems that were looked at and had comparisons.
        comparisons: Their comparisons.
        model: What `learn` made of those that were decided. A tie says nothing of who leads, whatever its rate.
        repeated: Whether any pair was judged more than once; else the repeat correlation is an assumption.
        self_repeat: Chance that a judgment repeats the standing opinion of its pair.
        ties: Share of the comparisons that were ties.
        cut: Share that ended before a verdict.
        void: Share that had no preference for another reason.
        sizes: Numbers of candidates that stand for the run's problems, each 2 at the least.
    """

    run: str
    problems: int
    comparisons: int
    model: JudgeModel
    repeated: bool
    self_repeat: float
    ties: float
    cut: float
    void: float
    sizes: tuple[int, ...]

    def world(self) -> dict[str, Any]:
        """Settings of the synthetic judge."""
        return {
            "world": "bt",
            "sd": round(self.model.spread, 4),
            "position_bias": round(self.model.first_bias, 4),
            "self_repeat": round(self.self_repeat, 4),
            "tie_rate": self.ties,
            "unparsable_rate": self.void,
            "truncated_rate": self.cut,
        }

    def __str__(self) -> str:
        """What was found, in one line."""
        repeats = f"{self.self_repeat:.2f}" + ("" if self.repeated else " (assumed: no pair was judged twice)")
        parts = (
            f"like {self.run}: bias to the first {self.model.first_bias:+.2f}",
            f"spread {self.model.spread:.2f} (log-odds)",
            f"self-repeat {repeats}",
            f"ties {100 * self.ties:.1f} %",
            f"no verdict {100 * (self.void + self.cut):.1f} %",
            f"N = {', '.join(map(str, self.sizes))}",
        )
        return f"{', '.join(parts)}; from {self.problems:,} problems, {self.comparisons:,} comparisons"


@dataclass(slots=True)
class _Heard:
    """The comparisons of some problems; `places` says who is who, by problem and id of the entrant."""

    places: dict[str, dict[str, int]]
    evidence: dict[str, Evidence]
    outcomes: Counter[str]

    def add(self, problem: str, rows: Iterable[Row]) -> None:
        """Count the comparisons of a problem, and weigh those that were decided."""
        decided: list[tuple[int, int, float]] = []
        place = self.places.get(problem, {})
        for row in rows:
            outcome, p_first = Outcome(row["outcome"]), row["p_first"]
            self.outcomes[outcome] += 1
            first, second = place[row["first"]], place[row["second"]]
            if p_first is not None and outcome is not Outcome.TIE:
                decided.append((first, second, _share(p_first)))
        if place:
            evidence = self.evidence.setdefault(problem, Evidence.none(1 + max(place.values())))
            if decided:
                evidence.add(*map(list, zip(*decided, strict=True)))


def like(run: Path) -> Likeness:
    """Learn a run's judge from its folder.

    Of a larger run, `MOST` problems are looked at, evenly spaced in the order of their ids.

    Raises:
        RunFolderError: where this is no finished run's folder, or the run compared nothing.
    """
    results = run / RESULTS
    ids = sorted(_text(row, "id", results) for row in read_lines(results))
    step = max(1, -(-len(ids) // MOST))
    heard = _Heard({name: {} for name in ids[::step]}, {}, Counter())
    for row in read_lines(results):
        if row["id"] in heard.places:
            heard.places[row["id"]] = _entrants(row, results)
    _listen(run / COMPARISONS, heard)
    total = sum(heard.outcomes.values())
    if not any(evidence.count.any() for evidence in heard.evidence.values()):
        raise RunFolderError(f"{run}: no comparison of this run was decided, so there is no judge to learn from it")
    problems = [heard.evidence[name] for name in sorted(heard.evidence)]
    model = learn(problems)
    ties, cut = heard.outcomes[Outcome.TIE], heard.outcomes[Outcome.TRUNCATED]
    return Likeness(
        run=run.resolve().name,
        problems=len(problems),
        comparisons=total,
        model=model,
        repeated=any(bool((evidence.met > 1).any()) for evidence in problems),
        self_repeat=_self_repeat(problems, model),
        ties=ties / total,
        cut=cut / total,
        void=(total - ties - cut - heard.outcomes[Outcome.DECIDED]) / total,
        sizes=_sizes([len(evidence) for evidence in problems]),
    )


def with_likenesses(sweep: Sweep, found: Sequence[Likeness], *, worlds: bool = False, n: bool = False) -> Sweep:
    """A sweep in worlds like some runs, at the runs' numbers of candidates.

    Args:
        sweep: Strategies, budgets and the rest.
        found: What the runs were like.
        worlds: Whether the sweep's own worlds stay.
        n: Whether the sweep's own numbers of candidates stay.
    """
    names = Counter(each.run for each in found)
    added = {
        f"like {each.run}" + (f" ({number})" if names[each.run] > 1 else ""): each.world()
        for number, each in enumerate(found, 1)
    }
    sizes = tuple(sorted({size for each in found for size in each.sizes}))
    return replace(sweep, worlds={**(sweep.worlds if worlds else {}), **added}, n=sweep.n if n or not sizes else sizes)


def _listen(path: Path, heard: _Heard) -> None:
    """Read the comparisons of the problems that are looked at, one problem in memory at a time."""
    problem, rows = "", list[Row]()
    try:
        for row in read_lines(path):
            if row["problem"] != problem:
                heard.add(problem, _lasting(rows))
                problem, rows = row["problem"], []
            if problem in heard.places:
                rows.append(row)
        heard.add(problem, _lasting(rows))
    except (KeyError, TypeError, ValueError) as error:
        raise RunFolderError(
            f"{path}: a line of problem {problem!r} is no comparison of this run ({type(error).__name__}: {error});"
            " repeat the run to write it anew"
        ) from None


def _lasting(rows: Iterable[Row]) -> list[Row]:
    """The rows of a problem without those that a re-think of the same match and order went on from."""
    kept: dict[tuple[Any, ...], Row] = {}
    for number, row in enumerate(rows):
        order = (row["round"], row["a"], row["b"], row["first"])
        if row["rethink"]:
            latest = next((key for key in reversed(kept) if key[:-1] == order), None)
            if latest is not None:
                del kept[latest]
        kept[*order, number] = row
    return list(kept.values())


def _entrants(result: Row, path: Path) -> dict[str, int]:
    """The place of each entrant; identical candidates share a rank and came to the judge as the first of them."""
    try:
        ranks = sorted({standing["rank"] for standing in result["ranking"]})
        place = {rank: number for number, rank in enumerate(ranks)}
        return {standing["id"]: place[standing["rank"]] for standing in result["ranking"]}
    except (KeyError, TypeError):
        raise RunFolderError(
            f"{path}: result {result['id']!r} has no ranking; repeat the run to write it anew"
        ) from None


def _text(row: Any, key: str, path: Path) -> str:
    if not isinstance(row, Mapping) or not isinstance(row.get(key), str):
        raise RunFolderError(f"{path}: a line has no {key}; is this a finished run's folder?")
    return str(row[key])


def _share(p_first: Any) -> float:
    value = float(p_first)
    if not 0 <= value <= 1:
        raise ValueError(f"p_first {p_first}")
    return value


def _sizes(sizes: Sequence[int]) -> tuple[int, ...]:
    counted = Counter(size for size in sizes if size > 1)
    common = [size for size, count in counted.most_common(_SIZES) if count >= _COMMON * len(sizes)]
    return tuple(sorted(common or [size for size, _ in counted.most_common(1)]))


def _self_repeat(problems: Sequence[Evidence], model: JudgeModel) -> float:
    """The chance to repeat a standing opinion that makes the correlation of judgments of a pair come out.

    Two judgments that both repeat it agree, as far as the order lets them: the opinion is held of the pair, and a
    position bias still tells the two orders apart. So the correlation is a share of the chance's square.
    """
    agreeing = varying = 0.0
    for evidence in problems:
        if not (evidence.met > 1).any():
            continue
        rating = fit_judged(evidence, model).rating
        one, other = np.nonzero(np.triu(evidence.met, 1) > 1)
        there, back = evidence.count[one, other], evidence.count[other, one]
        apart = rating[one] - rating[other]
        first, second = _logistic(apart + model.first_bias), _logistic(apart - model.first_bias)
        own, others = first * (1.0 - first), second * (1.0 - second)
        shared = np.minimum(first, second) - first * second
        pairs = own * there * (there - 1.0) + others * back * (back - 1.0) + 2.0 * shared * there * back
        agreeing += float(pairs.sum())
        varying += float(((there * own + back * others) * (there + back - 1.0)).sum())
    most = agreeing / varying if varying > 0 else 1.0
    return min(1.0, math.sqrt(model.repeat_correlation / most)) if most > 0 else 0.0


def _logistic(lead: Floats) -> Floats:
    chance: Floats = 0.5 + 0.5 * np.tanh(0.5 * lead)
    return chance
