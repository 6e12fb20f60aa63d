"""When a notification that could not be sent is tried again.

The schedule outlives the process, so it is a function of what the journal keeps. It follows the
Standard Webhooks specification, "Deliverability and reliability": growing delays with some random
jitter. Being an alarm, it is tried more often in the first minutes, and is given up after a day.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from datetime import datetime

DELAYS = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(minutes=30),
    timedelta(hours=1),
    timedelta(hours=2),
    timedelta(hours=4),
    timedelta(hours=8),
    timedelta(hours=8),
)
"""The wait after the first, second, ... failed attempt; 23 h 53 min in all."""

JITTER = 0.2
"""Each delay is varied by up to this part of it, up or down."""

LONGEST = timedelta(hours=24)
"""No receiver can ask for a longer wait."""


def next_attempt(
    attempts: int, now: datetime, retry_after: float | None, rng: random.Random
) -> datetime | None:
    """Return when to try again.

    Args:
        attempts: How many attempts have failed, the latest included.
        now: The present.
        retry_after: How many seconds the receiver asked to be left alone, if it did.
        rng: Where the jitter comes from.

    Returns:
        The time of the next attempt; None to give up.
    """
    if attempts > len(DELAYS):
        return None
    delay = DELAYS[attempts - 1] * rng.uniform(1 - JITTER, 1 + JITTER)
    asked = timedelta(seconds=min(retry_after or 0.0, LONGEST.total_seconds()))
    return now + max(delay, asked)
