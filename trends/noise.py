"""How far chance alone moves a distro: the model that ``docs/trends.md`` states.

A day's hits scatter around their mean by counting (Poisson: variance = mean) and by a fifth of the
mean, since a day is not like another; the days of a week go together. An average over n days so has
the relative variance

    v = SCATTER^2 * WEEK / n + 1 / (hits * n)

Two averages over the same span that lie k < n days apart share n - k days, so that only the part
k / n of each differs; and figures are published as whole numbers, each off by up to a half, which
has the variance 1/12. The relative variance of a change by chance is

    q^2 = 2 * (v * min(k, n) / n + 1 / (12 * hits^2))

A rank moves by chance past those distros whose hits lie near its own: by half as many places as
there are within one q; or, where they are few, by a sixth of those within three q. At the top
neighbours are far apart, further down they crowd: so a rank moves more easily at 90 than at 3.
Where hits are unknown they are taken to fall as 1 / rank (Zipf), which makes it rank * q places.
"""

from __future__ import annotations

from datetime import timedelta
from math import sqrt
from typing import TYPE_CHECKING

from trends.ranking import days

if TYPE_CHECKING:
    from signals import Reading
    from trends.ranking import Ranking

SCATTER = 0.2
"""Standard deviation of a day's hits, as a part of their mean, counting aside."""

SURE = 2.0
"""So many standard deviations a move must exceed to be called clear."""

_WEEK = 7.0  # days
_WIDTHS = (1, 3)  # within so many q neighbours are counted
_DAY = timedelta(days=1)


def scatter(hits: int | None, before: Ranking, after: Ranking) -> float:
    """Return by which part of itself a figure changes by chance from one ranking to the other.

    Args:
        hits: The figure; None if it is unknown, and taken for large.
        before: The earlier ranking.
        after: The later one.

    Returns:
        A standard deviation, q above: 0.1 is a tenth.
    """
    averaged = min(days(before.span), days(after.span))
    apart = abs(after.day - before.day) / _DAY
    exchanged = min(apart, averaged) / averaged
    variance = SCATTER**2 * min(_WEEK / averaged, 1.0)
    rounding = 0.0
    if hits is not None:
        variance += 1 / (max(hits, 1) * averaged)
        rounding = 1 / (12 * max(hits, 1) ** 2)
    return sqrt(2 * (variance * exchanged + rounding))


def places(reading: Reading, ranking: Ranking, part: float) -> float:
    """Return how many places ``reading`` moves by chance within ``ranking``.

    Args:
        reading: One of the ranking's.
        ranking: The ranking.
        part: By which part of itself its figure changes by chance.

    Returns:
        A standard deviation in places; 0 where no neighbour is near.
    """
    hits = reading.hits
    if hits is None:
        return reading.rank * part
    return max(
        (ranking.between(hits / (1 + width * part), hits * (1 + width * part)) - 1) / (2 * width)
        for width in _WIDTHS
    )
