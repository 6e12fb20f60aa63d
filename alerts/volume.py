"""The detector for a series without complaints: is more said than usual, whatever it is?

It is for totals, such as the counts of the Numenta Anomaly Benchmark. That many people talk is no
outage: what it finds is news. So it compares the excess with the usual excess of this very series,
news included (the root of its mean square, not winsorised), and asks for several times as much.
docs/detection.md explains it.
"""

from __future__ import annotations

from datetime import timedelta
from math import log10, sqrt
from typing import TYPE_CHECKING

from alerts.baseline import Dispersion, Ratio, Season
from alerts.complaints import COVERED, DAY, MONTH, score_to_tell
from alerts.normal import WARM_UP, at_least, keep
from alerts.surprise import band
from alerts.windows import UNIT, Bucket, Windows
from signals import State, Verdict

if TYPE_CHECKING:
    import settings
    from signals import Observation

WINDOWS = {timedelta(minutes=15): 0.35, timedelta(hours=1): 1.0}
"""The windows, and what each counts for: the longer one decides, the shorter one hastens it."""
CALM = timedelta(hours=12)
"""How long the excess must be below half of what is told, before the next one is told."""

_HOUR = timedelta(hours=1)
_WEEK = timedelta(days=7)
_LEVEL_SPEED = timedelta(hours=12)
_LEVEL_STRENGTH = 20.0
_TAIL = 0.212
"""``P[X > z] = 0.212 / z^3`` for large z: Student's distribution with three degrees of freedom, in
units of its standard deviation. It has the heaviest tail, of whole degrees, with a variance."""


class VolumeDetector:
    """Judges one series, one bucket after another, gaps included.

    It knows no possible spikes: what is told is told at once. It keeps no state between runs.
    """

    def __init__(self, settings: settings.Detection, step: timedelta) -> None:
        """Begin to learn a series whose buckets are ``step`` long."""
        self._step, self._hours = step, step / _HOUR
        self._confirmed = score_to_tell(MONTH / max(step, _HOUR), settings.sensitivity)
        self._keep_level = keep([_LEVEL_SPEED], step)
        (self._keep_excess,) = keep([_WEEK], step)
        self._season = Season()
        self._level = Ratio.unknown(1)
        self._excesses = [Dispersion() for _ in WINDOWS]
        self._windows = Windows([max(1, round(window / step)) for window in WINDOWS])
        self._heard = 0.0  # hours
        self._unheard = self._calm = 0  # buckets in a row
        self._score, self._state = 0.0, State.QUIET

    def step(self, observation: Observation) -> Verdict:
        """Judge the next bucket, then learn from it. In a gap the latest state is repeated."""
        covered = observation.coverage >= COVERED
        season = self._season.rate(observation.time) * self._hours
        level = self._level.estimate(1.0, (_LEVEL_STRENGTH,))
        heard = season * observation.coverage if covered else 0.0
        self._windows.append(
            Bucket(
                complaints=0,
                mentions=observation.total if covered else 0,
                expected=max(1, round(heard * UNIT)) if covered else 0,
                level=level,
                share=0.0,
                doubt=0.0,
            )
        )
        if covered:
            self._hear(observation, heard)
        else:
            self._miss()
        expected = (heard or season) * level
        low, high = band(expected, self._dispersion())
        return Verdict(
            time=observation.time,
            observed=float(observation.total),
            expected=expected,
            low=low,
            high=high,
            score=self._score,
            state=self._state,
        )

    def _miss(self) -> None:
        """Hold the state through a gap, but not longer than a day."""
        self._unheard += 1
        if self._unheard * self._step >= at_least(DAY, self._step):
            self._score, self._state = 0.0, State.QUIET

    def _hear(self, observation: Observation, season: float) -> None:
        self._unheard = 0
        warm = self._heard * _HOUR >= at_least(WARM_UP, self._step)
        excess = self._excess() if warm else 0.0
        self._score = _evidence(excess)
        self._calm = 0 if _evidence(2 * excess) >= self._confirmed else self._calm + 1
        if self._score >= self._confirmed:
            self._state = State.CONFIRMED
        elif self._calm * self._step >= CALM:
            self._state = State.QUIET
        hours = observation.coverage * self._hours
        self._season.learn(observation.time, float(observation.total), hours)
        self._level.learn(float(observation.total), season, self._keep_level)
        self._heard += hours

    def _excess(self) -> float:
        """Return by how many usual excesses more is heard than expected, and learn the excess."""
        windows, value = self._windows, 0.0
        for at, weight in enumerate(WINDOWS.values()):
            if not windows.is_heard(at):
                continue
            usual, _, _ = windows.usual(at)
            excess = windows.mentions[at] - usual
            past = self._excesses[at]
            # By chance alone the variance is ``usual``.
            value += weight * excess / sqrt(past.estimate(usual, 1.0, 0.0) + usual)
            past.learn(excess * excess, 1.0, self._keep_excess)
        return value / sum(WINDOWS.values())

    def _dispersion(self) -> float:
        """Return how much the shortest window varies, relative to its mean."""
        usual, _, _ = self._windows.usual(0)
        return self._excesses[0].estimate(usual, 1.0, 0.0) / max(1.0, usual * usual)


def _evidence(excess: float) -> float:
    """Return ``-log10 P[X > excess]``."""
    return max(0.0, 3 * log10(excess) - log10(_TAIL)) if excess > 0 else 0.0
