"""The detector of outages: too many complaints, of too large a share of what is said.

Several windows are looked at at once. For each, ``surprise`` tells how likely so many complaints
are by chance; the window that surprises most decides. docs/detection.md explains all of it.

Every time that is measured here is *covered* time: a bucket that was listened to for less than half
of its length is a gap, and is neither learned nor counted.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from math import log, log10, sqrt
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field, TypeAdapter

from alerts.normal import Normal, at_least, lengths
from alerts.surprise import RATIO, band, surprise
from alerts.windows import Bucket, Windows
from signals import State, Verdict

if TYPE_CHECKING:
    from datetime import datetime

    import settings
    from signals import Observation

COVERED = 0.5
"""Which part of a bucket must have been listened to, for its count to mean something."""
DAY = timedelta(days=1)
"""A spike that lasts so long is the new normal; a gap so long holds no state."""
MONTH = timedelta(days=30)
POSSIBLE = 10
"""How much more often than confirmed ones possible spikes may be false."""
LEAST_SCORE = 2.0
"""One chance in a hundred, however sensitive the detector is made, and however few the buckets."""

_NotNegative = Annotated[float, Field(ge=0)]

_CALM = log(100)  # odds at which a spike is over
_LEAST_CALM_RATIO = 1.5


@dataclass(slots=True)
class Memory:
    """All that the detector knows, as it is saved.

    Attributes:
        version: Of this layout.
        normal: What is normal for the topic.
        buckets: The latest ones.
        score: The latest score.
        state: The latest state.
        ratio: By how much complaints were above normal at the worst of the present spike.
        calm: Evidence that the present spike is over, as the logarithm of odds.
        raised: Covered buckets in a row that were not quiet.
        unheard: Buckets in a row that were not covered.
    """

    __pydantic_config__: ClassVar = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    version: Literal[2]
    normal: Normal
    buckets: list[Bucket] = field(default_factory=list)
    score: _NotNegative = 0.0
    state: State = State.QUIET
    ratio: _NotNegative = 1.0
    calm: _NotNegative = 0.0
    raised: Annotated[int, Field(ge=0)] = 0
    unheard: Annotated[int, Field(ge=0)] = 0


MEMORY = TypeAdapter(Memory)


@dataclass(frozen=True, slots=True)
class Case:
    """Why the detector thinks what it thinks: the window that surprises most.

    Attributes:
        length: How long the window is.
        complaints: Complaints in it.
        mentions: All mentions in it.
        expected: Complaints expected, given the other mentions.
        low: Lower edge of the band of what is usual.
        high: Upper edge of that band.
        usual_share: The share of mentions that usually complains.
        score: ``-log10`` of the probability of so many complaints.
    """

    length: timedelta
    complaints: int
    mentions: int
    expected: float
    low: float
    high: float
    usual_share: float
    score: float


def score_to_tell(looks: float, sensitivity: float) -> float:
    """Return the score from which a spike is confirmed.

    By Bonferroni's inequality at most ``sensitivity`` of a month's ``looks`` are so surprising by
    chance, if each is as likely as it was calculated to be.
    """
    return max(LEAST_SCORE, log10(looks / sensitivity))


class ComplaintDetector:
    """See ``alerts.Detector``."""

    def __init__(self, settings: settings.Detection, memory: Memory) -> None:
        """Go on from ``memory``."""
        self._memory = memory
        step = self._step = timedelta(seconds=memory.normal.step)
        self._windows = Windows(lengths(step), memory.buckets)
        self._floor = settings.floor
        looks = MONTH / step * len(self._windows.lengths)
        self._confirmed = score_to_tell(looks, settings.sensitivity)
        self._possible = self._confirmed - log10(POSSIBLE)
        self._case: Case | None = None
        self._shifted = False

    @property
    def unheard(self) -> int:
        """Return the length of the present gap, in buckets; 0 outside of gaps."""
        return self._memory.unheard

    @property
    def learned(self) -> timedelta:
        """Return how much time was learned; after less than a week little is certain."""
        return timedelta(hours=self._memory.normal.heard)

    @property
    def shifted(self) -> bool:
        """Tell whether the latest bucket made the volume of a whole day the new normal."""
        return self._shifted

    @property
    def case(self) -> Case | None:
        """Return which window surprised most in the latest bucket; None if none did."""
        return self._case

    def dump(self) -> str:
        """Return the whole state as JSON."""
        self._memory.buckets = self._windows.buckets
        return MEMORY.dump_json(self._memory).decode()

    def step(self, observation: Observation) -> Verdict:
        """Judge the next bucket, then learn from it."""
        memory, time = self._memory, observation.time
        self._case, self._shifted = None, False
        spread = memory.normal.spread(time)
        bucket = memory.normal.bucket(time)
        if observation.coverage >= COVERED:
            bucket = _counted(bucket, observation)
            self._windows.append(bucket)
            self._hear(bucket, time, observation.coverage)
        else:
            self._windows.append(bucket._replace(expected=0))
            self._miss()
        low, high = band(bucket.usual_complaints, spread)
        return Verdict(
            time=time,
            observed=float(observation.negative),
            expected=bucket.usual_complaints,
            low=low,
            high=high,
            score=memory.score,
            state=memory.state,
        )

    def _miss(self) -> None:
        """Hold the state through a gap, but not longer than a day."""
        memory = self._memory
        memory.unheard += 1
        if memory.unheard * self._step >= at_least(DAY, self._step):
            self._relax()

    def _hear(self, bucket: Bucket, time: datetime, coverage: float) -> None:
        memory = self._memory
        memory.unheard = 0
        self._case = self._most_surprising(time) if memory.normal.is_warm else None
        memory.score = self._case.score if self._case else 0.0
        if memory.score >= self._confirmed:
            memory.state = State.CONFIRMED
        elif memory.score >= self._possible:
            memory.state = max(memory.state, State.POSSIBLE)
        if memory.state is State.QUIET:
            memory.normal.learn(bucket, self._windows, time, coverage)
        else:
            self._follow(bucket, time)

    def _most_surprising(self, time: datetime) -> Case | None:
        """Return the window with the strongest evidence; None if no window has any."""
        windows = self._windows
        best: Case | None = None
        for at, length in enumerate(windows.lengths):
            complaints, mentions = windows.complaints[at], windows.mentions[at]
            if complaints < self._floor or not windows.is_heard(at):
                continue
            expected, share, _ = windows.usual(at)
            if complaints < RATIO * expected * share:
                continue
            usual = self._memory.normal.usual(windows, at, time)
            others = mentions - complaints
            score, mean = surprise(complaints, others, usual)
            if score > (best.score if best else 0.0):
                low, high = band(mean, usual.spread(others))
                best = Case(
                    length * self._step, complaints, mentions, mean, low, high, share, score
                )
        return best

    def _follow(self, bucket: Bucket, time: datetime) -> None:
        """Weigh whether the spike is over, by a sequential test of two Poisson rates.

        The rates are the normal one, and one half way (as a ratio) to the worst of the spike
        (Wald, *Sequential Analysis*; Page's reflected sums, *Biometrika* 41, 1954), tempered by how
        much the counts vary beyond chance (quasi-likelihood: Wedderburn, *Biometrika* 61, 1974).
        """
        memory = self._memory
        if self._case:
            memory.ratio = max(memory.ratio, self._case.complaints / self._case.expected)
        ratio = max(_LEAST_CALM_RATIO, sqrt(memory.ratio))
        usual = bucket.usual_complaints
        odds = (ratio - 1) * usual - bucket.complaints * log(ratio)
        odds /= 1 + memory.normal.spread(time) * usual
        memory.calm = max(0.0, memory.calm + odds)
        memory.raised += 1
        if memory.calm >= _CALM:
            self._relax()
        elif memory.raised * self._step >= at_least(DAY, self._step):
            self._shift()

    def _relax(self) -> None:
        """Begin to look anew: what was heard of a spike is no evidence for the next one."""
        memory = self._memory
        memory.score, memory.state = 0.0, State.QUIET
        memory.ratio, memory.calm, memory.raised = 1.0, 0.0, 0
        self._windows.clear()

    def _shift(self) -> None:
        """Learn anew what is normal, as at the beginning; only the season is kept."""
        self._relax()
        self._memory.normal = Normal.unknown(self._step, self._memory.normal.season)
        self._shifted = True


def _counted(bucket: Bucket, observation: Observation) -> Bucket:
    """Return ``bucket`` with what was heard, and what is usual in so much of it."""
    complaints = observation.negative
    others = max(0, observation.total - complaints)
    if observation.authors:  # who repeats himself within a bucket is counted once
        complaints = min(complaints, observation.authors)
    return bucket._replace(
        complaints=complaints,
        mentions=complaints + others,
        expected=max(1, round(bucket.expected * observation.coverage)),
    )
