"""Any Python function as a judge."""

from __future__ import annotations

import asyncio
import hashlib
import importlib
import inspect
import threading
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import cast

from tournament.errors import TourneyError, UsageError
from tournament.judge import InProcess, JudgeIdentity
from tournament.types import Comparison, Field, Judgment, Outcome, Prompt

Preference = float | None
Function = Callable[[Prompt, str, str], Preference | Awaitable[Preference]]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallableSettings:
    """Which function judges.

    Attributes:
        function: "module:name" of a function of (prompt, first, second) that returns the preference for the first in
            [0, 1], 0.5 for a tie, None for no preference; it may be a coroutine function.
        deterministic: Whether it answers a repeat of a comparison in the same way.
    """

    function: str = ""
    deterministic: bool = False


class CallableJudge(InProcess):
    """Asks a Python function; an exception in it, other than tourney's own, is a failed comparison."""

    def __init__(self, settings: CallableSettings) -> None:
        self._adopt(_load(settings.function), settings.function, settings.deterministic)

    @classmethod
    def of(cls, function: Function, *, deterministic: bool = False) -> CallableJudge:
        """A judge from a function at hand.

        Its name and source stand for it in the ledger's keys, so a changed function is another judge.
        """
        judge = cls.__new__(cls)
        judge._adopt(function, getattr(function, "__qualname__", type(function).__name__), deterministic)
        return judge

    def _adopt(self, function: Function, name: str, deterministic: bool) -> None:
        self._function = function
        self._is_async = inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(
            getattr(function, "__call__", None)  # noqa: B004  # the method is looked at, not the ability to be called
        )
        self.batch_size = 1 if self._is_async else None
        self.identity = JudgeIdentity(
            kind="callable", label=f"function {name}", revision=_source_hash(function), deterministic=deterministic
        )

    def judge_now(self, field: Field, comparisons: Sequence[Comparison]) -> list[Judgment]:
        """Call the function for each comparison."""
        if self._is_async:
            raise UsageError("a coroutine function cannot judge in a simulation; give a plain function")
        return [self._one(field, comparison) for comparison in comparisons]

    async def judge(self, field: Field, comparisons: Sequence[Comparison]) -> list[Judgment]:
        """Await the function for each comparison; a plain one runs in a thread of its own."""
        if not self._is_async:
            given_up = threading.Event()
            try:
                return await asyncio.to_thread(self._while_wanted, field, comparisons, given_up)
            finally:
                given_up.set()
        return [await self._one_async(field, comparison) for comparison in comparisons]

    def _while_wanted(
        self, field: Field, comparisons: Sequence[Comparison], given_up: threading.Event
    ) -> list[Judgment]:
        """`judge_now`, but a thread cannot be cancelled: it looks before each call whether anybody still waits."""
        judgments = []
        for comparison in comparisons:
            if given_up.is_set():
                break
            judgments += self.judge_now(field, [comparison])
        return judgments

    def _one(self, field: Field, comparison: Comparison) -> Judgment:
        try:
            return _judgment(self._function(field.prompt, *_texts(field, comparison)))
        except TourneyError:
            raise
        except Exception as error:
            return Judgment(Outcome.FAILED, None, detail=f"{type(error).__name__}: {error}")

    async def _one_async(self, field: Field, comparison: Comparison) -> Judgment:
        try:
            answer = self._function(field.prompt, *_texts(field, comparison))
            return _judgment(await cast("Awaitable[Preference]", answer))
        except TourneyError:
            raise
        except Exception as error:
            return Judgment(Outcome.FAILED, None, detail=f"{type(error).__name__}: {error}")


def _texts(field: Field, comparison: Comparison) -> tuple[str, str]:
    return field.texts[comparison.first], field.texts[comparison.second]


def _judgment(answer: object) -> Judgment:
    if answer is None:
        return Judgment(Outcome.UNPARSABLE, None, detail="the function has no preference")
    if isinstance(answer, Judgment):
        return answer
    value = float(cast("float", answer))  # whatever is no number raises, which is a failed comparison
    if not 0 <= value <= 1:
        return Judgment(Outcome.FAILED, None, detail=f"the function returned {value}, which is outside [0, 1]")
    return Judgment(Outcome.TIE if value == 0.5 else Outcome.DECIDED, value)


def _load(path: str) -> Function:
    module, _, name = path.partition(":")
    if not module or not name:
        raise UsageError(f"function={path!r}: the callable judge needs -J function=module:name")
    try:
        function = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise UsageError(f"function={path!r} cannot be imported ({error}); check the module and PYTHONPATH") from None
    if not callable(function):
        raise UsageError(f"function={path!r} is no function; give module:name of one")
    return cast("Function", function)


def _source_hash(function: Function) -> str:
    try:
        source = inspect.getsource(function)
    except (OSError, TypeError):
        source = repr(type(function))
    return hashlib.sha256(source.encode()).hexdigest()[:16]
