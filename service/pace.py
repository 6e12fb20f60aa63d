"""When a source is asked next: how fast in ordinary times, and how long after a failure."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from collectors import FASTEST
from service.health import patience_of
from signals import Phase

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable
    from datetime import datetime

    from collectors import Collector
    from signals import Incident

HURRY = timedelta(hours=2)
"""For so long after its latest change an incident makes its sources be asked faster."""

IDLE = timedelta(hours=6)
"""A source that has brought nothing for so long is asked as slowly as it ever is."""

STALE = timedelta(minutes=5)
"""A source is never called stale after less."""

LONGEST_PAUSE = 3_600.0
"""Seconds between two attempts at a source that keeps failing or blocks us; it may ask for more."""

_FASTER = 4


def pace(collector: Collector, *, idle: timedelta, alarmed: bool) -> timedelta:
    """Return how long after one call the next one is due.

    Four times as fast in an incident, as far as the source allows. Otherwise slower the longer
    nothing has come, up to twice the interval; what comes brings it back to normal.

    Args:
        collector: What is polled.
        idle: How long it has brought no mention that was not known.
        alarmed: Whether a topic of it is in an incident.
    """
    interval = collector.interval
    if alarmed:
        fastest: timedelta = getattr(collector, "fastest", FASTEST)
        return min(max(interval / _FASTER, fastest), interval)
    return interval + (slowest(collector) - interval) * min(idle / IDLE, 1.0)


def slowest(collector: Collector) -> timedelta:
    """Return the most time between two calls of ``collector``."""
    found: timedelta = getattr(collector, "slowest", 2 * collector.interval)
    return max(found, collector.interval)


def overdue(collector: Collector) -> timedelta:
    """Return after how long unheard ``collector`` is called stale: a few of its intervals."""
    return max(patience_of(slowest(collector)), STALE)


def alarmed(incidents: Iterable[Incident], now: datetime) -> frozenset[str]:
    """Return the topics whose incidents are open, and changed no longer than ``HURRY`` ago.

    An incident that is never resolved must not make anybody be asked faster for ever.
    """
    return frozenset(
        incident.topic
        for incident in incidents
        if incident.phase is not Phase.RESOLVED and now - incident.changed < HURRY
    )


def pause(base: float, failures: int, rng: random.Random) -> float:
    """Return how many seconds to wait after ``failures`` failures in a row.

    This is "full jitter" of "Exponential Backoff and Jitter" (AWS Architecture Blog, 2015): any
    time up to a bound that doubles, so that those who failed together do not come back together.
    It is never shorter than ``base``, the ordinary wait, nor longer than ``LONGEST_PAUSE``.
    """
    bound = min(base * 2.0 ** min(failures, 30), LONGEST_PAUSE)
    return max(min(base, LONGEST_PAUSE), rng.uniform(0.0, bound))
