"""Soft preferences: how likely the judge found each label at the place where its verdict stands."""

from __future__ import annotations

from tournament.judges.text_model import Weights
from tournament.types import Judgment, Outcome

# Below this, the labels are not what the model was about to say, and their ratio means nothing.
LEAST_MASS = 0.5


def softened(judged: Judgment, weights: Weights, seconds: float) -> Judgment:
    """A judgment whose preference is the first label's share of the labels' probability.

    The mass that both labels have together is kept with it. Where it is below one half the preference that the judge
    spoke stands; so does a tie, which the two labels know nothing of.
    """
    reply, mass = weights.reply, weights.first + weights.second
    judged = judged._replace(
        prompt_tokens=judged.prompt_tokens + reply.prompt_tokens,
        completion_tokens=judged.completion_tokens + reply.completion_tokens,
        cached_tokens=judged.cached_tokens + reply.cached_tokens,
        seconds=judged.seconds + seconds,
    )
    if reply.outcome is not None:
        return judged._replace(detail=f"no probabilities of the labels: {reply.detail}")
    judged = judged._replace(label_mass=min(1.0, mass))
    if mass < LEAST_MASS or judged.outcome is not Outcome.DECIDED:
        return judged
    p_first = weights.first / mass
    return judged._replace(p_first=p_first, outcome=Outcome.TIE if p_first == 0.5 else Outcome.DECIDED)
