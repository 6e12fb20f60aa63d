"""Which stretch of time is shown, and in buckets of which width."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import signals
from dashboards import parameters
from dashboards.parameters import BadParameter

if TYPE_CHECKING:
    from collections.abc import Mapping

RANGES = {
    "1h": timedelta(hours=1),
    "6h": timedelta(hours=6),
    "24h": timedelta(days=1),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
}
ALL = "all"
CUSTOM = "custom"
DAY = timedelta(days=1)
MOST_BUCKETS = 10_000
_MINUTES_UP_TO = timedelta(days=1)
_HOURS_UP_TO = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time to show.

    Attributes:
        start: Its start.
        end: Its end, exclusive.
        level: The width of its buckets.
        range: A key of ``RANGES``, ``all`` or ``custom``.
    """

    start: datetime
    end: datetime
    level: signals.Level
    range: str = CUSTOM


def level_for(length: timedelta) -> signals.Level:
    """Return the width of bucket that draws ``length`` readably: at most some 1,500 buckets."""
    if length <= _MINUTES_UP_TO:
        return signals.Level.MINUTE
    return signals.Level.HOUR if length <= _HOURS_UP_TO else signals.Level.DAY


def stretch(query: Mapping[str, str], now: datetime) -> signals.Span:
    """Return the time that ``start`` and ``end`` ask for, to the second; by default the last day.

    Raises:
        BadParameter: One of them is no instant, or they do not go together.
    """
    end = parameters.instant(query, "end") or now
    start = parameters.instant(query, "start") or end - DAY
    if start >= end:
        raise BadParameter("start", f"{signals.iso(start)} is not before {signals.iso(end)}")
    return signals.Span(start, end)


def requested(query: Mapping[str, str], now: datetime) -> Window:
    """Return the window that ``start``, ``end`` and ``level`` ask for; by default the last day.

    Raises:
        BadParameter: One of them is no such value, or they do not go together.
    """
    span = stretch(query, now)
    start, end = span.start, span.end
    level = parameters.level(query, "level") or level_for(end - start)
    if (end - start) / timedelta(seconds=level) > MOST_BUCKETS:
        raise BadParameter(
            "level",
            f"a {level.name.lower()} is too narrow for {(end - start).days:,} days; "
            f"at most {MOST_BUCKETS:,} buckets are given at a time",
        )
    return Window(level.floor(start), end, level)


def shown(query: Mapping[str, str], extent: signals.Span | None, now: datetime) -> Window:
    """Return the window of a topic's page, from ``range``, or from ``from`` and ``to``.

    Without any of them it is the shortest of a day, a week, a month and all that holds data, so
    that an imported archive opens on its own extent.

    Raises:
        BadParameter: One of them is no such value, or they do not go together.
    """
    if query.get("from") or query.get("to"):
        return _custom(query, now)
    name = query.get("range") or _default_range(extent, now)
    if name in RANGES:
        level = level_for(RANGES[name])
        return Window(level.floor(now - RANGES[name]), now, level, name)
    if name != ALL:
        raise BadParameter("range", f"{name[:40]!r} is none of {', '.join(RANGES)}, {ALL}")
    if extent is None:
        return Window(signals.Level.MINUTE.floor(now - DAY), now, signals.Level.MINUTE, ALL)
    living = extent.end > now - RANGES["30d"]
    end = now if living else extent.end
    level = level_for(end - extent.start)
    return Window(level.floor(extent.start), end, level, ALL)


def _custom(query: Mapping[str, str], now: datetime) -> Window:
    end = parameters.instant(query, "to") or now
    start = parameters.instant(query, "from") or end - DAY
    if start >= end:
        raise BadParameter("from", f"{signals.iso(start)} is not before {signals.iso(end)}")
    level = level_for(end - start)
    return Window(level.floor(start), end, level)


def _default_range(extent: signals.Span | None, now: datetime) -> str:
    if extent is None:
        return "24h"
    recent = (name for name in ("24h", "7d", "30d") if extent.end > now - RANGES[name])
    return next(recent, ALL)
