"""Which tokens the labels of a verdict are, for a model whose tokenizer can only be asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from tournament.errors import JudgeSetupError

_CONTEXT_CHARS = 40


class Tokenizer(Protocol):
    """What can say which tokens a text is made of."""

    @property
    def address(self) -> str:
        """Where it is, for messages."""
        ...

    async def tokens(self, text: str, *, special: bool) -> list[int] | None:
        """The ids of a text's tokens."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelTokens:
    """The ids of the two labels; `blank` says that they carry the blank before them, as in ` 1`."""

    ids: tuple[int, int]
    blank: bool

    def cut(self, text: str) -> str:
        """The text whose next token is a label: without its last blank where the label carries it."""
        return text[:-1] if self.blank and text.endswith(" ") else text


async def label_tokens(tokenizer: Tokenizer, text: str, labels: tuple[str, str]) -> LabelTokens:
    """Find the one token that each label adds after a text that ends right before it.

    Raises:
        JudgeSetupError: where a label is no single token of its own there.
    """
    end = text[-_CONTEXT_CHARS:]
    for blank in (False, True) if end.endswith(" ") else (False,):
        before = end[:-1] if blank else end
        bare = await tokenizer.tokens(before, special=False)
        added = [await tokenizer.tokens(f"{end}{label}", special=False) or [] for label in labels]
        if all(ids and ids[:-1] == bare for ids in added) and added[0] != added[1]:
            return LabelTokens(ids=(added[0][-1], added[1][-1]), blank=blank)
    raise JudgeSetupError(
        f"the labels {labels[0]!r} and {labels[1]!r} are no single tokens for the model at {tokenizer.address}; "
        "judge without soft"
    )
