"""A judge whose model runs in this process: any GGUF file, on the processor or a GPU, through llama.cpp."""

from __future__ import annotations

from dataclasses import dataclass

from tournament.errors import UsageError
from tournament.judges.local_text import LocalText
from tournament.judges.reasoning import ReasoningJudge
from tournament.judges.speaking import SpeakingSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalSettings(SpeakingSettings):
    """Settings of a judge in this process.

    Attributes:
        gguf: the model's GGUF file; of one in several parts the first.
        profile: judge profile, see `tourney list judges`, or a file of yours; auto picks it by the name of the file.
        wording: official, tourney's, or auto for the official one where it is at hand.
        temperature: sampling temperature; none takes the profile's.
        top_p: nucleus sampling; none takes the profile's.
        thinking: most tokens of a think block before the answer; 0 for a model without one; none takes the profile's.
        max_tokens: most tokens of an answer, after any thinking; none takes the profile's.
        expected_tokens: tokens that an answer takes as a rule, thinking included, to plan budgets with: the mean of an
            earlier run; none takes half of the most.
        soft: preferences are the probabilities of the verdict's labels, at one more token a comparison.
        seed: seed of the judge's sampling; acts alike only where the same part of the prompt was read before.
        wrapping: chat format: chatml, deepseek-r1, llama3, plain, or server for the file's own; empty takes the
            profile's.
        context: most tokens that a prompt takes together with its answer; 0 for all that the model was trained with.
            Memory is set aside for them, as often as `parallel` says.
        threads: threads that compute; 0 for one on every core. They wait for each other: where other programs keep the
            cores busy, one thread is faster than many.
        gpu_layers: layers of the model on the GPU, where llama.cpp was built for one; -1 for as many as fit.
        parallel: comparisons computed at once.
    """

    gguf: str = ""
    thinking: int | None = None
    soft: bool = False
    wrapping: str = ""
    context: int = 16384
    threads: int = 0
    gpu_layers: int = -1
    parallel: int = 1

    def __post_init__(self) -> None:
        """Refuse values that no model takes."""
        SpeakingSettings.__post_init__(self)
        if self.parallel < 1 or (self.thinking is not None and self.thinking < 0):
            raise ValueError("parallel starts at 1 and thinking at 0")
        if self.context < 0 or self.threads < 0 or self.gpu_layers < -1:
            raise ValueError("context and threads start at 0, and gpu_layers at -1")


class LocalJudge(ReasoningJudge):
    """A model in this process that is shown two candidates, thinks, and says which is better.

    More comparisons in flight than `most_in_flight` would only wait for each other.
    """

    def __init__(self, settings: LocalSettings) -> None:
        if not settings.gguf:
            raise UsageError("the local judge needs a model: -J gguf=MODEL.gguf")
        text = LocalText(
            settings.gguf,
            context=settings.context,
            threads=settings.threads,
            gpu_layers=settings.gpu_layers,
            parallel=settings.parallel,
        )
        super().__init__("local", settings, settings, text)
        self.most_in_flight = settings.parallel

    @property
    def batch_size(self) -> int | None:
        """Comparisons in one call: one, so that each is kept as soon as it is judged."""
        return 1
