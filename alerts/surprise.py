"""How surprising a count of complaints is, given how much else is said of the topic.

Counts of posts are over-dispersed: people answer and repeat each other. They are described by the
negative binomial distribution with a mean ``m`` and a dispersion ``a``: variance ``m + a m^2``
(the NB2 form: Cameron and Trivedi, *Regression Analysis of Count Data*, section 3.3).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import exp, lgamma, log, sqrt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

BAND = 3.09
"""Half-width of the expected band in standard deviations: about one minute in 1,000 lies above."""

RATIO = 1.5
"""Less than half as many again is no outage, however certain it is."""

BUZZ = 0.2
"""How often the usual volume says nothing of the present one: repeats, news, a benign buzz."""

BUZZ_DISPERSION = 10.0
"""How much volume varies then: so much that only the other mentions tell what to expect."""

_ACCURACY = 1e-9
_TERMS = 10_000
_TINY = 1e-300


@dataclass(frozen=True, slots=True)
class Usual:
    """What a window usually holds.

    Attributes:
        complaints: Complaints expected.
        others: Other mentions expected; 0 if the topic has none but complaints.
        volume: Dispersion of all mentions.
        share: Dispersion of the complaints among a known number of mentions.
    """

    complaints: float
    others: float
    volume: float
    share: float

    def spread(self, others: int) -> float:
        """Return the dispersion of the complaints where ``others`` were heard beside them."""
        return 1 / (1 / self.volume + others) + self.share


def surprise(complaints: int, others: int, usual: Usual) -> tuple[float, float]:
    """Return the evidence that there are too many complaints, and how many were to be expected.

    Complaints and other mentions rise and fall together: both are Poisson counts whose means are
    multiplied by the same gamma-distributed volume, so that complaints given the others are again
    negative binomial (the negative multinomial distribution: Johnson, Kotz and Balakrishnan,
    *Discrete Multivariate Distributions*, chapter 36)::

        size = 1 / volume + others
        mean = usual.complaints * size / (1 / volume + usual.others)

    With few others this asks whether the count is too high, with many whether the share is. Volume
    has a contaminated distribution (Tukey, *A survey of sampling from contaminated distributions*,
    1960): mostly the learned dispersion, sometimes ``BUZZ_DISPERSION``. Each is weighed by how well
    it explains the others that were heard.

    Args:
        complaints: Complaints in the window.
        others: Its other mentions.
        usual: What it usually holds.

    Returns:
        ``-log10 P[X >= complaints]`` and the mean of X; the former is 0 unless there are ``RATIO``
        times as many complaints as usual, and as expected.
    """
    means: list[float] = []
    weights: list[float] = []
    tails: list[float] = []
    for prior, each in _volumes(usual):
        mean = usual.complaints * (1 / each.volume + others) / (1 / each.volume + usual.others)
        weight = log(prior) + _log_mass(others, usual.others, each.volume)
        means.append(mean)
        weights.append(weight)
        tails.append(weight + log_tail(complaints, mean, each.spread(others)))
    total = _log_sum(weights)
    mean = sum(exp(each - total) * mean for each, mean in zip(weights, means, strict=True))
    if complaints < RATIO * max(mean, usual.complaints):
        return 0.0, mean
    return max(0.0, (total - _log_sum(tails)) / log(10)), mean


def log_tail(count: int, mean: float, dispersion: float) -> float:
    """Return ``ln P[X >= count]``, at most 0; it is 0 for a count that does not exceed the mean.

    The tail of the negative binomial is a regularised incomplete beta function,
    ``I_x(count, r)`` with ``r = 1 / dispersion`` and ``x = mean / (mean + r)`` (NIST DLMF 8.17.24).

    Args:
        count: What was counted.
        mean: What was expected, more than 0.
        dispersion: ``a``, more than 0.
    """
    if count <= mean:
        return 0.0
    r = 1 / dispersion
    x = mean / (mean + r)
    front = lgamma(count + r) - lgamma(count) - lgamma(r) - log(count)
    front += count * log(x) + r * log(r / (mean + r))
    return min(0.0, front + log(_beta_fraction(count, r, x)))


def band(mean: float, dispersion: float) -> tuple[float, float]:
    """Return the edges between which almost every count lies, from the first three moments.

    The upper edge has the skewness term of the Cornish-Fisher expansion (Abramowitz and Stegun
    26.2.49). The lower one does without: there the expansion fails for small means.
    """
    deviation = sqrt(mean + dispersion * mean * mean)
    skew = (BAND * BAND - 1) / 6 * (1 + 2 * dispersion * mean)
    return max(0.0, mean - BAND * deviation), mean + BAND * deviation + skew


def _volumes(usual: Usual) -> tuple[tuple[float, Usual], ...]:
    """Return how volume may vary, and how probable that is beforehand."""
    if not usual.others:  # nothing but complaints is heard, so that nothing could tell of a buzz
        return ((1.0, usual),)
    return (1 - BUZZ, usual), (BUZZ, replace(usual, volume=BUZZ_DISPERSION))


def _log_mass(count: int, mean: float, dispersion: float) -> float:
    """Return ``ln P[X = count]``."""
    if not mean:
        return 0.0
    r = 1 / dispersion
    ways = lgamma(count + r) - lgamma(r) - lgamma(count + 1)
    return ways + r * log(r / (r + mean)) + count * log(mean / (r + mean))


def _log_sum(logarithms: Sequence[float]) -> float:
    """Return the logarithm of the sum of what these are the logarithms of."""
    most = max(logarithms)
    return most + log(sum(exp(each - most) for each in logarithms))


def _beta_fraction(a: float, b: float, x: float) -> float:
    """Return the continued fraction of the incomplete beta function.

    NIST DLMF 8.17.22, by Lentz's method (Press et al., *Numerical Recipes*, 3rd ed., section 6.4).
    It converges fast where ``x < (a + 1) / (a + b + 2)``, which holds above the mean.
    """
    c = 1.0
    d = 1 / _nonzero(1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, _TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d = 1 / _nonzero(1 + even * d)
        c = _nonzero(1 + even / c)
        value *= c * d
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d = 1 / _nonzero(1 + odd * d)
        c = _nonzero(1 + odd / c)
        value *= c * d
        if abs(c * d - 1) < _ACCURACY:
            break
    return value


def _nonzero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
