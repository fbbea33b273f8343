"""The seam between a judge that thinks and what generates its text: an SGLang server, or a model in this process."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from tournament.types import Message, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How text is sampled."""

    temperature: float
    top_p: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One request for text.

    `text` is the whole prompt, special tokens of the chat format included; `limit` the most new tokens. Where `choices`
    are given, what is generated is exactly one of them. `near` names the prefix that the request shares with others, so
    that it goes where that prefix is cached.
    """

    text: str
    limit: int
    seed: int
    choices: tuple[str, ...] = ()
    near: Hashable = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came back for one request, before a verdict is read from it.

    `outcome` is None where the model spoke, else why it did not; `detail` then says more. `thinking_tokens` is how many
    of the completion's tokens came before `</think>`, where the model can tell.
    """

    text: str = ""
    finished: bool = True
    outcome: Outcome | None = None
    detail: str = ""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    thinking_tokens: int | None = None

    def after(self, earlier: Reply) -> Reply:
        """This reply with the usage of an earlier one of the same comparison added."""
        return replace(
            self,
            prompt_tokens=self.prompt_tokens + earlier.prompt_tokens,
            completion_tokens=self.completion_tokens + earlier.completion_tokens,
            cached_tokens=self.cached_tokens + earlier.cached_tokens,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """The probabilities that a model gives to two labels as its next token, and what asking took."""

    first: float
    second: float
    reply: Reply


Warm = Callable[[], None]


def tokens_before(end: int | None, ids: Any) -> int | None:
    """How many tokens came before the last one of that id; None where it is not among them."""
    if end is None or not isinstance(ids, list) or end not in ids:
        return None
    return len(ids) - 1 - ids[::-1].index(end)


class TextModel(Protocol):
    """What generates text.

    `model` and `revision` say what it is, `context` how many tokens it can hold where that is known; complete once it
    has started. None of the methods raises for one broken request: the reply says what went wrong.
    """

    model: str
    revision: str
    context: int | None

    @property
    def retries(self) -> int:
        """Requests sent again so far."""
        ...

    @property
    def address(self) -> str:
        """Where it is, for messages."""
        ...

    @property
    def names(self) -> Sequence[str]:
        """What the model is called: its path and the name it is served under."""
        ...

    async def start(self) -> None:
        """Check that it is there and learn what it is."""
        ...

    async def tokens(self, text: str, *, special: bool) -> list[int] | None:
        """The ids of a text's tokens, with what the tokenizer puts around them where `special`; None where unknown."""
        ...

    async def render(self, messages: Sequence[Message]) -> str | None:
        """Messages in the model's own chat format, up to where the assistant speaks; None where it has none."""
        ...

    async def generate(self, drafts: Sequence[Draft], sampling: Sampling, warm: Warm | None = None) -> list[Reply]:
        """Text for each draft; `warm` is called once the first of them has been read into the prefix cache."""
        ...

    async def weigh(self, draft: Draft, labels: tuple[str, str]) -> Weights:
        """How likely each label is as what comes next after the draft's text; its `limit` does not matter."""
        ...

    async def close(self) -> None:
        """Give back connections and memory."""
        ...
