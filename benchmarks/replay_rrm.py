"""The engine's knockout against the recorded knockouts of the RRM paper (arXiv 2505.14674).

    python benchmarks/replay_rrm.py FILE

FILE holds the brackets in the form that `_brackets.py` describes. Only the pairs of the first round, and who had a bye,
go into the draw. Who meets whom later is up to the engine, whose judge answers from the record alone. A problem agrees
where every round had the recorded matches and the champion is the recorded one. The exit code is 0 where all problems
agree, 1 where one does not, 2 for a file that holds no such brackets.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from reprlib import repr as brief

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks._brackets import BOXES, Bracket, RecordedMatch, read_brackets
from benchmarks._common import table
from tournament import registry
from tournament.errors import TourneyError
from tournament.health import Health
from tournament.memory_ledger import MemoryLedger
from tournament.runner import Played, Runner, Setup
from tournament.strategy import Decide, preference
from tournament.types import Comparison, Match, Outcome, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class AsRecorded:
    """One comparison a match, in the order in which the pair was shown then."""

    orders: frozenset[tuple[int, int]]

    @property
    def calls(self) -> tuple[int, int]:
        """Always one."""
        return 1, 1

    def decide(self, match: Match, draw: int) -> Decide:
        """Ask once; a pair that never met is asked for as the bracket names it."""
        a, b = match
        asked = (Comparison(b, a) if (b, a) in self.orders else Comparison(a, b),)
        judgments = yield asked
        return Verdict(match, preference(match, asked[0], judgments[0]), asked, judgments)


def write_judgments(brackets: Iterable[Bracket], path: Path) -> None:
    """Write the recorded winners as the `recorded` judge reads them."""
    with path.open("w", encoding="utf-8") as file:
        for bracket in brackets:
            for match in bracket.matches:
                row = {"problem": bracket.id, "first": match.first, "second": match.second, "winner": match.winner}
                file.write(json.dumps(row) + "\n")


async def replay(brackets: Sequence[Bracket]) -> list[Played]:
    """Play every bracket with a judge that knows the record; each has a draw, and so a run, of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "judgments.jsonl"
        write_judgments(brackets, path)
        judge = registry.judge("recorded", {"file": str(path)})
    played: list[Played] = []
    for bracket in brackets:
        setup = Setup(
            judge=judge,
            pairing=registry.pairing("knockout", {"draw": bracket.draw}),
            matching=AsRecorded(orders=frozenset((match.first, match.second) for match in bracket.matches)),
            fallback=registry.pairing("first"),
        )
        await Runner(setup, MemoryLedger(), played.append).run([bracket.problem])
    return played


def stray(bracket: Bracket, played: Played) -> str:
    """The first match of a replay whose pair is not the recorded one, "" where there is none."""
    for recorded, verdicts in zip(bracket.rounds, played.record.rounds, strict=True):
        for match, verdict in zip(recorded, verdicts, strict=True):
            if {match.first, match.second} != {*verdict.match}:
                a, b = verdict.match
                record = f"the record has {match.first} and {match.second}"
                return f"round {match.round}, match {match.number}: the bracket has {a} and {b}, {record}"
    return ""


def other_champion(bracket: Bracket, played: Played) -> str:
    """What to say where the champions differ, "" where they do not."""
    best = int(played.result.best)
    return "" if best == bracket.champion else f"champion {best} in the replay, {bracket.champion} in the record"


def report(path: Path, brackets: Sequence[Bracket], replayed: Sequence[Played]) -> int:
    """Print what came of it, with the differences on stderr; the exit code."""
    health, agreed, strays = Health(), 0, 0
    for bracket, played in zip(brackets, replayed, strict=True):
        for verdict in played.record.verdicts:
            health.add(verdict)
        strayed = stray(bracket, played)
        differs = strayed or other_champion(bracket, played)
        if differs:
            print(f"{path}:{bracket.line}: {brief(bracket.id)}: {differs}", file=sys.stderr)
        strays += bool(strayed)
        agreed += not differs
    missing = health.outcomes[Outcome.REFUSED]
    rows = [
        ("problems", f"{len(brackets):,}"),
        ("matches replayed", f"{health.outcomes.total() - missing:,}"),
        ("matches missing from the record", f"{missing:,}"),
        ("problems with other pairs than the record", f"{strays:,}"),
        *_boxes([match for bracket in brackets for match in bracket.matches]),
    ]
    table(("replay", "count"), rows)
    print(_first_slot(health))
    print(f"champions {agreed}/{len(brackets)}")
    return 0 if agreed == len(brackets) else 1


def _first_slot(health: Health) -> str:
    share = health.to_json()["first_slot"]
    if not share["of"]:
        return "first-slot rate: no verdicts"
    low, high = share["interval"]
    counts = f"{share['count']:,} of {share['of']:,} verdicts"
    return f"first-slot rate {share['share']:.2%} (95 % Wilson interval {low:.2%} to {high:.2%}), {counts}"


def _boxes(matches: Sequence[RecordedMatch]) -> list[tuple[str, str]]:
    """Verdicts whose box holds neither assistant, each kind of box apart, and winners that the box does not name."""
    others = Counter(match.boxed for match in matches if match.boxed not in BOXES)
    kinds = sorted(others.items(), key=lambda kind: (-kind[1], kind[0] or ""))
    return [
        ("boxes with something else than an assistant", f"{others.total():,}"),
        *(("  no box" if box is None else f"  {box[:30]!a}", f"{count:,}") for box, count in kinds),
        ("winners that their box does not name", f"{sum(match.against_its_box for match in matches):,}"),
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Replay recorded knockouts and compare the champions.")
    parser.add_argument("file", type=Path, help="brackets with the winner of every match")
    path: Path = parser.parse_args(arguments).file
    try:
        brackets = read_brackets(path)
        return report(path, brackets, asyncio.run(replay(brackets)))
    except TourneyError as error:
        print(error, file=sys.stderr)
        return error.exit_code


if __name__ == "__main__":
    raise SystemExit(main())
