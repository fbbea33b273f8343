"""How a run stands, in lines for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tournament.standing import Standing, State
from tournament.waits import slowness

Table = Mapping[str, Any]


def standing_lines(standing: Standing) -> list[str]:
    """State, progress, rate, spend, errors and what slows the run down; only what is known."""
    told = standing.told
    if not told:
        return [f"state    {_state(standing)}"]
    shards = ", ".join(f"{count:,} {state}" for state, count in told.get("shards", {}).items())
    who = f"shards: {shards}" if shards else f"process {told['pid']} on {told['host']}"
    lines = [
        f"run      tourney {told['verb']}, {who}",
        f"state    {_state(standing)}",
        *_done(told),
        *_paid(told),
        *_wrong(told),
    ]
    if standing.state in (State.RUNNING, State.SILENT):
        lines += _going(told)
    return lines


def duration(seconds: float) -> str:
    """Hours, minutes and seconds."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _state(standing: Standing) -> str:
    told, ago = standing.told, duration(standing.age_s)
    phase = f"{told['how']}; " if told.get("how") else ""
    match standing.state:
        case State.STARTING:
            return "starting: its judge is not up yet"
        case State.ENDED:
            return f"ended: {told['how']}; {ago} ago, after {duration(told['seconds'])}"
        case State.DIED:
            return f"died: its process is gone without a word, last heard of {ago} ago; the same command resumes"
        case State.SILENT:
            return f"silent: {phase}no sign of life for {ago}; the process is busy or stopped, or its machine is"
        case State.RUNNING:
            return f"running{f', {phase[:-2]},' if phase else ''} for {duration(told['seconds'])}"


def _done(told: Table) -> list[str]:
    lines = []
    if points := told.get("points"):
        lines.append(f"points   {points.get('done', 0):,} of {points.get('all', 0):,} done")
    if problems := told.get("problems"):
        done, every = problems.get("done", 0), problems.get("all", 0)
        under_way = problems.get("begun", 0) - done
        share = f" ({100 * done / every:.1f} %)" if every else ""
        marked = [f"{problems[name]:,} {name}" for name in ("partial", "failed") if problems.get(name)]
        lines.append(
            f"problems {', '.join([f'{done:,} of {every:,} done{share}', f'{under_way:,} under way', *marked])}"
        )
    if compared := told.get("comparisons"):
        planned = f" of at most {compared['planned']:,}" if compared.get("planned") else ""
        paid, reused = compared.get("paid", 0), compared.get("reused", 0)
        lines.append(f"compared {paid + reused:,}{planned}: {paid:,} judged now, {reused:,} known already")
    return lines


def _paid(told: Table) -> list[str]:
    if not (tokens := told.get("tokens")):
        return []
    money = f"; spend {told['money']:.4f}" if told.get("money") else ""
    return [f"tokens   {tokens.get('prompt', 0):,} prompt, {tokens.get('completion', 0):,} completion{money}"]


def _wrong(told: Table) -> list[str]:
    lines = []
    outcomes = [f"{count:,} {name}" for name, count in told.get("outcomes", {}).items() if count]
    if outcomes:
        lines.append(f"judged   {', '.join(outcomes)}")
    failures = [f"{name} {count:,}" for name, count in told.get("failures", {}).items()]
    if failures:
        lines.append(f"failed   {', '.join(failures)}")
    errors = [f"{name} {count:,}" for name, count in told.get("errors", {}).items()]
    if errors:
        lines.append(f"errors   {', '.join(errors)}; {told.get('retries') or 0:,} retries")
    return lines


def _going(told: Table) -> list[str]:
    rate, slow, waiting = told.get("rate", {}), told.get("slow", {}), told.get("waiting", {})
    if not rate:
        return []
    lines = [f"rate     {rate.get('minute', 0):,.1f}/s in the last minute, {rate.get('overall', 0):,.1f}/s overall"]
    reasons = [f"{reason}, of the requests' time in the last minute" for reason in slowness(slow)]
    if slow.get("queue", 0) >= 1:
        reasons.append(f"queue: {slow['queue']:,.0f} comparisons waited, since all places of --in-flight were taken")
    lines += [f"slow     {reason}" for reason in reasons]
    if any(waiting.values()):
        words = {"request": "requests", "throttle": "throttled", "retry": "before a retry", "queue": "in the queue"}
        now = [f"{waiting[name]:,} {said}" for name, said in words.items() if waiting.get(name)]
        lines.append(f"now      {', '.join(now)}")
    if told.get("left_s") is not None:
        lines.append(f"left     about {duration(told['left_s'])}")
    return lines
