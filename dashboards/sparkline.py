"""The small chart of a topic's last day: complaints by the hour, as SVG geometry."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from dashboards.gaps import gaps
from signals import Level, Span, State, Verdict, Volume

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH = 240
HEIGHT = 48
_HOURS = 24
_GUTTER = 2.0


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle.

    Attributes:
        x: Its left edge.
        y: Its upper edge.
        width: Its width.
        height: Its height.
        state: What the detector says of it, as a word for the style sheet.
    """

    x: float
    y: float
    width: float
    height: float
    state: str = ""


@dataclass(frozen=True, slots=True)
class Sparkline:
    """What to draw into a view box of ``WIDTH`` by ``HEIGHT``.

    Attributes:
        bars: Complaints of each hour.
        gaps: Stretches that were not watched.
        band: The expected range of each hour.
        summary: The same in words.
    """

    bars: tuple[Box, ...]
    gaps: tuple[Box, ...]
    band: tuple[Box, ...]
    summary: str


def span(now: datetime) -> Span:
    """Return the stretch that a sparkline shows: the last 24 hours, the present one included."""
    start = Level.HOUR.floor(now) - timedelta(hours=_HOURS - 1)
    return Span(start, start + timedelta(hours=_HOURS))


def draw(volumes: Sequence[Volume], verdicts: Sequence[Verdict], now: datetime) -> Sparkline:
    """Return the geometry of the last day.

    Args:
        volumes: Its buckets of an hour.
        verdicts: What the detector says of them.
        now: The present.
    """
    start, end = span(now).start, span(now).end
    step = WIDTH / _HOURS
    highest = max([1.0, *(v.negative for v in volumes), *(v.high for v in verdicts)])
    scale = (HEIGHT - 1) / highest
    states = {verdict.time: verdict.state for verdict in verdicts}

    def left(instant: datetime) -> float:
        return (instant - start) / timedelta(hours=1) * step

    def box(instant: datetime, low: float, high: float, state: str = "") -> Box:
        height = (high - low) * scale
        return Box(
            round(left(instant) + _GUTTER / 2, 2),
            round(HEIGHT - high * scale, 2),
            round(step - _GUTTER, 2),
            round(height, 2),
            state,
        )

    bars = tuple(
        box(v.start, 0, v.negative, states.get(v.start, State.QUIET).name.lower())
        for v in volumes
        if v.negative
    )
    band = tuple(box(v.time, v.low, v.high) for v in verdicts)
    unwatched = tuple(
        Box(round(left(gap.start), 2), 0, round(left(gap.end) - left(gap.start), 2), HEIGHT)
        for gap in gaps(volumes, start, end, Level.HOUR, now)
    )
    return Sparkline(bars, unwatched, band, _summary(volumes))


def _summary(volumes: Sequence[Volume]) -> str:
    if not volumes:
        return "Nothing was watched in the last 24 hours"
    worst = max(volumes, key=lambda volume: volume.negative)
    total = sum(volume.negative for volume in volumes)
    if not total:
        return "No complaints in the last 24 hours"
    return (
        f"{total:,} complaints in the last 24 hours, at most {worst.negative:,} in one hour, "
        f"from {worst.start:%H:%M} UTC"
    )
