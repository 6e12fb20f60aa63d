"""A topic in figures: how it stands, its last hour, its last day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from dashboards import sparkline
from dashboards.gaps import last_watched
from dashboards.standing import Mood, Standing, stand
from signals import Evidence, Incident, Level, Polarity, Span, StoredMention, Volume

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dashboards.reader import Explain, Reader

HOUR = timedelta(hours=1)
_QUOTES = 3
_CANDIDATES = 20
_URGENCY = list(Mood)


@dataclass(frozen=True, slots=True)
class Totals:
    """Mentions over a stretch of time."""

    positive: int
    negative: int
    total: int


@dataclass(frozen=True, slots=True)
class Summary:
    """A topic in figures.

    Attributes:
        name: The topic.
        standing: How it stands.
        extent: What is known of it at all.
        hour: The last 60 minutes.
        expected: The complaints that the past leads one to expect in them; None if unknown.
        day: The last 24 hours.
        spark: The last day as a small chart.
        latest: Its latest incident within ``RECENT``.
    """

    name: str
    standing: Standing
    extent: Span | None
    hour: Totals
    expected: float | None
    day: Totals
    spark: sparkline.Sparkline
    latest: Incident | None


@dataclass(frozen=True, slots=True)
class Alarm:
    """A topic with an open incident, and what people say.

    Attributes:
        summary: The topic.
        incident: The open incident.
        quotes: The most telling complaints since it opened, each text once.
        evidence: What else stands behind it; None if nobody can tell.
    """

    summary: Summary
    incident: Incident
    quotes: tuple[StoredMention, ...]
    evidence: Evidence | None = None


def summarise(reader: Reader, topic: str, incidents: Sequence[Incident], now: datetime) -> Summary:
    """Return a topic in figures.

    Args:
        reader: The journal.
        topic: The topic's name.
        incidents: Its recent incidents, newest first.
        now: The present.
    """
    day = sparkline.span(now)
    hours = reader.volumes(topic, day.start, day.end, Level.HOUR)
    verdicts = reader.verdicts(topic, day.start, day.end, Level.HOUR)
    since = Level.MINUTE.floor(now - HOUR)
    minutes = reader.volumes(topic, since, now, Level.MINUTE)
    expected = [v.expected for v in reader.verdicts(topic, since, now, Level.MINUTE)]
    extent = reader.extent(topic)
    watched = last_watched(minutes, Level.MINUTE) or last_watched(hours, Level.HOUR)
    if watched is None and extent is not None:
        watched = extent.end
    return Summary(
        name=topic,
        standing=stand(watched, incidents, now),
        extent=extent,
        hour=_totals(minutes),
        expected=sum(expected) if expected else None,
        day=_totals(hours),
        spark=sparkline.draw(hours, verdicts, now),
        latest=incidents[0] if incidents else None,
    )


def by_urgency(summary: Summary) -> tuple[int, str]:
    """Return a sort key: what needs attention first, then by name."""
    return _URGENCY.index(summary.standing.mood), summary.name.casefold()


def alarms(
    reader: Reader, summaries: Sequence[Summary], now: datetime, explain: Explain | None = None
) -> list[Alarm]:
    """Return the topics with an open incident, each with the complaints that say why."""
    found = []
    for summary in summaries:
        incident = summary.standing.incident
        if incident is not None and explain is not None:
            evidence = explain(incident)
            found.append(Alarm(summary, incident, evidence.mentions[:_QUOTES], evidence))
        elif incident is not None:
            worst = reader.mentions(
                summary.name, incident.opened, now, Polarity.NEGATIVE, _CANDIDATES
            )
            distinct = {mention.text.casefold(): mention for mention in reversed(worst)}
            quotes = tuple(
                mention for mention in worst if distinct[mention.text.casefold()] is mention
            )
            found.append(Alarm(summary, incident, quotes[:_QUOTES]))
    return found


def _totals(volumes: Sequence[Volume]) -> Totals:
    return Totals(
        positive=sum(volume.positive for volume in volumes),
        negative=sum(volume.negative for volume in volumes),
        total=sum(volume.total for volume in volumes),
    )
