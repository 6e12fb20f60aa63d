"""``format = "hubbub"``: the body of a webhook, described field by field in ``docs/webhook.md``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from alerts.channels.message import headline
from alerts.example import is_test
from signals import iso

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alerts.channels.message import Message
    from signals import Event, Evidence, StoredMention

VERSION = 1
"""Raised when a field changes its meaning or goes; new fields leave it as it is."""


def payload(messages: Sequence[Message]) -> str:
    """Return the JSON text that tells of a change, or of the several of a digest."""
    first, *others = map(document, messages)
    if not others:
        return text(first)
    digest = {
        "version": VERSION,
        "type": "digest",
        "timestamp": iso(messages[-1].change.time),
        "title": headline(messages),
        "messages": [first, *others],
    }
    return text(digest)


def text(document: dict[str, Any]) -> str:
    """Return a JSON text; characters stand for themselves, and no number is undefined."""
    return json.dumps(document, ensure_ascii=False, allow_nan=False)


def document(message: Message) -> dict[str, Any]:
    """Return what is told of one change, as an object."""
    change, evidence = message.change, message.evidence
    incident = change.incident
    return {
        "version": VERSION,
        "type": "test" if is_test(change) else f"incident.{incident.phase}",
        "step": change.step.value,
        "timestamp": iso(change.time),
        "topic": incident.topic,
        "title": message.title,
        "sentence": message.sentence,
        "reason": change.reason,
        "incident": {
            "id": incident.id,
            "subject": incident.subject.value,
            "severity": incident.severity.value,
            "phase": incident.phase.value,
            "opened": iso(incident.opened),
            "reopened": incident.reopened,
            "url": message.url,
        },
        "numbers": _numbers(message),
        "mentions": [_mention(mention) for mention in evidence.mentions],
        "words": list(evidence.words),
        "troubled": list(evidence.troubled),
        "events": [_event(event) for event in evidence.events],
        "official": _event(evidence.official) if evidence.official else None,
    }


def _numbers(message: Message) -> dict[str, Any]:
    evidence, worst = message.evidence, message.change.incident.worst
    return {
        "window": {"start": iso(evidence.window.start), "end": iso(evidence.window.end)},
        "observed": evidence.observed,
        "expected": round(evidence.expected, 2),
        "low": round(evidence.low, 2),
        "high": round(evidence.high, 2),
        "chance": evidence.chance,
        "total": evidence.total,
        "share": share(evidence),
        "usual_share": _rounded(evidence.usual_share),
        "unavailable": evidence.unavailable,
        "authors": evidence.authors,
        "copies": evidence.copies,
        "score": round(worst.score, 2),
        "minute": {
            "time": iso(worst.time),
            "observed": round(worst.observed, 2),
            "expected": round(worst.expected, 2),
            "low": round(worst.low, 2),
            "high": round(worst.high, 2),
        },
    }


def share(evidence: Evidence) -> float | None:
    """Return which part of the mentions complains; None without mentions."""
    return _rounded(evidence.observed / evidence.total if evidence.total else None)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _mention(mention: StoredMention) -> dict[str, Any]:
    return {
        "time": iso(mention.time),
        "source": mention.source,
        "text": mention.text,
        "url": mention.url,
        "compound": mention.compound,
        "availability": mention.availability,
    }


def _event(event: Event) -> dict[str, Any]:
    return {
        "time": iso(event.time),
        "kind": event.kind,
        "title": event.title,
        "url": event.url,
    }
