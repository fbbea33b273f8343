"""Ledger keys: a hash of everything that changes a judgment, and of nothing else."""

from __future__ import annotations

import hashlib

from tournament.judge import JudgeIdentity
from tournament.types import Comparison, Field, Prompt


class Keys:
    """Makes ledger keys for the comparisons of one field; everything that changes a judgment goes in."""

    def __init__(self, identity: JudgeIdentity, field: Field) -> None:
        self._texts = [_digest(text.encode("utf-8", "surrogatepass")) for text in field.texts]
        self._repeats = not identity.deterministic
        base = hashlib.sha256(identity.digest().encode())
        base.update(_prompt_bytes(field.prompt))
        if identity.reads_field:
            base.update(b"".join(sorted(self._texts)))
        self._base = base.digest()

    def of(self, comparison: Comparison) -> bytes:
        """The 20-byte key of a comparison."""
        first, second, repeat, limit, continues = comparison
        tail = b"%d %d" % (repeat if self._repeats else 0, -1 if limit is None else limit)
        if continues is not None:
            tail += _digest(continues.text.encode("utf-8", "surrogatepass"))
        return _digest(self._base + self._texts[first] + self._texts[second] + tail)


def _digest(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=20).digest()


def _prompt_bytes(prompt: Prompt) -> bytes:
    if isinstance(prompt, str):
        return b"t" + prompt.encode("utf-8", "surrogatepass")
    turns = (f"{len(m.role)}:{m.role}{len(m.content)}:{m.content}" for m in prompt)
    return b"c" + "".join(turns).encode("utf-8", "surrogatepass")
