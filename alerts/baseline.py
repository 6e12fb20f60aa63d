"""What is usual: how much is said at each hour of the week, and ratios that drift.

All sums are discounted: what was learned counts half after a half-life. Means are shrunk to coarser
ones for as long as little is known (a hierarchical, empirical-Bayes estimate: Gelman et al.,
*Bayesian Data Analysis*, chapter 5).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import ConfigDict, Field

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

NotNegative = Annotated[float, Field(ge=0)]

WEEK = 168  # hours
_DAY = 24  # hours
_VISITS = 2.0  # hours that a coarser mean is worth against an hour's own count
_KEEP_WEEK_HOUR = 0.5 ** (1 / 4)  # visits of an hour of the week: a half-life of four weeks
_KEEP_DAY_HOUR = 0.5 ** (1 / 10)  # visits of an hour of the day: of ten days
_KEEP_OVERALL = 0.5 ** (1 / WEEK)  # hours: of a week
_DIGITS = 4  # of saved sums, so that the state stays small


def shrink(count: float, weight: float, prior: float, strength: float) -> float:
    """Return ``count / weight``, drawn towards ``prior``, which is worth ``strength``."""
    return (count + strength * prior) / (weight + strength)


def _cells(number: int) -> list[float]:
    return [0.0] * number


@dataclass(slots=True)
class Season:
    """Mentions an hour, by hour of the week, shrunk to the hour of the day and to all hours.

    An hour is learned when it is over.

    Attributes:
        week_counts: Mentions, by hour of the week (0 is Monday, midnight UTC).
        week_hours: Hours heard, by hour of the week.
        day_counts: Mentions, by hour of the day.
        day_hours: Hours heard, by hour of the day.
        count: Mentions, over all hours.
        hours: Hours heard, over all hours.
        now: The hour of the week that is going on.
        now_count: Mentions in it so far.
        now_hours: How much of it was heard so far.
    """

    __pydantic_config__: ClassVar = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    week_counts: Annotated[list[NotNegative], Field(min_length=WEEK, max_length=WEEK)] = field(
        default_factory=lambda: _cells(WEEK)
    )
    week_hours: Annotated[list[NotNegative], Field(min_length=WEEK, max_length=WEEK)] = field(
        default_factory=lambda: _cells(WEEK)
    )
    day_counts: Annotated[list[NotNegative], Field(min_length=_DAY, max_length=_DAY)] = field(
        default_factory=lambda: _cells(_DAY)
    )
    day_hours: Annotated[list[NotNegative], Field(min_length=_DAY, max_length=_DAY)] = field(
        default_factory=lambda: _cells(_DAY)
    )
    count: NotNegative = 0.0
    hours: NotNegative = 0.0
    now: Annotated[int, Field(ge=0, lt=WEEK)] = 0
    now_count: NotNegative = 0.0
    now_hours: NotNegative = 0.0

    def rate(self, time: datetime) -> float:
        """Return the usual mentions an hour at ``time``, interpolated between centres of hours."""
        hour = time.weekday() * _DAY + time.hour
        past = time.minute / 60 + time.second / 3_600 - 0.5
        neighbour = (hour + (1 if past >= 0 else -1)) % WEEK
        return self._mean(hour) * (1 - abs(past)) + self._mean(neighbour) * abs(past)

    def doubt(self, time: datetime) -> float:
        """Return the relative variance of that rate for want of knowledge: it soon vanishes."""
        unknown = 1 / (1 + self.day_hours[time.hour])
        return unknown * unknown

    def learn(self, time: datetime, count: float, hours: float) -> None:
        """Add what was heard in a bucket that is ``hours`` long, as far as it was heard."""
        hour = time.weekday() * _DAY + time.hour
        if hour != self.now:
            self._close()
            self.now = hour
        self.now_count += count
        self.now_hours += hours

    def _mean(self, hour: int) -> float:
        overall = shrink(self.count, self.hours, 0.5, 1.0)
        day = shrink(self.day_counts[hour % _DAY], self.day_hours[hour % _DAY], overall, _VISITS)
        return shrink(self.week_counts[hour], self.week_hours[hour], day, _VISITS)

    def _close(self) -> None:
        """Learn the hour that is over, if any of it was heard."""
        if not self.now_hours:
            return
        day, count, hours = self.now % _DAY, self.now_count, self.now_hours
        for counts, heard, cell, keep in (
            (self.week_counts, self.week_hours, self.now, _KEEP_WEEK_HOUR),
            (self.day_counts, self.day_hours, day, _KEEP_DAY_HOUR),
        ):
            counts[cell] = round(counts[cell] * keep + count, _DIGITS)
            heard[cell] = round(heard[cell] * keep + hours, _DIGITS)
        self.count = self.count * _KEEP_OVERALL + count
        self.hours = self.hours * _KEEP_OVERALL + hours
        self.now_count = self.now_hours = 0.0


@dataclass(slots=True)
class Ratio:
    """A ratio that drifts, tracked at several speeds; each is shrunk to the slower one before it.

    It follows quickly where much is counted, and is steady where little is.

    Attributes:
        counts: Sums of what is counted, the slowest speed first.
        weights: Sums of what it is measured against.
    """

    __pydantic_config__: ClassVar = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    counts: list[NotNegative]
    weights: list[NotNegative]

    @classmethod
    def unknown(cls, speeds: int) -> Ratio:
        """Return one of which nothing is known yet."""
        return cls(_cells(speeds), _cells(speeds))

    def estimate(self, prior: float, strengths: Sequence[float]) -> float:
        """Return the ratio.

        Args:
            prior: What to expect of a ratio of which nothing is known.
            strengths: What the slower estimate (at first the prior) is worth, for each speed.
        """
        value = prior
        for count, weight, strength in zip(self.counts, self.weights, strengths, strict=True):
            value = (count + strength * value) / (weight + strength)
        return value

    def learn(self, count: float, weight: float, keeps: Sequence[float]) -> None:
        """Add a bucket; ``keeps`` says how much of the past stays, for each speed."""
        counts, weights = self.counts, self.weights
        for speed, keep in enumerate(keeps):
            counts[speed] = counts[speed] * keep + count
            weights[speed] = weights[speed] * keep + weight


@dataclass(slots=True)
class Dispersion:
    """How much windows of one length vary beyond chance, by the method of moments.

    Attributes:
        excess: Sum of the squared deviations beyond what chance explains.
        squares: Sum of the squared means; ``excess / squares`` is the dispersion.
    """

    __pydantic_config__: ClassVar = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    excess: float = 0.0
    squares: NotNegative = 0.0

    def estimate(self, prior: float, strength: float, least: float) -> float:
        """Return the dispersion: ``prior`` where little is known, never less than ``least``."""
        return max(least, shrink(self.excess, self.squares, prior, strength))

    def learn(self, excess: float, square: float, keep: float) -> None:
        """Add a window."""
        self.excess = self.excess * keep + excess
        self.squares = self.squares * keep + square
