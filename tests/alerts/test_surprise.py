"""Tests of the tail of the negative binomial distribution, and of the expected band."""

from __future__ import annotations

from math import exp, lgamma, log, log10

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.surprise import band, surprise


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
def test_surprise_equals_the_sum_of_single_probabilities(
    mean: float, dispersion: float, ratio: float
) -> None:
    """The continued fraction agrees with plain addition."""
    count = max(1, round(mean * ratio))
    tail = -log10(_tail(count, mean, dispersion))
    assert surprise(count, mean, dispersion) == pytest.approx(tail, abs=1e-6)


def test_surprise_tends_to_the_poisson_tail() -> None:
    """With hardly any dispersion, 10 where 2 are expected has the tail that tables give."""
    assert surprise(10, 2.0, 1e-6) == pytest.approx(-log10(4.6498e-5), abs=1e-3)


def test_a_count_at_or_below_the_mean_is_no_evidence() -> None:
    """Silence is never a spike."""
    assert surprise(0, 3.0, 0.05) == 0
    assert surprise(3, 3.0, 0.05) == 0


@given(
    mean=st.floats(1e-4, 1e5),
    dispersion=st.floats(0.01, 3),
    count=st.integers(1, 10**6),
    more=st.integers(1, 1_000),
)
def test_more_complaints_are_never_less_surprising(
    mean: float, dispersion: float, count: int, more: int
) -> None:
    """The score is finite, and grows with the count."""
    low, high = surprise(count, mean, dispersion), surprise(count + more, mean, dispersion)
    assert 0 <= low <= high + 1e-6 < float("inf")


@pytest.mark.parametrize("mean", [0.05, 0.5, 3.0, 30.0, 300.0])
@pytest.mark.parametrize("dispersion", [0.01, 0.1])
def test_the_band_holds_nearly_every_count(mean: float, dispersion: float) -> None:
    """At most one count in 200 lies above it, and hardly any below."""
    low, high = band(mean, dispersion)
    assert 0 <= low < mean < high
    assert _tail(int(high) + 1, mean, dispersion) < 0.005
    assert sum(_probability(each, mean, dispersion) for each in range(int(low))) < 0.005
