"""Random numbers derived from (seed, problem id, purpose), never from the order in which things happen."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

_MASK = (1 << 64) - 1


def key(seed: int, *parts: str) -> int:
    """A 64-bit integer that depends on the seed and every part, and on nothing else."""
    data = "\0".join((str(seed), *parts)).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "little")


def keys(seed: int, texts: Iterable[str]) -> list[int]:
    """`key(seed, text)` for each text, at half the price."""
    hashed, integer, head = hashlib.blake2b, int.from_bytes, b"%d\0" % seed
    data = [head + text.encode("utf-8", "surrogatepass") for text in texts]
    return [integer(hashed(part, digest_size=8).digest(), "little") for part in data]


def generator(seed: int, *parts: str) -> np.random.Generator:
    """A numpy Generator of its own for this seed and these parts."""
    return np.random.default_rng(key(seed, *parts))


def mix(value: int) -> int:
    """Scramble a 64-bit integer (the finaliser of SplitMix64; Steele, Lea and Flood, OOPSLA 2014)."""
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return value ^ (value >> 31)


def match_draw(problem_key: int, a: int, b: int, meeting: int) -> int:
    """The random integer of a match: equal for (a, b) and (b, a), other for every meeting of the pair.

    It depends on the pair and not on when the pair is met, so that two strategies show a pair in the same order and
    share the judgment that was paid for. Every second meeting has the opposite lowest bit of the one before it: the
    pair is then shown the other way round.
    """
    low, high = (a, b) if a < b else (b, a)
    return mix((problem_key + low * 0x9E3779B97F4A7C15 + high * 0xC2B2AE3D27D4EB4F + meeting // 2) & _MASK) ^ (
        meeting & 1
    )


def match_draws(
    problem_keys: NDArray[np.uint64], low: NDArray[np.int64], high: NDArray[np.int64], meeting: NDArray[np.int64]
) -> NDArray[np.uint64]:
    """`match_draw` for arrays, where `low` is the lower and `high` the higher entrant of each match."""
    scaled = low.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + high.astype(np.uint64) * np.uint64(
        0xC2B2AE3D27D4EB4F
    )
    met = meeting.astype(np.uint64)
    return mix_many(problem_keys + scaled + met // np.uint64(2)) ^ (met & np.uint64(1))


def mix_many(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """`mix` for arrays; products wrap around at 64 bits."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def uniform_many(values: NDArray[np.uint64]) -> NDArray[np.float64]:
    """`uniform` for arrays."""
    return ((values >> np.uint64(12)).astype(np.float64) + 0.5) / (1 << 52)


def uniform(value: int) -> float:
    """The number in (0, 1) that a 64-bit integer stands for."""
    return ((value >> 12) + 0.5) / (1 << 52)
