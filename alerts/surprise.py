"""How surprising a count is, when counts vary more than chance alone would have it.

Counts of posts are over-dispersed: people answer and repeat each other. They are described by the
negative binomial distribution with a mean ``m`` and a dispersion ``a``: variance ``m + a m^2``
(the NB2 form: Cameron and Trivedi, *Regression Analysis of Count Data*, section 3.3).
"""

from __future__ import annotations

from math import lgamma, log, sqrt

BAND = 3.09
"""Half-width of the expected band in standard deviations: about one minute in 1,000 lies above."""

_ACCURACY = 1e-9
_TERMS = 10_000
_TINY = 1e-300


def surprise(count: int, mean: float, dispersion: float) -> float:
    """Return ``-log10 P[X >= count]``: 3 is one in a thousand, 5 one in a hundred thousand.

    The tail of the negative binomial is a regularised incomplete beta function,
    ``I_x(count, r)`` with ``r = 1 / dispersion`` and ``x = mean / (mean + r)`` (NIST DLMF 8.17.24).

    Args:
        count: What was counted.
        mean: What was expected, more than 0.
        dispersion: ``a``, more than 0.

    Returns:
        The evidence; 0 for a count that does not exceed the mean.
    """
    if count <= mean:
        return 0.0
    r = 1 / dispersion
    x = mean / (mean + r)
    front = lgamma(count + r) - lgamma(count) - lgamma(r) - log(count)
    front += count * log(x) + r * log(r / (mean + r))
    return max(0.0, -(front + log(_beta_fraction(count, r, x))) / log(10))


def band(mean: float, dispersion: float) -> tuple[float, float]:
    """Return the edges between which almost every count lies, from the first three moments.

    The upper edge has the skewness term of the Cornish-Fisher expansion (Abramowitz and Stegun
    26.2.49). The lower one does without: there the expansion fails for small means.
    """
    deviation = sqrt(mean + dispersion * mean * mean)
    skew = (BAND * BAND - 1) / 6 * (1 + 2 * dispersion * mean)
    return max(0.0, mean - BAND * deviation), mean + BAND * deviation + skew


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
