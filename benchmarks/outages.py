"""Simulated mentions of a topic, with outages, to measure a detector of complaints.

The total of a minute is negative binomial around::

    rate x day of the week x daily curve (4:1) x exp(drift, sd 0.2, 6 h)

with reposts (bursts, geometric with mean 4, one in 6 hours) and benign buzz (one in 4 days: the
total times 2 to 4 for 20 to 60 minutes, while the share of complaints stays). Complaints are a
binomial share of it, which drifts around a level between 0.15 and 0.30 (sd 0.15 in log-odds, 12 h).
An outage adds complaints until there are ``multiple`` times as many as usual, within three minutes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

DAY = 1_440
WEEK = 10_080
MULTIPLES = (2, 4, 10)
DURATIONS = (5, 20, 60)  # minutes
EVERY = 960  # minutes: one outage in each such stretch
_WEEKDAYS = np.array([1.05, 1.1, 1.1, 1.08, 1.0, 0.8, 0.87])

Counts = np.ndarray[tuple[int], np.dtype[np.int64]]
Means = np.ndarray[tuple[int], np.dtype[np.float64]]


class World(NamedTuple):
    """What varies from one simulation to another."""

    buzz: bool = True
    dispersion: float = 0.05
    share_drift: float = 0.15


class Outage(NamedTuple):
    """An outage: its first minute, the one after its last, and how much it multiplies."""

    start: int
    end: int
    multiple: int


class Stream(NamedTuple):
    """A topic's minutes.

    Attributes:
        totals: Mentions.
        complaints: Those that complain.
        means: Mentions expected, without buzz.
        shares: The share of complaints expected.
        buzzes: First minute of each buzz, and the one after its last.
    """

    totals: Counts
    complaints: Counts
    means: Means
    shares: Means
    buzzes: list[tuple[int, int]]


def simulate(rate: float, weeks: int, seed: int, world: World) -> Stream:
    """Return a topic with ``rate`` mentions a minute on average, without outages."""
    rng = np.random.default_rng(seed)
    length = weeks * WEEK
    minutes = np.arange(length)
    daily = np.exp(0.69 * np.cos(2 * np.pi * (minutes % DAY / 60 - rng.uniform(12, 21)) / 24))
    drift = np.exp(_drift(rng, length, 0.2, 6 * 60) - 0.02)
    means = rate * _WEEKDAYS[minutes // DAY % 7] * daily / daily.mean() * drift
    level = rng.uniform(0.15, 0.30)
    odds = level / (1 - level) * np.exp(_drift(rng, length, world.share_drift, 12 * 60))
    shares = odds / (1 + odds)
    shown, buzzes = means.copy(), []
    for _ in range(rng.poisson(length / (4 * DAY)) if world.buzz else 0):
        start, lasts = int(rng.integers(0, length - 60)), int(rng.integers(20, 61))
        shown[start : start + lasts] *= rng.uniform(2, 4)
        buzzes.append((start, start + lasts))
    totals = rng.poisson(shown * rng.gamma(1 / world.dispersion, world.dispersion, length))
    for start in rng.integers(0, length, rng.poisson(length / 360)):
        if rng.random() < min(1, rate * 3):
            totals[start] += rng.geometric(0.25)
    return Stream(totals, rng.binomial(totals, shares), means, shares, buzzes)


def with_outages(stream: Stream, start: int, seed: int) -> tuple[Stream, list[Outage]]:
    """Return a copy with an outage in each ``EVERY`` minutes from ``start``, all kinds in turn."""
    rng = np.random.default_rng(seed)
    totals, complaints, outages = stream.totals.copy(), stream.complaints.copy(), []
    kinds = [(multiple, minutes) for multiple in MULTIPLES for minutes in DURATIONS]
    for number, block in enumerate(range(start, len(totals) - EVERY, EVERY)):
        multiple, minutes = kinds[(number + seed) % len(kinds)]
        first = block + int(rng.integers(0, EVERY - 2 * max(DURATIONS)))
        hit = slice(first, first + minutes)
        ramp = np.minimum(1, (np.arange(minutes) + 1) / 3)
        extra = rng.poisson(
            (multiple - 1) * stream.shares[hit] * stream.means[hit] * ramp
            * rng.gamma(20, 0.05, minutes)
        )  # fmt: skip
        complaints[hit] += extra
        totals[hit] += extra
        outages.append(Outage(first, first + minutes, multiple))
    return stream._replace(totals=totals, complaints=complaints), outages


def _drift(rng: np.random.Generator, length: int, deviation: float, memory: float) -> Means:
    """Return a stationary first-order autoregression that forgets within ``memory`` minutes."""
    keep = float(np.exp(-1 / memory))
    steps = rng.normal(0, deviation * np.sqrt(1 - keep * keep), length).tolist()
    value, values = float(rng.normal(0, deviation)), []
    for step in steps:
        value = keep * value + step
        values.append(value)
    return np.array(values)
