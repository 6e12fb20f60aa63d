"""Mentions of a topic to try a detector on: Poisson counts that rise by day and fall by night."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from math import cos, pi
from random import Random
from typing import TYPE_CHECKING

import settings
from alerts import Detector, create
from signals import BUCKET, Observation, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

START = datetime(2026, 3, 2, tzinfo=UTC)
DAY = 1_440
SHARE = 0.2
SETTINGS = settings.Detection()


def count(rng: Random, mean: float) -> int:
    """Draw a Poisson count, as the number of arrivals in one minute."""
    number, clock = 0, rng.expovariate(mean) if mean else 1.0
    while clock < 1:
        number, clock = number + 1, clock + rng.expovariate(mean)
    return number


def usual(minute: int, rate: float) -> float:
    """Return the mentions a minute that are usual: four times as many by day as by night."""
    return rate * (1 - 0.6 * cos(2 * pi * minute / DAY))


def observe(
    minute: int,
    negative: int,
    total: int | None = None,
    *,
    authors: int | None = None,
    coverage: float = 1.0,
) -> Observation:
    """Return a minute; without more, every mention complains and has an author of its own."""
    total = negative if total is None else total
    return Observation(
        time=START + minute * BUCKET,
        total=total,
        negative=negative,
        authors=total if authors is None else authors,
        coverage=coverage,
    )


def stream(  # noqa: PLR0913 - what makes a day unusual is named by the callers
    minutes: Iterable[int],
    rate: float,
    seed: int = 1,
    *,
    outage: float = 1.0,
    buzz: float = 1.0,
    coverage: float = 1.0,
) -> list[Observation]:
    """Return minutes with ``rate`` mentions each, a fifth of which complains.

    Args:
        minutes: Which ones.
        rate: The mean over a day.
        seed: Of the dice.
        outage: How many times as many complain.
        buzz: How many times as much is said of everything.
        coverage: Which part of each minute was listened to.
    """
    rng = Random(seed)
    series = []
    for minute in minutes:
        mean = usual(minute, rate) * buzz * coverage
        complaints = count(rng, mean * SHARE * outage)
        total = complaints + count(rng, mean * (1 - SHARE))
        series.append(observe(minute, complaints, total, coverage=coverage))
    return series


def run(detector: Detector, series: Iterable[Observation]) -> list[Verdict]:
    """Return what is said of each minute."""
    return [detector.step(observation) for observation in series]


@cache
def learned(rate: float, days: int = 7) -> str:
    """Return the state of a detector that has heard ``days`` ordinary days."""
    detector = create(SETTINGS)
    run(detector, stream(range(days * DAY), rate))
    return detector.dump()
