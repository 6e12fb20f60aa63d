"""The first detector: complaints in a short window against what is usual at that hour of the day.

Every constant that counts buckets counts *covered* ones: a bucket that was listened to for less
than half of its length is a gap, and is neither learned nor counted.

The mean of an hour of the day is shrunk to the overall mean (a hierarchical, empirical-Bayes
estimate: Gelman et al., *Bayesian Data Analysis*, chapter 5), and what is not yet known about the
hour widens its band. The score is the tail probability of the window's count; see ``surprise``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import sqrt
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field, TypeAdapter

from alerts.surprise import band, surprise
from signals import State, Verdict

if TYPE_CHECKING:
    import settings
    from signals import Observation

COVERED = 0.5
"""Which part of a bucket must have been listened to, for its count to mean something."""
WINDOW = 10
"""Buckets that are judged together, so that one complaint a minute can be seen to rise."""
WARM_UP = 360
"""Buckets at the beginning (six hours) in which the detector only learns and stays quiet."""
DAY = 1_440
"""Buckets in a day. A spike that lasts so long is the new normal; a gap so long holds no state."""

_HOUR_PRIOR = 20.0  # buckets that the overall mean is worth against an hour's own count
_RATE_HALF_LIFE = 7  # days
_DISPERSION_HALF_LIFE = 14  # days
_DISPERSION_PRIOR = (50.0, 1_000.0)  # 0.05, worth ten windows that expect ten complaints each
_DISPERSION_RANGE = (0.01, 1.0)
_DISPERSION_LEAST_MEAN = 1.0  # where fewer are expected, chance hides every other variation
_DEVIATIONS = 3.0  # counts are learned up to so many standard deviations above the mean, plus one

_KEEP_OVERALL = 0.5 ** (1 / (_RATE_HALF_LIFE * DAY))
_KEEP_HOUR = 0.5 ** (1 / (_RATE_HALF_LIFE * 60))
_KEEP_DISPERSION = 0.5 ** (1 / (_DISPERSION_HALF_LIFE * DAY))

_NotNegative = Annotated[float, Field(ge=0)]
_Hours = Annotated[list[_NotNegative], Field(min_length=24, max_length=24)]


def _hours() -> list[float]:
    return [0.0] * 24


@dataclass(slots=True)
class Memory:
    """All that the detector knows, as it is saved; sums are forgotten exponentially.

    Attributes:
        version: Of this layout.
        complaints: Sum of complaints learned, by hour of the day.
        heard: Sum of coverage learned, by hour of the day, in buckets.
        all_complaints: Sum of complaints learned, over all hours.
        all_heard: Sum of coverage learned, over all hours, in buckets.
        excess: Sum of the windows' squared deviations beyond what chance and doubt explain.
        squares: Sum of the windows' squared expectations; ``excess / squares`` is the dispersion.
        window: The latest covered buckets: complaints, and what was expected.
        score: The latest score.
        state: The latest state.
        raised: Covered buckets in a row that were not quiet.
        unheard: Buckets in a row that were not covered.
    """

    __pydantic_config__: ClassVar = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    version: Literal[1] = 1
    complaints: _Hours = field(default_factory=_hours)
    heard: _Hours = field(default_factory=_hours)
    all_complaints: _NotNegative = 0.0
    all_heard: _NotNegative = 0.0
    excess: float = 0.0
    squares: _NotNegative = 0.0
    window: Annotated[
        list[tuple[Annotated[int, Field(ge=0)], _NotNegative]], Field(max_length=WINDOW)
    ] = field(default_factory=list)
    score: _NotNegative = 0.0
    state: State = State.QUIET
    raised: Annotated[int, Field(ge=0)] = 0
    unheard: Annotated[int, Field(ge=0)] = 0

    @classmethod
    def load(cls, text: str) -> Memory:
        """Return the memory saved as ``text``.

        Raises:
            pydantic.ValidationError: It is damaged or of another version.
        """
        return _MEMORY.validate_json(text)

    def dump(self) -> str:
        """Return the memory as JSON, to the last bit."""
        return _MEMORY.dump_json(self).decode()

    def rate(self, hour: int) -> float:
        """Return the complaints expected in a fully covered bucket of this hour of the day."""
        overall = (self.all_complaints + 0.5) / (self.all_heard + _HOUR_PRIOR)
        return (self.complaints[hour] + _HOUR_PRIOR * overall) / (self.heard[hour] + _HOUR_PRIOR)

    def doubt(self, hour: int) -> float:
        """Return the relative variance of that rate: 1 for an hour never heard, then falling."""
        return _HOUR_PRIOR / (self.heard[hour] + _HOUR_PRIOR)

    def dispersion(self) -> float:
        """Return how much windows vary beyond chance, as the ``a`` of ``surprise``."""
        least, most = _DISPERSION_RANGE
        excess, squares = _DISPERSION_PRIOR
        return min(most, max(least, (self.excess + excess) / (self.squares + squares)))

    def forget_baseline(self) -> None:
        """Begin to learn anew what is normal."""
        fresh = Memory()
        self.complaints, self.heard = fresh.complaints, fresh.heard
        self.all_complaints = self.all_heard = self.excess = self.squares = 0.0
        self.raised = 0


_MEMORY = TypeAdapter(Memory)


class SeasonalDetector:
    """See ``alerts.Detector``."""

    def __init__(self, settings: settings.Detection, memory: Memory) -> None:
        """Go on from ``memory``."""
        self._settings = settings
        self._memory = memory

    @property
    def unheard(self) -> int:
        """Return the length of the present gap, in buckets; 0 outside of gaps."""
        return self._memory.unheard

    def dump(self) -> str:
        """Return the whole state as JSON."""
        return self._memory.dump()

    def step(self, observation: Observation) -> Verdict:
        """Judge the next bucket, then learn from it."""
        memory, hour = self._memory, observation.time.hour
        expected = memory.rate(hour)
        spread = memory.dispersion() + memory.doubt(hour)
        if observation.coverage < COVERED:
            self._miss()
        else:
            expected *= observation.coverage
            self._hear(observation, expected, spread)
        low, high = band(expected, spread)
        return Verdict(
            time=observation.time,
            observed=float(observation.negative),
            expected=expected,
            low=low,
            high=high,
            score=memory.score,
            state=memory.state,
        )

    def _miss(self) -> None:
        """Hold the state through a gap, but not on complaints that have become old."""
        memory = self._memory
        memory.unheard += 1
        if memory.unheard >= WINDOW:
            memory.window.clear()
        if memory.unheard >= DAY:
            memory.score, memory.state = 0.0, State.QUIET

    def _hear(self, observation: Observation, expected: float, spread: float) -> None:
        memory = self._memory
        memory.unheard = 0
        memory.window.append((observation.negative, expected))
        del memory.window[:-WINDOW]
        count = sum(complaints for complaints, _ in memory.window)
        mean = sum(usual for _, usual in memory.window)
        warm = memory.all_heard >= WARM_UP

        judged = warm and count >= self._settings.floor
        memory.score = surprise(count, mean, spread) if judged else 0.0
        memory.state = self._state(memory.score)
        memory.raised = memory.raised + 1 if memory.state is not State.QUIET else 0

        self._learn(observation, count, mean, spread, warm=warm)
        if memory.raised >= DAY:
            memory.forget_baseline()

    def _state(self, score: float) -> State:
        if score >= self._settings.confirmed:
            return State.CONFIRMED
        return State.POSSIBLE if score >= self._settings.possible else State.QUIET

    def _learn(
        self, observation: Observation, count: int, mean: float, spread: float, *, warm: bool
    ) -> None:
        """Learn the bucket, winsorised as a window, so that an outage hardly moves the mean."""
        memory, hour = self._memory, observation.time.hour
        complaints = float(observation.negative)
        if warm:
            variance = mean + spread * mean * mean
            most = min(count, mean + _DEVIATIONS * sqrt(variance) + 1)
            complaints *= most / count if count else 1.0
            if memory.state is State.QUIET and mean >= _DISPERSION_LEAST_MEAN:
                excess = (most - mean) ** 2 - mean - memory.doubt(hour) * mean * mean
                memory.excess = memory.excess * _KEEP_DISPERSION + excess
                memory.squares = memory.squares * _KEEP_DISPERSION + mean * mean
        coverage = observation.coverage
        memory.complaints[hour] = memory.complaints[hour] * _KEEP_HOUR + complaints
        memory.heard[hour] = memory.heard[hour] * _KEEP_HOUR + coverage
        memory.all_complaints = memory.all_complaints * _KEEP_OVERALL + complaints
        memory.all_heard = memory.all_heard * _KEEP_OVERALL + coverage
