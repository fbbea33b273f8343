"""One problem: rounds become matches, matches become waves of comparisons, judgments become verdicts.

This is plain Python without an event loop: `play` yields waves of comparisons and receives their judgments. The runner
drives it from servers and the ledger, `simulate` from a judge that answers at once; both play the very same matches.
All matches of a round go side by side, in lockstep: a wave holds the next comparisons of every open match. So what is
asked next never depends on which answer came first.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence

from tournament import seeding
from tournament.strategy import Decide, MatchStrategy, PairingStrategy, Record, tally
from tournament.types import Comparison, Field, Judgment, Match, Verdict

Wave = list[Comparison]
Answers = Sequence[Judgment | None]
Meetings = dict[tuple[int, int], int]


def open_record(field: Field, *, seed: int, limit: int | None = None, calls: int = 1) -> Record:
    """An empty record whose lots are drawn from the seed, the problem's id and each entrant's text.

    `limit` is the number of comparisons that may be used, `calls` the most that one match takes.
    """
    return Record(field=field, lot_key=seeding.key(seed, "lots", field.problem_id), limit=limit, calls=calls)


def play(
    record: Record, pairing: PairingStrategy, matching: MatchStrategy, *, seed: int
) -> Generator[Wave, Answers, None]:
    """Play a problem to its end: yield waves of comparisons, receive as many answers in the same order.

    An answer of None says that the budget ended before that comparison. Its match is then decided by what it has, the
    rest of the problem is not played, and `record.complete` stays False. Verdicts are put into `record`.
    """
    if len(record.field) < 2:
        record.complete = True
        return
    strategy = pairing.play(record, seeding.generator(seed, "pairing", record.field.problem_id))
    key = seeding.key(seed, "match", record.field.problem_id)
    meetings: Meetings = {}
    try:
        matches = next(strategy)
        while True:
            verdicts, whole = yield from _play_round(matches, matching, key, meetings)
            record.rounds.append(verdicts)
            if not whole:
                strategy.close()
                return
            matches = strategy.send(verdicts)
    except StopIteration:
        record.complete = True


def _play_round(
    matches: list[Match], matching: MatchStrategy, key: int, meetings: Meetings
) -> Generator[Wave, Answers, tuple[list[Verdict], bool]]:
    tables, reserved = [], dict(meetings)
    for match in matches:
        tables.append(_Table(match, matching, key, reserved))
        _reserve(reserved, tables[-1], matching.calls[1])
    waiting, whole = [table for table in tables if table.asked], True
    while waiting and whole:
        wave = [comparison for table in waiting for comparison in table.asked]
        answers = yield wave
        whole = None not in answers
        start = 0
        for table in waiting:
            stop = start + len(table.asked)
            table.receive(answers[start:stop])
            start = stop
        waiting = [table for table in waiting if table.asked]
    for table in tables:
        for comparison in table.comparisons:
            shown = comparison[:2]
            meetings[shown] = max(meetings.get(shown, 0), comparison.repeat + 1)
    return [table.verdict or tally(table.match, table.comparisons, table.judgments) for table in tables], whole


def _reserve(meetings: Meetings, table: _Table, calls: int) -> None:
    """Keep repeat numbers for a match, so that a pair which meets again, even in the same round, asks something new.

    One that asks once has asked already; others may come to ask for as many as `calls` in either order.
    """
    (a, b), once = table.match, calls == 1
    for shown in [comparison[:2] for comparison in table.asked] if once else [(a, b), (b, a)]:
        meetings[shown] = meetings.get(shown, 0) + calls


class _Table:
    """One match under way: its strategy, what it asked for last, and what it was told so far."""

    __slots__ = ("asked", "comparisons", "deciding", "earlier", "judgments", "match", "verdict")

    def __init__(self, match: Match, matching: MatchStrategy, key: int, meetings: Meetings) -> None:
        a, b = self.match = match
        self.earlier = (meetings.get((a, b), 0), meetings.get((b, a), 0))
        self.deciding: Decide = matching.decide(match, seeding.match_draw(key, a, b, sum(self.earlier)))
        self.comparisons: tuple[Comparison, ...] = ()
        self.judgments: tuple[Judgment, ...] = ()
        self.asked: tuple[Comparison, ...] = ()
        self.verdict: Verdict | None = None
        self._ask(None)

    def receive(self, answers: Answers) -> None:
        """Hand over the answers to what was asked; the match ends here where the budget ended before one of them."""
        asked, self.asked = self.asked, ()
        judgments = tuple([answer for answer in answers if answer is not None])
        if len(judgments) < len(asked):
            self.deciding.close()
            asked = tuple(comparison for comparison, answer in zip(asked, answers, strict=True) if answer is not None)
        self.comparisons += asked
        self.judgments += judgments
        if len(asked) == len(answers):
            self._ask(judgments)

    def _ask(self, judgments: tuple[Judgment, ...] | None) -> None:
        try:
            asked = next(self.deciding) if judgments is None else self.deciding.send(judgments)
        except StopIteration as stop:
            # The strategy counts from 0; what was really asked belongs into the record.
            told = stop.value if self.earlier == (0, 0) else stop.value._replace(comparisons=self.comparisons)
            self.asked, self.verdict = (), told
            return
        # A pair that meets again goes on counting its repeats, so that an old judgment is not taken for a new one.
        self.asked = asked if self.earlier == (0, 0) else tuple(self._numbered(c) for c in asked)

    def _numbered(self, comparison: Comparison) -> Comparison:
        return comparison._replace(repeat=comparison.repeat + self.earlier[comparison.first != self.match.a])
