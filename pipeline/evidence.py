"""What stands behind an incident, for messages, the page and the command line alike."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from pipeline.telling import most_telling
from pipeline.words import LEAST, telling_words
from signals import BUCKET, Evidence, Level, Phase, Span, State, Subject
from storage import EvidenceReader, Reader, combine

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from pathlib import Path

    from signals import Event, Incident, Topic, Verdict

POSTS = 5
"""Complaints that are quoted at most."""

ONSET = timedelta(minutes=10)
"""How far before an incident's first bucket its evidence begins."""

LONGEST = timedelta(hours=6)
"""Of a longer incident, the evidence is that of its latest hours; once over, of its worst ones."""

ORDINARY = timedelta(days=28)
"""How far back it is looked for what is usual."""

BEFORE = timedelta(hours=6)
"""How long before an incident a deploy may explain it."""

OFFICIAL = timedelta(hours=1)
"""How long before an incident the status page may have told of it."""

_STATUS = "status"
_CANDIDATES = 50
_TEXTS = 2_000
_USUAL_TEXTS = 4_000
_KNOWN = 20  # mentions without which no share is usual
_EVENTS = 5


class Explainer:
    """Finds what stands behind incidents. Blocking; thread-safe."""

    def __init__(self, path: Path, topics: Iterable[Topic] = ()) -> None:
        """Ask the journal at ``path``; the terms of ``topics`` are no telling words."""
        self._reader = Reader(path)
        self._evidence = EvidenceReader(path)
        self._topics = {topic.name: topic for topic in topics}

    def explain(
        self, incident: Incident, until: datetime | None = None, fresh: Sequence[Verdict] = ()
    ) -> Evidence:
        """Return what stands behind ``incident``.

        What concerns no topic has no posts and no numbers.

        Args:
            incident: It, as it stands or stood.
            until: The end of what is looked at; by default that of the incident, as far as it came.
            fresh: Verdicts that the journal does not hold yet.

        Raises:
            StoreError: The journal cannot be read.
        """
        until = until or _end(incident)
        window = _window(incident, until)
        if incident.subject is not Subject.TOPIC:
            return Evidence((), 0, 0, 0, window)
        topic = incident.topic
        counts = self._evidence.counts(topic, window)
        band = self._band(topic, window, fresh)
        ordinary = Span(incident.opened - ONSET - ORDINARY, incident.opened - ONSET)
        total, negative = self._evidence.usual(topic, ordinary)
        complaints = self._evidence.complaints(topic, window, _CANDIDATES)
        return Evidence(
            mentions=most_telling(complaints, POSTS),
            observed=counts.negative,
            total=counts.total,
            authors=counts.authors,
            window=window,
            expected=band.expected if band else 0.0,
            low=band.low if band else 0.0,
            high=band.high if band else 0.0,
            chance=10**-incident.worst.score if incident.worst.score > 0 else None,
            usual_share=negative / total if total >= _KNOWN else None,
            unavailable=counts.unavailable,
            copies=counts.copies,
            words=self._words(topic, window, ordinary),
            troubled=self._troubled(topic, until),
            events=self._events(incident),
            official=self._official(incident, until),
        )

    def _band(self, topic: str, window: Span, fresh: Sequence[Verdict]) -> Verdict | None:
        """Return what the detector says of the whole window; None if it was not judged."""
        known = self._reader.verdicts(topic, window.start, window.end, Level.MINUTE)
        found = {verdict.time: verdict for verdict in (*known, *fresh)}
        within = [v for v in found.values() if window.start <= v.time < window.end]
        return combine(window.start, within) if within else None

    def _words(self, topic: str, window: Span, ordinary: Span) -> tuple[str, ...]:
        known = [topic]
        if (watched := self._topics.get(topic)) is not None:
            query = watched.query
            known += [*query.any_of, *query.all_of, *watched.mask]
        usual = self._evidence.usual_texts(topic, ordinary, _USUAL_TEXTS)
        if len(usual) < LEAST:  # of what was over long ago, the days after it are known as well
            after = Span(window.end, window.end + ORDINARY)
            usual += self._evidence.usual_texts(topic, after, _USUAL_TEXTS)
        return telling_words(self._evidence.texts(topic, window, _TEXTS), usual, known)

    def _troubled(self, topic: str, until: datetime) -> tuple[str, ...]:
        """Return the other topics with a confirmed incident, in alphabetical order."""
        found = self._reader.incidents(start=until - BUCKET, end=until)
        return tuple(
            sorted(
                {
                    other.topic
                    for other in found
                    if other.topic != topic
                    and other.subject is Subject.TOPIC
                    and other.worst.state is State.CONFIRMED
                }
            )
        )

    def _events(self, incident: Incident) -> tuple[Event, ...]:
        """Return what happened shortly before, or in the first minutes: a deploy takes its time."""
        start, end = incident.opened - BEFORE, incident.opened + ONSET
        found = self._reader.events(incident.topic, start, end)
        recent = [each for each in found if each.kind != _STATUS and each.time >= start]
        return tuple(reversed(recent[-_EVENTS:]))

    def _official(self, incident: Incident, until: datetime) -> Event | None:
        found = self._reader.events(incident.topic, incident.opened - OFFICIAL, until)
        return max(
            (event for event in found if event.kind == _STATUS),
            key=lambda event: event.time,
            default=None,
        )


def _window(incident: Incident, until: datetime) -> Span:
    """Return which part of an incident is looked at."""
    start = incident.opened - ONSET
    if until - start <= LONGEST:
        return Span(start, until)
    if incident.phase is Phase.RESOLVED:
        until = min(until, max(incident.worst.time + LONGEST / 2, start + LONGEST))
    return Span(until - LONGEST, until)


def _end(incident: Incident) -> datetime:
    """Return the end of the latest bucket of an incident that is known of."""
    if incident.phase is Phase.RESOLVED:
        return incident.changed + BUCKET
    return max(incident.changed, incident.last_seen or incident.changed) + BUCKET
