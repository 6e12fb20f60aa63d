"""Openly simulated posts about a service that does not exist, for a first run without network.

What is said in a minute depends on the seed and that minute alone: any restart, replay or second
instance hears the same posts. Their number is Poisson with a gamma-distributed mean, that is
negative binomial, around a daily and weekly rhythm. Once in each ``outage_every`` the service
breaks, for up to 45 minutes, and people complain; now and then a launch is praised.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from random import Random
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, field_validator

import settings
from collectors.phrases import SLOTS, TEXTS, Mood
from signals import Collection, Level, Post, Span, from_seconds, iso, seconds

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

    from signals import Topic

SOURCE = "simulator"

_AUTHORS = 400
_PEAK_HOUR = 15
_SWING = math.log(4) / 2  # the busiest hour has four times the posts of the quietest
_MEAN_SWING = 1.1238  # of exp(_SWING * cos(x)) over a day: the modified Bessel function I0(_SWING)
_WEEKDAYS = (1.06, 1.1, 1.1, 1.08, 1.02, 0.8, 0.84)  # Monday first; their mean is 1
_SHAPE = 20.0  # of the gamma distribution: variance = mean + mean^2 / 20
_RAMP = 3 * 60
_RELIEF = 12 * 60
_LAUNCH_EVERY = 3 * 86_400
_PORTION = timedelta(days=1)
_HALF_HOUR = timedelta(minutes=30)

# How often people say what: on any day, while it is down, afterwards, and at a launch.
_USUALLY = {Mood.CHATTER: 0.34, Mood.PRAISE: 0.28, Mood.COMPLAINT: 0.20, Mood.QUESTION: 0.18}
_WHILE_DOWN = {Mood.OUTAGE: 0.88, Mood.IS_IT_DOWN: 0.12}
_AFTERWARDS = {Mood.RELIEF: 0.8, Mood.CHATTER: 0.2}
_AT_A_LAUNCH = {Mood.LAUNCH: 0.65, Mood.CHATTER: 0.25, Mood.COMPLAINT: 0.10}


class SimulatorSource(settings.Source):
    """``[[sources]]`` with ``kind = "simulator"``.

    Attributes:
        history: How far back the first call reaches.
        rate: Posts a minute at the mean of the week, outages and launches aside.
        outage_every: One outage begins in the first half of each such stretch of time.
        seed: Another number gives another made-up world.
    """

    kind: Literal["simulator"] = "simulator"
    interval: settings.Duration = timedelta(seconds=10)
    history: settings.Duration = timedelta(days=14)
    rate: Annotated[float, Field(gt=0, le=1_000)] = 2.0
    outage_every: settings.Duration = timedelta(hours=12)
    seed: int = 1

    @field_validator("outage_every")
    @classmethod
    def _room_to_recover(cls, value: timedelta) -> timedelta:
        if value < _HALF_HOUR:
            raise ValueError("must be 30m or longer, so that the service is well at times")
        return value


@dataclass(frozen=True, slots=True)
class _Surge:
    """A stretch of time with ``factor`` times the usual posts; seconds since 1970."""

    start: int
    end: int
    factor: float


class Simulator:
    """Makes up what people say about the service "Example"."""

    def __init__(
        self,
        table: SimulatorSource,
        client: object,  # noqa: ARG002 - every collector is built alike
        topics: Sequence[Topic],
    ) -> None:
        """Take the settings; the HTTP client is not used."""
        self.source = SOURCE
        self.interval = table.interval
        self.topics = frozenset(topic.name for topic in topics)
        self._history = table.history
        self._rate = table.rate
        self._outage_every = int(table.outage_every.total_seconds())
        self._seed = table.seed

    async def collect(self, cursor: str | None, now: datetime) -> AsyncIterator[Collection]:
        """Yield what was said from ``cursor`` (an instant) to ``now``, a day at a time."""
        now = from_seconds(seconds(now))
        start = Level.MINUTE.floor(now - self._history)
        if cursor is not None:
            start = max(start, datetime.fromisoformat(cursor))
        while start < now:
            end = min(start + _PORTION, now)
            yield Collection(
                source=self.source,
                posts=tuple(self._posts(seconds(start), seconds(end))),
                watched=(Span(start, end),),
                cursor=iso(end),
            )
            start = end

    async def probe(self) -> str:
        """Return that there is nothing to reach."""
        return "simulated: made up here, without network"

    def _posts(self, start: int, end: int) -> Iterator[Post]:
        """Yield the posts of ``[start, end)``, in seconds since 1970."""
        for minute in range(start // 60, -(-end // 60)):
            for post in self._minute(minute):
                if start <= seconds(post.time) < end:
                    yield post

    def _minute(self, minute: int) -> Iterator[Post]:
        """Yield the posts of one minute since 1970, the earliest first."""
        rng = _random(self._seed, minute)
        expected = self._expected(minute * 60)
        moods, weights = tuple(expected), tuple(expected.values())
        mean = sum(weights) * rng.gammavariate(_SHAPE, 1 / _SHAPE)
        second = 0.0
        for at in itertools.count():
            second += rng.expovariate(mean / 60)  # the gaps of a Poisson process
            if second >= 60:  # noqa: PLR2004 - a minute is over
                return
            [mood] = rng.choices(moods, weights)
            text = rng.choice(TEXTS[mood])
            text = text.format_map({slot: rng.choice(words) for slot, words in SLOTS.items()})
            yield Post(
                source=self.source,
                id=f"{minute}-{at}",
                text=text[0].upper() + text[1:],
                time=from_seconds(minute * 60 + int(second)),
                author=f"simulated-{int(_AUTHORS * rng.random() ** 2)}",  # some post often
                language="en",
            )

    def _expected(self, instant: int) -> dict[Mood, float]:
        """Return how many posts of each mood the minute that starts at ``instant`` should have."""
        usual = self._rate * _rhythm(instant)
        expected = {mood: usual * share for mood, share in _USUALLY.items()}
        outage = _outage(self._seed, instant // self._outage_every, self._outage_every)
        launch = _launch(self._seed, instant // _LAUNCH_EVERY)
        if outage.start <= instant < outage.end:
            ramp = min(1.0, (instant + 60 - outage.start) / _RAMP)
            _add(expected, _WHILE_DOWN, usual * (outage.factor - 1) * ramp)
        if outage.end <= instant < outage.end + _RELIEF:
            _add(expected, _AFTERWARDS, usual * 2)
        if launch.start <= instant < launch.end:
            _add(expected, _AT_A_LAUNCH, usual * (launch.factor - 1))
        return expected


def _random(seed: int, *what: object) -> Random:
    """Return the chance that always says the same of ``what`` in the world ``seed``."""
    return Random(f"{seed}:{what}")  # noqa: S311 - repeatable, and no secret


def _add(expected: dict[Mood, float], shares: dict[Mood, float], posts: float) -> None:
    for mood, share in shares.items():
        expected[mood] = expected.get(mood, 0.0) + posts * share


@lru_cache(maxsize=64)
def _outage(seed: int, stretch: int, every: int) -> _Surge:
    """Return the outage of one stretch of ``every`` seconds.

    It begins in the first half, so that never more than one and a half stretches lie between the
    beginnings of two outages, and it ends within the stretch.
    """
    rng = _random(seed, "outage", stretch)
    start = stretch * every + int(rng.random() * every / 2)
    length = min(int(rng.uniform(15, 45) * 60), every // 2)
    return _Surge(start, start + length, factor=rng.uniform(6, 12))


@lru_cache(maxsize=64)
def _launch(seed: int, stretch: int) -> _Surge:
    """Return the launch of one stretch of ``_LAUNCH_EVERY`` seconds."""
    rng = _random(seed, "launch", stretch)
    start = int((stretch + rng.random() * 0.9) * _LAUNCH_EVERY)
    return _Surge(start, start + int(rng.uniform(20, 60) * 60), factor=rng.uniform(2, 4))


def _rhythm(instant: int) -> float:
    """Return how busy this time of the day and week is; the mean is 1."""
    when = from_seconds(instant)
    angle = 2 * math.pi * (when.hour + when.minute / 60 - _PEAK_HOUR) / 24
    return _WEEKDAYS[when.weekday()] * math.exp(_SWING * math.cos(angle)) / _MEAN_SWING
