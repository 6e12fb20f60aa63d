"""When an answer without anything in it is too unlikely to be believed.

A feed that was switched off, a search that broke or a page of another shape may all look like a
quiet hour. What a source has brought so far tells them apart.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

HISTORY = timedelta(days=7)
"""How far back a source's habits are looked for."""

UNBELIEVABLE = 1e-6
"""A silence is believed unless it is less likely than this."""

_LONGER = 3
"""A silence is believed unless it lasts so many times as long as any before it."""

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_HOURS = 24


@dataclass(frozen=True, slots=True)
class Silence:
    """How long a source has been silent, and what it used to do.

    Attributes:
        since: The latest minute that brought anything.
        lasts: For how long it was heard since then, without bringing anything more.
        longest: The longest such time before.
        rate: Items an hour, at the hour of the day at which it brings the fewest.
    """

    since: datetime
    lasts: timedelta
    longest: timedelta
    rate: float

    @property
    def chance(self) -> float:
        """The probability of such a silence, were items to come independently at that rate."""
        return math.exp(-self.rate * (self.lasts / _HOUR))

    @property
    def is_believable(self) -> bool:
        """Whether it may be just that.

        Posts come in bursts, so that the Poisson probability alone would cry wolf: the source's own
        longest silence speaks as well.
        """
        return self.chance >= UNBELIEVABLE or self.lasts <= _LONGER * self.longest


def silence(
    minutes: Sequence[tuple[datetime, int]], *, now: datetime, patience: timedelta
) -> Silence | None:
    """Return how long a source has been silent, from the minutes in which it was heard.

    Args:
        minutes: Each minute in which it was asked with success, and how many items that brought.
        now: The present, at which it was asked and brought nothing.
        patience: The longest time between two successes in which it still counts as heard.

    Returns:
        The silence; None if there is less than a day of history, or none of some hour of the day.
    """
    items: Counter[int] = Counter()
    heard: defaultdict[int, timedelta] = defaultdict(timedelta)
    since = None
    longest = timedelta(0)
    pending: list[tuple[int, timedelta]] = []  # heard since the latest item, by hour of the day
    for (minute, brought), (following, _) in pairwise([*minutes, (now, 0)]):
        if brought:
            longest = max(longest, _sum(pending))
            for hour, step in pending:
                heard[hour] += step
            since, pending = minute, []
            items[minute.hour] += brought
        step = following - minute
        if timedelta(0) < step <= patience:
            pending.append((minute.hour, step))
    if since is None or len(heard) < _HOURS or sum(heard.values(), timedelta(0)) < _DAY:
        return None
    rate = min(items[hour] / (heard[hour] / _HOUR) for hour in heard)
    return Silence(since, _sum(pending), longest, rate)


def _sum(steps: Iterable[tuple[int, timedelta]]) -> timedelta:
    return sum((step for _, step in steps), timedelta(0))
