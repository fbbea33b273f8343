"""The rules of stopping against scipy, Wald's closed forms and counts of every ballot."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import beta

from strategies.stopping import leader_probability, posterior_leads, sprt_lead, wanted

counts = st.integers(0, 300)
shares = st.floats(0.51, 0.999)


@given(ahead=counts, behind=counts)
def test_the_posterior_is_that_of_the_beta_distribution(ahead: int, behind: int) -> None:
    expected = beta.sf(0.5, ahead + 0.5, behind + 0.5)
    assert leader_probability(ahead, behind) == pytest.approx(expected, abs=1e-11)


@given(ahead=counts, behind=counts)
def test_a_vote_more_makes_its_side_likelier(ahead: int, behind: int) -> None:
    # The losing side's is one less the other's, which rounds where it is next to nothing.
    assert leader_probability(ahead + 1, behind) >= leader_probability(ahead, behind) - 1e-12
    assert leader_probability(ahead, behind) + leader_probability(behind, ahead) == pytest.approx(1.0)
    assert leader_probability(ahead, ahead) == 0.5


def test_one_vote_by_hand() -> None:
    """Beta(3/2, 1/2) lies above one half with chance 1/2 + 1/pi."""
    assert leader_probability(1, 0) == pytest.approx(0.5 + 1 / math.pi)


@given(votes=st.integers(0, 60), confidence=shares)
def test_the_leads_of_the_posterior_are_the_least_that_scipy_finds(votes: int, confidence: float) -> None:
    for count, lead in enumerate(posterior_leads(votes, confidence)):
        sure = {
            2 * ahead - count: beta.sf(0.5, ahead + 0.5, count - ahead + 0.5) for ahead in range(count // 2, count + 1)
        }
        assume(all(abs(chance - confidence) > 1e-9 for chance in sure.values()))
        assert lead == min(
            (lead for lead, chance in sure.items() if chance >= confidence and lead > 0), default=math.inf
        )


@given(votes=st.integers(1, 60), confidence=shares, more=shares)
def test_more_confidence_needs_no_smaller_lead(votes: int, confidence: float, more: float) -> None:
    low, high = sorted((confidence, more))
    pairs = zip(posterior_leads(votes, low), posterior_leads(votes, high), strict=True)
    assert all(one <= other for one, other in pairs)
    assert sprt_lead(0.7, low) <= sprt_lead(0.7, high)


@pytest.mark.parametrize(
    ("accuracy", "confidence", "lead"), [(0.75, 0.9, 2.0), (0.75, 0.75, 1.0), (0.9, 0.75, 0.5), (0.6, 27 / 35, 3.0)]
)
def test_walds_bounds_by_hand(accuracy: float, confidence: float, lead: float) -> None:
    """The odds of the confidence are the odds of the accuracy to the power of the lead."""
    assert sprt_lead(accuracy, confidence) == pytest.approx(lead)


def walk(chances: tuple[float, float], leads: tuple[float, ...]) -> tuple[float, float]:
    """The exact chance that the wrong side leads at the end, and the mean samples, by adding up all paths.

    The samples take turns between two chances to be right, as the two orders of a judge with a position bias do.
    """
    states, wrong, samples = {(0, 0): 1.0}, 0.0, 0.0
    while states:
        (asked, lead), weight = (key := min(states)), states.pop(key)
        if not wanted(lead=abs(lead), counted=asked, asked=asked, leads=leads):
            wrong += weight * (0.5 if lead == 0 else float(lead < 0))
            samples += weight * asked
            continue
        # One at a time whatever is wanted, so that a rule that ends in between would show.
        for step in (1, -1):
            key = (asked + 1, lead + step)
            chance = chances[asked % 2] if step > 0 else 1 - chances[asked % 2]
            states[key] = states.get(key, 0.0) + weight * chance
    return wrong, samples


@pytest.mark.parametrize("accuracy", [0.6, 0.7, 0.85])
@pytest.mark.parametrize("confidence", [0.75, 0.9, 0.95, 0.99])
def test_the_error_and_the_samples_of_the_sequential_test_are_walds(accuracy: float, confidence: float) -> None:
    """Pairs move the lead by two, so the test ends at the next even lead, without overshoot: Wald's forms are exact."""
    bound = sprt_lead(0.7, confidence)
    lead = 2 * math.ceil(bound / 2)
    odds = accuracy / (1 - accuracy)
    error = 1 / (1 + odds**lead)
    wrong, samples = walk((accuracy, accuracy), (bound,) * 401)
    assert wrong == pytest.approx(error, abs=1e-6)
    assert samples == pytest.approx(lead * (1 - 2 * error) / (2 * accuracy - 1), rel=1e-4)


@given(accuracy=st.floats(0.6, 0.9), bias=st.floats(0, 0.4), confidence=st.floats(0.6, 0.99))
def test_a_position_bias_does_not_raise_the_error_of_the_sequential_test(
    accuracy: float, bias: float, confidence: float
) -> None:
    assume(accuracy + bias < 1)
    wrong, _ = walk((accuracy + bias, accuracy - bias), (sprt_lead(accuracy, confidence),) * 101)
    # Walks that are still open after 100 samples are decided by their majority.
    open_at_most = walk((accuracy + bias, accuracy - bias), (math.inf,) * 101)[0]
    assert wrong <= 1 - confidence + open_at_most + 1e-9


def mean_error(leads: tuple[float, ...]) -> float:
    """The share of wrong leaders where the judge's accuracy follows Jeffreys' prior, by the midpoint rule."""
    grid = 40
    # The squared sine of a uniform angle follows Beta(1/2, 1/2); here only its half above 1/2, by symmetry.
    accuracies = [math.sin(math.pi / 4 * (1 + (i + 0.5) / grid)) ** 2 for i in range(grid)]
    return sum(walk((p, p), leads)[0] for p in accuracies) / grid


@pytest.mark.parametrize("confidence", [0.6, 0.8, 0.95, 0.99])
def test_the_posterior_errs_no_more_than_it_says_where_its_prior_holds(confidence: float) -> None:
    """Against a vote of all 60 samples, which it is where the evidence never is enough."""
    added = mean_error(posterior_leads(60, confidence)) - mean_error((math.inf,) * 61)
    assert 0 <= added <= 1 - confidence


@given(
    says=st.lists(st.sampled_from([1, -1, 0]), min_size=24, max_size=24),
    votes=st.integers(1, 24),
    confidence=shares | st.none(),
)
def test_nothing_less_than_what_is_wanted_could_have_ended_the_vote(
    says: list[int], votes: int, confidence: float | None
) -> None:
    """At every point of a vote, ties among them, and whatever was said in between."""
    leads = (math.inf,) * (votes + 1) if confidence is None else posterior_leads(votes, confidence)
    open_until = 0
    for asked in range(votes + 1):
        lead, counted = abs(sum(says[:asked])), sum(map(abs, says[:asked]))
        more = wanted(lead=lead, counted=counted, asked=asked, leads=leads)
        assert 0 <= more <= votes - asked
        assert more or asked >= open_until
        open_until = max(open_until, asked + more)


def test_a_long_vote_has_its_table() -> None:
    leads = posterior_leads(1000, 0.95)
    # The normal limit: 1.645 standard deviations of the difference of 1000 votes.
    assert leads[1000] == pytest.approx(1.645 * math.sqrt(1000), abs=2)
