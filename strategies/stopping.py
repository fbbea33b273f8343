"""When a vote may stop: the lead that ends it, and how many samples to ask for until that is possible.

A vote is a walk: every sample moves the lead of one side by up to one vote. Each rule is a table of leads.

- "posterior": the share of the judge's votes that goes to a side has Jeffreys' prior Beta(1/2, 1/2) (Jeffreys, "An
  invariant form for the prior probability in estimation problems", 1946). The vote ends where the posterior says with
  the wanted confidence that an unlimited vote would have the same winner. It holds on average over pairs of that
  prior; for pairs on which the judge wavers the error is larger, since the posterior is looked at again and again.
- "sprt": Wald's test ("Sequential tests of statistical hypotheses", 1945) between the accuracies p and 1 - p of a
  sample. The same lead ends it whatever the number of votes. The test errs with at most 1 - confidence wherever the
  judge's accuracy, taken over both orders, is at least p, if nothing else ends it first.

Both speak of the judge's own long-run vote. A judge that repeats its errors is confidently wrong.
"""

from __future__ import annotations

import math
from functools import lru_cache

PRIOR = 0.5
"""Votes that Jeffreys' prior gives to each side."""

_ROUNDING = 1e-9


def leader_probability(ahead: int, behind: int) -> float:
    """The posterior probability that the side with `ahead` votes wins an unlimited vote.

    It is the chance of more than 1/2 under Beta(ahead + 1/2, behind + 1/2): one half where both have as many votes, and
    one term more with each further vote, by the recurrence I(a + 1, b) = I(a, b) - x^a (1 - x)^b / (a B(a, b)) of the
    incomplete beta function at x = 1/2 (DLMF 8.17.20).
    """
    if ahead < behind:
        return 1.0 - leader_probability(behind, ahead)
    low = behind + PRIOR
    term = math.exp(math.lgamma(2 * low) - math.lgamma(low + 1) - math.lgamma(low) - 2 * low * math.log(2))
    total = 0.5
    for votes in range(behind, ahead):
        total += term
        term *= 0.5 * (votes + PRIOR + low) / (votes + PRIOR + 1)
    return min(total, 1.0)


@lru_cache(maxsize=64)
def posterior_leads(votes: int, confidence: float) -> tuple[float, ...]:
    """The least lead after 0, 1, ... `votes` counted votes at which the leader is the long-run winner.

    Args:
        votes: The most votes that are counted.
        confidence: Posterior probability from which on the vote is over, above 1/2 and below 1.

    Returns:
        One lead a count, infinite where not even a unanimous vote is enough.
    """
    leads, ahead = [], 0
    for count in range(votes + 1):
        # The least number of votes ahead never falls as votes are added, so the search goes on from the last one.
        ahead = max(ahead, (count + 1) // 2)
        while ahead <= count and leader_probability(ahead, count - ahead) < confidence:
            ahead += 1
        leads.append(2.0 * ahead - count if ahead <= count else math.inf)
    return tuple(leads)


def sprt_lead(accuracy: float, confidence: float) -> float:
    """The lead that ends Wald's test between `accuracy` and its complement, in votes; it need not be whole.

    Both errors are 1 - confidence, so the bounds of the log-likelihood ratio are plus and minus the log-odds of the
    confidence, and a vote is worth the log-odds of the accuracy. A part of a vote counts as that part of its worth. By
    the convexity of the exponential the ratio then bounds the error also for a judge whose mean preference is that
    accurate, at (1 - confidence) / confidence since soft votes can overshoot. Nor does a position bias raise it where
    the lead is looked at after whole pairs of orders only: a geometric mean is never above the arithmetic one.

    Args:
        accuracy: Chance that one sample prefers the right side, above 1/2 and below 1.
        confidence: 1 less the error, above 1/2 and below 1.
    """
    return math.log(confidence / (1.0 - confidence)) / math.log(accuracy / (1.0 - accuracy))


def wanted(*, lead: float, counted: int, asked: int, leads: tuple[float, ...]) -> int:
    """How many samples to ask for at once: the fewest after which the vote may be over; 0 where it is over.

    It is over where the samples left cannot turn the lead round, or where, after whole pairs of orders, the lead is
    that of the rule. Asking for so many at once costs no sample more than asking one by one: in between it could not
    have ended. And no rule asks for more than the majority alone, with all leads infinite, would ask for.

    Args:
        lead: Votes of one side less those of the other, without its sign.
        counted: Votes counted so far; ties and judgments without a preference are none.
        asked: Samples so far, the two orders in turn.
        leads: The least lead that ends the vote after 0, 1, ... counted votes, one more than there are samples.
    """
    left = len(leads) - 1 - asked
    for more in range(left):
        if lead + more > left - more:
            return more
        if (asked + more) % 2 == 0 and lead + more >= leads[counted + more] - _ROUNDING:
            return more
    return left
