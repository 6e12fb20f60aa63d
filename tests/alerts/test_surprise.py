"""Tests of the evidence in a count of complaints, and of the expected band."""

from __future__ import annotations

from dataclasses import replace
from math import exp, lgamma, log, log10

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.surprise import RATIO, Usual, band, log_tail, surprise

USUAL = Usual(complaints=10.0, others=30.0, volume=0.05, share=0.01)


def _probability(count: int, mean: float, dispersion: float) -> float:
    """Return P[X = count] from the definition, by way of logarithms."""
    r = 1 / dispersion
    ways = lgamma(count + r) - lgamma(r) - lgamma(count + 1)
    return exp(ways + r * log(r / (r + mean)) + count * log(mean / (r + mean)))


def _tail(count: int, mean: float, dispersion: float) -> float:
    """Return P[X >= count] by adding up single probabilities."""
    return sum(_probability(each, mean, dispersion) for each in range(count, count + 5_000))


@pytest.mark.parametrize("mean", [0.02, 0.7, 9.0, 140.0])
@pytest.mark.parametrize("dispersion", [0.01, 0.05, 1.0])
@pytest.mark.parametrize("ratio", [1.2, 2.0, 4.0])
def test_the_tail_equals_the_sum_of_single_probabilities(
    mean: float, dispersion: float, ratio: float
) -> None:
    """The continued fraction agrees with plain addition."""
    count = max(1, round(mean * ratio))
    assert log_tail(count, mean, dispersion) == pytest.approx(
        log(_tail(count, mean, dispersion)), abs=1e-6
    )


def test_the_tail_tends_to_that_of_poisson() -> None:
    """With hardly any dispersion, 10 where 2 are expected has the tail that tables give."""
    assert log_tail(10, 2.0, 1e-6) == pytest.approx(log(4.6498e-5), abs=1e-3)


def test_a_count_at_or_below_the_mean_is_no_evidence() -> None:
    """Silence is never a spike."""
    assert log_tail(0, 3.0, 0.05) == 0
    assert log_tail(3, 3.0, 0.05) == 0


@given(
    mean=st.floats(1e-4, 1e5),
    dispersion=st.floats(0.01, 3),
    count=st.integers(1, 10**6),
    more=st.integers(1, 1_000),
)
def test_more_complaints_are_never_less_surprising(
    mean: float, dispersion: float, count: int, more: int
) -> None:
    """The tail is finite, and shrinks with the count."""
    high, low = log_tail(count, mean, dispersion), log_tail(count + more, mean, dispersion)
    assert float("-inf") < low <= high + 1e-6 <= 1e-6


def test_without_other_mentions_only_the_count_decides() -> None:
    """The evidence is then the tail of the count itself."""
    score, mean = surprise(40, 0, replace(USUAL, others=0.0))
    assert mean == pytest.approx(10)
    assert score == pytest.approx(-log_tail(40, 10.0, 0.05 + 0.01) / log(10))


def test_complaints_given_the_others_follow_from_a_common_volume() -> None:
    """The conditional tail agrees with a sum over all volumes that may have been."""
    complaints, others, steps = 40, 36, 20_000
    size = 1 / USUAL.volume
    top = size * 4
    joint = total = 0.0
    for step in range(1, steps):  # the gamma distribution of volume, by the midpoint rule
        volume = (step - 0.5) * top / steps / size
        density = exp((size - 1) * log(volume) - size * volume)
        rate = USUAL.others * volume
        seen = exp(others * log(rate) - rate - lgamma(others + 1)) * density
        rate = USUAL.complaints * volume
        fewer = sum(exp(n * log(rate) - rate - lgamma(n + 1)) for n in range(complaints))
        total += seen
        joint += seen * (1 - fewer)
    dispersion = 1 / (size + others)
    mean = USUAL.complaints * (size + others) / (size + USUAL.others)
    assert exp(log_tail(complaints, mean, dispersion)) == pytest.approx(joint / total, rel=1e-3)


def test_a_buzz_explains_more_complaints() -> None:
    """Four times as many are no evidence where four times as much of everything is said."""
    score, mean = surprise(40, 120, USUAL)
    assert score == 0
    assert mean == pytest.approx(39, rel=0.05)
    alone, _ = surprise(40, 30, USUAL)
    assert alone > 6


def test_few_more_are_never_evidence() -> None:
    """However certain it is: a third more of a hundred thousand is no outage."""
    many = Usual(complaints=1e5, others=3e5, volume=0.005, share=1e-6)
    assert surprise(133_000, 300_000, many)[0] == 0
    assert surprise(round(RATIO * 1e5) + 5_000, 300_000, many)[0] > 100


@given(
    complaints=st.integers(1, 10**6),
    others=st.integers(0, 10**6),
    usual=st.builds(
        Usual,
        complaints=st.floats(1e-6, 1e5),
        others=st.floats(0, 1e5),
        volume=st.floats(0.005, 5),
        share=st.floats(0.002, 5),
    ),
)
def test_the_evidence_is_always_a_number(complaints: int, others: int, usual: Usual) -> None:
    """It is finite and not negative, whatever is counted."""
    score, mean = surprise(complaints, others, usual)
    assert 0 <= score < float("inf")
    assert 0 < mean < float("inf")


@pytest.mark.parametrize("mean", [0.05, 0.5, 3.0, 30.0, 300.0])
@pytest.mark.parametrize("dispersion", [0.01, 0.1])
def test_the_band_holds_nearly_every_count(mean: float, dispersion: float) -> None:
    """At most one count in 200 lies above it, and hardly any below."""
    low, high = band(mean, dispersion)
    assert 0 <= low < mean < high
    assert _tail(int(high) + 1, mean, dispersion) < 0.005
    assert sum(_probability(each, mean, dispersion) for each in range(int(low))) < 0.005


def test_the_score_counts_powers_of_ten() -> None:
    """A score of 3 is one chance in a thousand."""
    score, _ = surprise(25, 0, Usual(complaints=10.0, others=0.0, volume=0.005, share=0.002))
    assert score == pytest.approx(-log10(_tail(25, 10.0, 0.007)), abs=1e-6)
