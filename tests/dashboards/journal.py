"""A journal in memory: plain lists of signals behind the methods of ``dashboards.Reader``."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import groupby
from math import sqrt

import signals
from signals import Level, Polarity


@dataclass
class Journal:
    """Test data by topic; minutes are kept, hours and days are rolled up when asked for."""

    minutes: dict[str, list[signals.Volume]] = field(default_factory=dict)
    judged: dict[str, list[signals.Verdict]] = field(default_factory=dict)
    spikes: list[signals.Incident] = field(default_factory=list)
    posts: list[signals.StoredMention] = field(default_factory=list)
    happenings: list[signals.Event] = field(default_factory=list)
    health: list[signals.SourceHealth] = field(default_factory=list)
    missed: dict[str, list[signals.Span]] = field(default_factory=dict)
    outbox: signals.DeliveryHealth = field(
        default_factory=lambda: signals.DeliveryHealth(0, 0, None, "")
    )

    def topics(self) -> list[str]:
        """Return the topics in the order in which they were added."""
        return list(self.minutes)

    def extent(self, topic: str) -> signals.Span | None:
        """Return the first to the last minute."""
        known = self.minutes[topic]
        return signals.Span(known[0].start, known[-1].start + signals.BUCKET) if known else None

    def volumes(
        self, topic: str, start: datetime, end: datetime, level: Level
    ) -> list[signals.Volume]:
        """Return the buckets, rolled up."""
        known = [v for v in self.minutes[topic] if level.floor(start) <= v.start < end]
        if level is Level.MINUTE:
            return known
        return [
            _sum(at, list(group), level)
            for at, group in groupby(known, key=lambda volume: level.floor(volume.start))
        ]

    def verdicts(
        self, topic: str, start: datetime, end: datetime, level: Level
    ) -> list[signals.Verdict]:
        """Return the verdicts, rolled up."""
        known = [v for v in self.judged.get(topic, []) if level.floor(start) <= v.time < end]
        if level is Level.MINUTE:
            return known
        return [
            _judge(at, list(group))
            for at, group in groupby(known, key=lambda verdict: level.floor(verdict.time))
        ]

    def incidents(
        self, topic: str | None, start: datetime | None, end: datetime | None
    ) -> list[signals.Incident]:
        """Return the incidents that overlap, newest first."""
        found = [
            spike
            for spike in self.spikes
            if (topic is None or spike.topic == topic)
            and (end is None or spike.opened < end)
            and (
                start is None or spike.phase is not signals.Phase.RESOLVED or spike.changed >= start
            )
        ]
        return sorted(found, key=lambda spike: spike.opened, reverse=True)

    def mentions(
        self, topic: str, start: datetime, end: datetime, polarity: Polarity | None, limit: int
    ) -> list[signals.StoredMention]:
        """Return the most telling mentions first."""
        found = [
            post
            for post in self.posts
            if post.topic == topic
            and start <= post.time < end
            and (polarity is None or post.polarity is polarity)
        ]
        sign = -1 if polarity is Polarity.POSITIVE else 1
        found.sort(key=lambda post: sign * post.compound if polarity else -abs(post.compound))
        return found[:limit]

    def events(self, topic: str, start: datetime, end: datetime) -> list[signals.Event]:
        """Return the topic's events and those of all topics."""
        return [
            event
            for event in self.happenings
            if event.topic in {topic, ""} and start <= event.time < end
        ]

    def sources(self) -> list[signals.SourceHealth]:
        """Return how each source is."""
        return self.health

    def gaps(self, start: datetime, end: datetime) -> dict[str, list[signals.Span]]:
        """Return what the sources missed."""
        return {
            source: [gap for gap in gaps if gap.end > start and gap.start < end]
            for source, gaps in self.missed.items()
        }

    def delivery(self) -> signals.DeliveryHealth:
        """Return how the delivery is."""
        return self.outbox


def post(  # noqa: PLR0913 - one default for each field that a test may care about
    topic: str,
    time: datetime,
    text: str,
    compound: float,
    *,
    url: str = "",
    source: str = "hackernews",
    availability: bool = False,
) -> signals.StoredMention:
    """Return a mention; its identity is made of its time and text."""
    polarity = (
        Polarity.NEGATIVE
        if compound <= -0.05
        else Polarity.POSITIVE
        if compound >= 0.05
        else Polarity.NEUTRAL
    )
    return signals.StoredMention(
        topic=topic,
        source=source,
        id=f"{signals.seconds(time)}-{text[:20]}",
        time=time,
        text=text,
        url=url,
        author="",
        polarity=polarity,
        compound=compound,
        availability=availability,
        scorer="vader-3.3.2",
    )


def verdict(time: datetime, observed: float, expected: float) -> signals.Verdict:
    """Return a verdict whose band is what a Poisson count would show."""
    spread = sqrt(max(expected, 0.3))
    high = expected + 4 * spread + 2
    state = signals.State.CONFIRMED if observed > high else signals.State.QUIET
    return signals.Verdict(
        time=time,
        observed=observed,
        expected=expected,
        low=max(0.0, expected - 2 * spread),
        high=high,
        score=(observed - expected) / spread,
        state=state,
    )


def incident(
    topic: str,
    opened: datetime,
    length: timedelta | None,
    phase: signals.Phase = signals.Phase.CONFIRMED,
    worst: signals.Verdict | None = None,
) -> signals.Incident:
    """Return an incident: resolved after ``length``, else open in ``phase``."""
    over = opened + length if length else None
    return signals.Incident(
        id=f"{topic}:{signals.seconds(opened)}",
        topic=topic,
        phase=signals.Phase.RESOLVED if over else phase,
        opened=opened,
        changed=over or opened,
        worst=worst or verdict(opened, 40, 3),
        last_seen=over - signals.BUCKET if over else opened,
    )


def this_minute() -> datetime:
    """Return the start of the present minute."""
    return Level.MINUTE.floor(datetime.now(UTC))


def _sum(at: datetime, parts: list[signals.Volume], level: Level) -> signals.Volume:
    return signals.Volume(
        start=at,
        positive=sum(part.positive for part in parts),
        negative=sum(part.negative for part in parts),
        neutral=sum(part.neutral for part in parts),
        authors=sum(part.authors for part in parts),
        score_sum=sum(part.score_sum for part in parts),
        coverage=sum(part.coverage for part in parts) * Level.MINUTE / level,
        unscored=sum(part.unscored for part in parts),
        copies=sum(part.copies for part in parts),
    )


def _judge(at: datetime, parts: list[signals.Verdict]) -> signals.Verdict:
    whole = verdict(at, sum(p.observed for p in parts), sum(p.expected for p in parts))
    return signals.Verdict(
        time=at,
        observed=whole.observed,
        expected=whole.expected,
        low=whole.low,
        high=whole.high,
        score=max(part.score for part in parts),
        state=max(part.state for part in parts),
    )
