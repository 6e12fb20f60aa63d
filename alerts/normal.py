"""What is normal for a topic: its volume, the share that complains, and how much both vary.

Volume is that of the hour of the week times a level that drifts within hours; complaints are a
share of it that drifts as well. Quiet buckets are learned, winsorised, so that the beginning of a
spike hardly counts. docs/detection.md explains the constants.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from math import sqrt
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import ConfigDict, Field

from alerts.baseline import Dispersion, NotNegative, Ratio, Season
from alerts.surprise import Usual
from alerts.windows import UNIT, Bucket

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from alerts.windows import Windows

WINDOWS = tuple(timedelta(minutes=minutes) for minutes in (3, 10, 20, 60, 180))
"""The windows that are looked at, all of them at once."""
WARM_UP = timedelta(hours=6)
"""How long is only learned at the beginning, as it is."""
LEAST = 24
"""Of how many buckets a time consists at least, where buckets are long."""

_HOUR = timedelta(hours=1)
_SECONDS = 3_600  # an hour

# Volume drifts by a fifth, the share of complaints by a tenth, between one speed and the next: by
# their variances an estimate is worth 1 / 0.2^2 mentions, and about 3 / 0.1^2 of them.
_LEVEL_SPEEDS = (timedelta(hours=12), _HOUR)
_LEVEL_STRENGTHS = (25.0, 25.0)
_SHARE_SPEEDS = (timedelta(days=7), timedelta(hours=6), _HOUR)
_SHARE_STRENGTHS = (4.0, 300.0, 300.0)
_SHARE_PRIOR = 0.25

_DISPERSION_HALF_LIFE = timedelta(days=14)
_VOLUME_DISPERSION = (0.05, 10.0, 0.005)  # prior, its strength in squared mentions, least
_SHARE_DISPERSION = (0.01, 200.0, 0.002)
_UNKNOWN_HOUR = 0.3  # relative variance of an hour of the day that was never heard
_HARDLY_ANY = 1e-3  # of the mentions
_DEVIATIONS = 3.0  # what is learned is at most so many standard deviations above the mean, plus one


@dataclass(slots=True)
class Normal:
    """All that is known of what is normal, as it is saved.

    Attributes:
        step: The length of a bucket, in seconds.
        season: Mentions an hour.
        level: All mentions against what the season leads one to expect.
        share: Complaints against all mentions.
        volume_dispersions: For each window.
        share_dispersions: For each window.
        heard: Hours learned, not counting what was learned before a shift.
    """

    __pydantic_config__: ClassVar = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    step: Annotated[float, Field(gt=0)]
    season: Season
    level: Ratio
    share: Ratio
    volume_dispersions: list[Dispersion]
    share_dispersions: list[Dispersion]
    heard: NotNegative = 0.0

    def __post_init__(self) -> None:
        """Refuse what does not fit together."""
        windows = len(lengths(timedelta(seconds=self.step)))
        for name, values, number in (
            ("level", self.level.counts, len(_LEVEL_SPEEDS)),
            ("level", self.level.weights, len(_LEVEL_SPEEDS)),
            ("share", self.share.counts, len(_SHARE_SPEEDS)),
            ("share", self.share.weights, len(_SHARE_SPEEDS)),
            ("volume_dispersions", self.volume_dispersions, windows),
            ("share_dispersions", self.share_dispersions, windows),
        ):
            if len(values) != number:
                raise ValueError(f"{name} must hold {number} values")

    @classmethod
    def unknown(cls, step: timedelta, season: Season | None = None) -> Normal:
        """Return that nothing is known, except the season if there is one."""
        windows = len(lengths(step))
        return cls(
            step=step.total_seconds(),
            season=season or Season(),
            level=Ratio.unknown(len(_LEVEL_SPEEDS)),
            share=Ratio.unknown(len(_SHARE_SPEEDS)),
            volume_dispersions=[Dispersion() for _ in range(windows)],
            share_dispersions=[Dispersion() for _ in range(windows)],
        )

    @property
    def is_warm(self) -> bool:
        """Whether enough was learned to tell what is not normal."""
        return self.heard * _HOUR >= at_least(WARM_UP, timedelta(seconds=self.step))

    def bucket(self, time: datetime) -> Bucket:
        """Return the bucket at ``time`` with what is usual in it, and nothing heard yet."""
        return Bucket(
            complaints=0,
            mentions=0,
            expected=max(1, round(self.season.rate(time) * self.step / _SECONDS * UNIT)),
            level=round(self.level.estimate(1.0, _LEVEL_STRENGTHS), 6),
            share=round(self.share.estimate(_SHARE_PRIOR, _SHARE_STRENGTHS), 6),
            doubt=round(self._doubt(), 6),
        )

    def usual(self, windows: Windows, at: int, time: datetime) -> Usual:
        """Return what a window that ends at ``time`` usually holds, from before it began."""
        mentions, share, doubt = windows.usual(at)
        return Usual(
            complaints=mentions * share,
            others=mentions * (1 - share) if self._hears_others() else 0.0,
            volume=self._volume(at) + _UNKNOWN_HOUR * self.season.doubt(time),
            share=self._share(at) + doubt,
        )

    def spread(self, time: datetime) -> float:
        """Return the dispersion of a single bucket's complaints."""
        return self._volume(0) + self._share(0) + _UNKNOWN_HOUR * self.season.doubt(time)

    def learn(self, bucket: Bucket, windows: Windows, time: datetime, coverage: float) -> None:
        """Learn a quiet bucket, the latest of ``windows``."""
        complaints, mentions = float(bucket.complaints), float(bucket.mentions)
        if self.is_warm:
            complaints = min(complaints, _most(mentions * bucket.share, self._share(0)))
            mentions = min(mentions, _most(bucket.usual_mentions, self._volume(0)))
            self._learn_dispersions(windows)
        step = timedelta(seconds=self.step)
        if self.season.hours * _HOUR >= WARM_UP / 2:
            self.level.learn(mentions, bucket.expected / UNIT, keep(_LEVEL_SPEEDS, step))
        self.share.learn(complaints, float(bucket.mentions), keep(_SHARE_SPEEDS, step))
        hours = coverage * self.step / _SECONDS
        self.season.learn(time, mentions, hours)
        self.heard += hours

    def _learn_dispersions(self, windows: Windows) -> None:
        """Learn how windows vary; windows of one length are learned one after another."""
        number = round(self.heard * _SECONDS / self.step)
        for at, length in enumerate(windows.lengths):
            if number % length or not windows.is_heard(at):
                continue
            (stay,) = keep((_DISPERSION_HALF_LIFE,), timedelta(seconds=length * self.step))
            usual, share, _ = windows.usual(at)
            mentions = min(windows.mentions[at], _most(usual, self._volume(at)))
            excess = (mentions - usual) ** 2 - usual
            self.volume_dispersions[at].learn(excess, usual * usual, stay)
            usual = windows.mentions[at] * share
            complaints = min(windows.complaints[at], _most(usual, self._share(at)))
            excess = (complaints - usual) ** 2 - usual * (1 - share)  # the binomial variance
            odds = (1 - share) ** 2 or 1.0  # ``surprise`` compares with the others, not with all
            self.share_dispersions[at].learn(excess / odds, usual * usual, stay)

    def _volume(self, at: int) -> float:
        return self.volume_dispersions[at].estimate(*_VOLUME_DISPERSION)

    def _share(self, at: int) -> float:
        return self.share_dispersions[at].estimate(*_SHARE_DISPERSION)

    def _doubt(self) -> float:
        """Return the relative variance of the share in the long run, for want of knowledge."""
        known = self.share.weights[0] + _SHARE_STRENGTHS[0]
        share = (self.share.counts[0] + _SHARE_STRENGTHS[0] * _SHARE_PRIOR) / known
        return (1 - share) / share / known

    def _hears_others(self) -> bool:
        """Tell whether anything but complaints was heard within the last weeks."""
        complaints, mentions = self.share.counts[0], self.share.weights[0]
        return mentions - complaints > _HARDLY_ANY * mentions


def lengths(step: timedelta) -> list[int]:
    """Return how many buckets of length ``step`` each window has."""
    return sorted({max(1, round(window / step)) for window in WINDOWS})


def at_least(time: timedelta, step: timedelta) -> timedelta:
    """Return ``time``, or ``LEAST`` buckets if that is longer."""
    return max(time, LEAST * step)


def keep(half_lives: Iterable[timedelta], step: timedelta) -> list[float]:
    """Return how much of each discounted sum stays after a bucket of length ``step``."""
    return [0.5 ** (step / half_life) for half_life in half_lives]


def _most(mean: float, dispersion: float) -> float:
    """Return the highest count that is learned as it is."""
    return mean + _DEVIATIONS * sqrt(mean + dispersion * mean * mean) + 1
