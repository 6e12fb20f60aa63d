"""Signals as JSON documents. The shapes are those of ``docs/page.md``, and stay."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from dashboards.standing import ended
from dashboards.words import segment, web_url
from signals import iso

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from dashboards.standing import Standing
    from signals import (
        DeliveryHealth,
        Event,
        Incident,
        SourceHealth,
        Span,
        StoredMention,
        Verdict,
        Volume,
    )

Document: TypeAlias = dict[str, object]


def topic(name: str, standing: Standing, extent: Span | None) -> Document:
    """Return a topic, how it stands, and what is known of it."""
    return {
        "name": name,
        "url": f"/topics/{segment(name)}",
        "state": standing.mood.value,
        "since": _time(standing.since),
        "watched_until": _time(standing.watched),
        "extent": span(extent) if extent else None,
    }


def span(stretch: Span) -> Document:
    """Return a half-open stretch of time."""
    return {"start": iso(stretch.start), "end": iso(stretch.end)}


def volume(bucket: Volume) -> Document:
    """Return one bucket."""
    return {
        "start": iso(bucket.start),
        "negative": bucket.negative,
        "positive": bucket.positive,
        "neutral": bucket.neutral,
        "unscored": bucket.unscored,
        "total": bucket.total,
        "copies": bucket.copies,
        "authors": bucket.authors,
        "score_sum": round(bucket.score_sum, 4),
        "coverage": round(bucket.coverage, 4),
    }


def verdict(decision: Verdict) -> Document:
    """Return what the detector says of one bucket."""
    return {
        "time": iso(decision.time),
        "observed": decision.observed,
        "expected": decision.expected,
        "low": decision.low,
        "high": decision.high,
        "score": decision.score,
        "state": decision.state.name.lower(),
    }


def incident(spike: Incident) -> Document:
    """Return an incident as it stands."""
    return {
        "id": spike.id,
        "topic": spike.topic,
        "phase": spike.phase.value,
        "opened": iso(spike.opened),
        "changed": iso(spike.changed),
        "ended": _time(ended(spike)),
        "reopened": spike.reopened,
        "worst": verdict(spike.worst),
    }


def event(happening: Event) -> Document:
    """Return an event; its address only if a browser may be sent there."""
    return {
        "id": happening.id,
        "kind": happening.kind,
        "title": happening.title,
        "topic": happening.topic,
        "time": iso(happening.time),
        "end": _time(happening.end),
        "text": happening.text,
        "url": web_url(happening.url),
    }


def mention(post: StoredMention) -> Document:
    """Return a mention without its author; its address only if a browser may be sent there."""
    return {
        "source": post.source,
        "id": post.id,
        "time": iso(post.time),
        "text": post.text,
        "url": web_url(post.url),
        "polarity": post.polarity.value,
        "compound": post.compound,
        "availability": post.availability,
        "copy": post.copy,
    }


def source(health: SourceHealth, missed: Iterable[Span]) -> Document:
    """Return how a source is, and when it was not listened to lately."""
    return {
        "source": health.source,
        "ok": health.ok,
        "kind": health.kind,
        "reason": health.reason,
        "tried": iso(health.tried),
        "heard": _time(health.heard),
        "items": health.items,
        "lag": health.lag,
        "missed": [span(gap) for gap in missed],
    }


def delivery(health: DeliveryHealth) -> Document:
    """Return how the delivery to InfluxDB is."""
    return {
        "pending": health.pending,
        "refused": health.refused,
        "delivered": _time(health.delivered),
        "problem": health.problem,
    }


def _time(instant: datetime | None) -> str | None:
    return iso(instant) if instant else None
