"""The stretches of time in which nobody listened: they are gaps, never zeros."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import signals

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SETTLING = timedelta(minutes=15)
"""How far what was heard may lag behind the present before that is called a gap."""


def watched(volume: signals.Volume) -> bool:
    """Tell whether the bucket was listened to, be it in part, or mentions are known of it."""
    return volume.coverage > 0 or volume.total > 0


def last_watched(volumes: Iterable[signals.Volume], level: signals.Level) -> datetime | None:
    """Return the end of the latest bucket that was watched."""
    starts = [volume.start for volume in volumes if watched(volume)]
    return max(starts) + timedelta(seconds=level) if starts else None


def gaps(
    volumes: Sequence[signals.Volume],
    start: datetime,
    end: datetime,
    level: signals.Level,
    now: datetime,
) -> list[signals.Span]:
    """Return the stretches of ``[start, end)`` that were not watched, by time.

    Args:
        volumes: The known buckets, by time.
        start: Start of the stretch, on a bucket's edge.
        end: Its end.
        level: The width of the buckets.
        now: The present. What is younger than ``SETTLING`` may still arrive, and is no gap yet.
    """
    found = []
    known_until = start
    for volume in volumes:
        if not watched(volume):
            continue
        if volume.start > known_until:
            found.append(signals.Span(known_until, volume.start))
        known_until = volume.start + timedelta(seconds=level)
    end = min(end, now)
    patience = SETTLING if end > now - SETTLING else timedelta(0)
    if end - known_until > patience:
        found.append(signals.Span(known_until, end))
    return found
