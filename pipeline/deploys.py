"""What changed with a deploy: complaints before and after it, with an honest uncertainty."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from math import exp, log, sqrt
from typing import TYPE_CHECKING, NamedTuple

from signals import BUCKET, Level

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from signals import Event, Observation
    from storage import Reader

KINDS = frozenset({"deploy", "release"})
"""The events that count as deploys."""

ORDINARY = timedelta(days=28)
"""From how long before it is learned by how much one stretch of time differs from the next."""

COVERED = 0.5
"""Which part of a stretch must have been listened to."""

_Z = 1.96  # 95 %
_PAIRS = 10  # without so many pairs the spread of ordinary times is not known


class Half(NamedTuple):
    """What was said before or after.

    Attributes:
        negative: Complaints, copies aside.
        total: Mentions, copies aside.
        covered: Which part of the time was listened to, in [0, 1].
    """

    negative: int
    total: int
    covered: float

    @property
    def share(self) -> float | None:
        """Return which part of the mentions complains; None without any."""
        return self.negative / self.total if self.total else None


class Estimate(NamedTuple):
    """A number, and where it lies with a probability of 95 %."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Effect:
    """What changed with a deploy.

    Attributes:
        event: The deploy.
        topic: The topic looked at.
        before: What was said before.
        after: What was said after it.
        ratio: By which factor complaints became more; None if either side was hardly listened to.
        share: By how much the share of complaints rose; None likewise, or without mentions.
        spread: How many times more than chance one stretch of ordinary time differs from the next
            in complaints; None if too little is known of them, and chance alone is assumed.
    """

    event: Event
    topic: str
    before: Half
    after: Half
    ratio: Estimate | None
    share: Estimate | None
    spread: float | None

    @property
    def verdict(self) -> str:
        """Return ``worse``, ``better``, ``unclear``, or ``unknown`` if nobody listened."""
        if self.ratio is None:
            return "unknown"
        if self.ratio.low > 1:
            return "worse"
        return "better" if self.ratio.high < 1 else "unclear"


def effects(
    reader: Reader, topics: Iterable[str], window: timedelta, now: datetime
) -> list[Effect]:
    """Return what changed with each deploy that is marked, the latest first.

    Args:
        reader: The journal.
        topics: The topics to look at; a deploy of all topics is looked at for each of them.
        window: How much time before and after is compared.
        now: The present; what is after it is not waited for.

    Raises:
        StoreError: The journal cannot be read.
    """
    found: list[Effect] = []
    for topic in topics:
        extent = reader.extent(topic)
        if extent is None:
            continue
        events = reader.events(topic, extent.start, extent.end + window)
        found += [
            _effect(reader, topic, event, window, now) for event in events if event.kind in KINDS
        ]
    return sorted(found, key=lambda effect: (effect.event.time, effect.topic), reverse=True)


def _effect(reader: Reader, topic: str, event: Event, window: timedelta, now: datetime) -> Effect:
    at = Level.MINUTE.floor(event.time)
    minutes = {
        each.time: each
        for each in reader.observations(
            topic,
            at - window - ORDINARY,
            now=min(now, at + window),
            lateness=timedelta(0),
            limit=(ORDINARY + 2 * window) // BUCKET,
        )
    }

    def half(start: datetime) -> Half:
        steps = (start + number * BUCKET for number in range(window // BUCKET))
        return _half([minutes[step] for step in steps if step in minutes], window)

    before, after = half(at - window), half(at)
    ordinary = [half(at - number * window) for number in range(2, ORDINARY // window)]
    pairs = [
        (one, other)
        for one, other in zip(ordinary[1::2], ordinary[::2], strict=False)
        if min(one.covered, other.covered) >= COVERED
    ]
    spread = _mean([_count_excess(*pair) for pair in pairs if pair[0].negative + pair[1].negative])
    is_heard = min(before.covered, after.covered) >= COVERED
    return Effect(
        event=event,
        topic=topic,
        before=before,
        after=after,
        ratio=_ratio(before, after, spread or 1.0) if is_heard else None,
        share=_difference(before, after, _mean([*_share_excesses(pairs)]) or 1.0)
        if is_heard
        else None,
        spread=spread,
    )


def _half(minutes: Sequence[Observation], window: timedelta) -> Half:
    heard = [minute for minute in minutes if minute.coverage > 0]
    return Half(
        negative=sum(minute.negative for minute in heard),
        total=sum(minute.total for minute in heard),
        covered=sum(minute.coverage for minute in heard) / (window / BUCKET),
    )


def _ratio(before: Half, after: Half, spread: float) -> Estimate:
    """Return the ratio of two rates with its interval on the logarithmic scale.

    The variance is that of Poisson counts times ``spread`` (quasi-likelihood: McCullagh and Nelder,
    *Generalized Linear Models*, section 9.2); a half is added to each count, so that a count of 0
    has an interval as well.
    """
    one, other = before.negative + 0.5, after.negative + 0.5
    value = log(other / after.covered) - log(one / before.covered)
    width = _Z * sqrt(spread * (1 / one + 1 / other))
    return Estimate(exp(value), exp(value - width), exp(value + width))


def _difference(before: Half, after: Half, spread: float) -> Estimate | None:
    """Return the difference of two shares (Newcombe, *Statistics in Medicine* 17, 1998, method 10).

    Both counts are divided by ``spread``, the design effect.
    """
    if before.share is None or after.share is None:
        return None
    low_before, high_before = _wilson(before.share, before.total / spread)
    low_after, high_after = _wilson(after.share, after.total / spread)
    value = after.share - before.share
    return Estimate(
        value,
        value - sqrt((after.share - low_after) ** 2 + (high_before - before.share) ** 2),
        value + sqrt((high_after - after.share) ** 2 + (before.share - low_before) ** 2),
    )


def _wilson(share: float, number: float) -> tuple[float, float]:
    """Return Wilson's score interval of a share among ``number``."""
    square = _Z * _Z / number
    centre = (share + square / 2) / (1 + square)
    width = _Z / (1 + square) * sqrt(share * (1 - share) / number + square / (4 * number))
    return centre - width, centre + width


def _count_excess(one: Half, other: Half) -> float:
    """Return Pearson's statistic of two counts that should be equal: 1 on average by chance."""
    return (one.negative - other.negative) ** 2 / (one.negative + other.negative)


def _share_excesses(pairs: Iterable[tuple[Half, Half]]) -> Iterable[float]:
    """Yield Pearson's statistic of two shares that should be equal, for each pair that has it."""
    for one, other in pairs:
        total, negative = one.total + other.total, one.negative + other.negative
        if not one.total or not other.total or not 0 < negative < total:
            continue
        share = negative / total
        difference = one.negative / one.total - other.negative / other.total
        yield difference**2 / (share * (1 - share) * (1 / one.total + 1 / other.total))


def _mean(excesses: Sequence[float]) -> float | None:
    """Return the mean, at least 1; None of too few."""
    if len(excesses) < _PAIRS:
        return None
    return max(1.0, sum(excesses) / len(excesses))
