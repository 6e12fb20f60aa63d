"""The Numenta Anomaly Benchmark's rules (version 1.1), applied to the beginnings of alarms.

Lavin and Ahmad, *Evaluating Real-Time Anomaly Detection Algorithms*, ICMLA 2015. The first 15 % of
a file (at most 750 rows) never count. The first alarm in a labelled window earns the more the
earlier it comes, later ones are free, one outside of all windows costs more the longer ago the last
window was, and a window without an alarm costs 1. Silence scores 0, a perfect detector 100.
"""

from __future__ import annotations

import csv
import json
import math
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

PROFILES = {"standard": (0.11, 1.0), "low FP": (0.22, 1.0), "low FN": (0.11, 2.0)}
"""What a false alarm and a missed window cost."""

WEEK = timedelta(weeks=1)


class Series(NamedTuple):
    """A file: times and counts of its rows, and the first and last row of each labelled window."""

    times: list[datetime]
    counts: list[int]
    windows: list[tuple[int, int]]

    @property
    def probation(self) -> int:
        """Return how many rows at the beginning do not count."""
        return min(len(self.counts) * 15 // 100, 750)


class Result(NamedTuple):
    """How well a detector did."""

    score: float
    hits: int
    windows: int
    false_alarms: int
    false_alarms_a_week: float


def load(folder: Path) -> dict[str, Series]:
    """Return the files in ``folder`` that its ``windows.json`` knows, by name."""
    corpus = {}
    for name, spans in json.loads((folder / "windows.json").read_text(encoding="utf-8")).items():
        with (folder / name).open(encoding="utf-8", newline="") as file:
            rows = [
                (_time(row["timestamp"]), round(float(row["value"])))
                for row in csv.DictReader(file)
            ]
        times = [time for time, _ in rows]
        windows = [(times.index(_time(first)), times.index(_time(last))) for first, last in spans]
        corpus[name] = Series(times, [count for _, count in rows], windows)
    return corpus


def score(
    corpus: Mapping[str, Series], alarms: Mapping[str, Sequence[int]], profile: str = "standard"
) -> Result:
    """Score ``alarms``, the rows in which an alarm begins, over all files of ``corpus``."""
    false_cost, miss_cost = PROFILES[profile]
    earned, weeks = 0.0, 0.0
    hits = windows = false_alarms = 0
    for name, series in corpus.items():
        rows = [row for row in alarms[name] if row >= series.probation]
        counted = [window for window in series.windows if window[1] >= series.probation]
        windows += len(counted)
        for first, last in counted:
            inside = [row for row in rows if first <= row <= last]
            hits += bool(inside)
            earned += _earliness(inside[0], first, last) if inside else -miss_cost
        outside = [row for row in rows if not _within(row, series.windows)]
        false_alarms += len(outside)
        earned += false_cost * sum(_remoteness(row, series.windows) for row in outside)
        quiet = sum(
            not _within(row, series.windows) for row in range(series.probation, len(series.counts))
        )
        weeks += quiet * (series.times[1] - series.times[0]) / WEEK
    silence = -miss_cost * windows
    return Result(
        score=100 * (earned - silence) / (windows - silence),
        hits=hits,
        windows=windows,
        false_alarms=false_alarms,
        false_alarms_a_week=false_alarms / weeks,
    )


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _within(row: int, windows: Iterable[tuple[int, int]]) -> bool:
    return any(first <= row <= last for first, last in windows)


def _sigmoid(distance: float) -> float:
    """Return 1 far before 0, -1 far behind it."""
    return -1.0 if distance > 3 else 2 / (1 + math.exp(5 * distance)) - 1  # noqa: PLR2004 - the rule


def _earliness(row: int, first: int, last: int) -> float:
    return _sigmoid(-(last - row + 1) / (last - first + 1)) / _sigmoid(-1.0)


def _remoteness(row: int, windows: Iterable[tuple[int, int]]) -> float:
    """Return -1 for an alarm far behind the last window, or before all of them."""
    before = [(first, last) for first, last in windows if last < row]
    if not before:
        return -1.0
    first, last = before[-1]
    return _sigmoid((row - last) / (last - first))
