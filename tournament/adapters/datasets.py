"""A function for `Dataset.map` of Hugging Face datasets; the library itself is not needed."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any, Unpack

from tournament.adapters import asked
from tournament.api import RankOptions, rank
from tournament.errors import UsageError

COLUMNS = ("best", "best_index", "p_best")


class BestOfN:
    """Ranks the candidates of every row of a batch: `dataset.map(BestOfN(), batched=True)`.

    It holds nothing but its parameters, so that it goes to other processes (`num_proc`) and is found again in the cache
    of datasets. Every process has connections of its own to a judge's server. What a row plays depends on the row and
    the seed, not on the batch. What is known of the judge's habits, which moves ratings and P(best) a little, is
    learned from the batch. A run limit of the budget is for each batch.
    """

    def __init__(
        self,
        *,
        prompt: str = "prompt",
        candidates: str = "candidates",
        columns: Sequence[str] = COLUMNS,
        **options: Unpack[RankOptions],
    ) -> None:
        """Name the columns; the other arguments are those of `tournament.arank`.

        Args:
            prompt: The column of prompts, text or chat messages.
            candidates: The column of lists of candidates, each text or chat messages.
            columns: The new columns: the best candidate, its position in the list, and P(best), null where it is not
                known.
            options: As for `arank`.

        Raises:
            UsageError: for other than three new columns.
        """
        if len(columns) != len(COLUMNS) or len(set(columns)) != len(columns):
            raise UsageError(f"columns={list(columns)}: name three, for {', '.join(COLUMNS)}")
        self._prompt, self._candidates, self._columns = prompt, candidates, tuple(columns)
        self._options = options

    def __call__(self, batch: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
        """The new columns of a batch.

        Raises:
            JudgeUnreachableError: where the judge's server is gone.
            UsageError: where a column is missing, or a row has no prompt or no candidates.
        """
        for name in (self._prompt, self._candidates):
            if name not in batch:
                raise UsageError(f"there is no column {name!r}; name it with BestOfN(prompt=, candidates=)")
        fields = batch[self._candidates]
        problems = [
            asked.problem(prompt, candidates, f"row {number} of the batch")
            for number, (prompt, candidates) in enumerate(zip(batch[self._prompt], fields, strict=True))
        ]
        # A judge learns while it works; with a copy of its own, each batch finds the one that was handed over.
        results = rank(problems, **copy.deepcopy(self._options))
        places = [int(result.best) for result in results]
        best = [candidates[place] for candidates, place in zip(fields, places, strict=True)]
        return dict(zip(self._columns, (best, places, [result.p_best for result in results]), strict=True))
