"""The body of a webhook, described field by field in ``docs/webhook.md``."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from alerts.example import is_test
from signals import Change, Evidence, Phase, Span, StoredMention, iso

VERSION = 1
"""Raised when a field changes its meaning or goes; new fields leave it as it is."""

_MENTIONS = 5
_TEXT = 500
_URL = 1_000
_MOST_MINUTES = 120  # longer times are told in hours


def payload(change: Change, evidence: Evidence, page_url: str) -> str:
    """Return the JSON text that tells of a change."""
    return json.dumps(document(change, evidence, page_url), ensure_ascii=False, allow_nan=False)


def document(change: Change, evidence: Evidence, page_url: str) -> dict[str, Any]:
    """Return what ``payload`` writes, as an object."""
    incident, worst = change.incident, change.incident.worst
    return {
        "version": VERSION,
        "type": "test" if is_test(change) else f"incident.{incident.phase}",
        "timestamp": iso(change.time),
        "topic": incident.topic,
        "sentence": sentence(change, evidence),
        "reason": change.reason,
        "incident": {
            "id": incident.id,
            "phase": incident.phase.value,
            "opened": iso(incident.opened),
            "reopened": incident.reopened,
            "url": page_url,
        },
        "numbers": {
            "window": {"start": iso(evidence.window.start), "end": iso(evidence.window.end)},
            "observed": evidence.observed,
            "expected": round(_expected(change, evidence.window), 2),
            "total": evidence.total,
            "authors": evidence.authors,
            "score": round(worst.score, 2),
            "minute": {
                "time": iso(worst.time),
                "observed": round(worst.observed, 2),
                "expected": round(worst.expected, 2),
                "low": round(worst.low, 2),
                "high": round(worst.high, 2),
            },
        },
        "mentions": [_mention(mention) for mention in evidence.mentions[:_MENTIONS]],
    }


def sentence(change: Change, evidence: Evidence) -> str:
    """Return the change in words for people."""
    incident = change.incident
    if incident.phase is Phase.RESOLVED:
        lasted = _duration(change.time - incident.opened)
        text = f"{incident.topic}: the incident is over after {lasted}, {change.reason}."
    else:
        opening = "Trouble" if incident.phase is Phase.CONFIRMED else "Possible trouble"
        window = evidence.window
        text = (
            f"{opening} with {incident.topic}: {evidence.observed} complaints"
            f" in {_duration(window.end - window.start)},"
            f" where about {_expected(change, window):.1f} are usual"
            f" ({evidence.total} mentions by {evidence.authors} people)."
        )
    return f"This is a test, nothing is wrong. {text}" if is_test(change) else text


def _expected(change: Change, window: Span) -> float:
    """Return the complaints that are usual in the window, from the baseline of the worst minute."""
    return change.incident.worst.expected * ((window.end - window.start) / timedelta(minutes=1))


def _duration(length: timedelta) -> str:
    minutes = round(length / timedelta(minutes=1))
    if minutes == 1:
        return "1 minute"
    return f"{minutes} minutes" if minutes < _MOST_MINUTES else f"{round(minutes / 60)} hours"


def _mention(mention: StoredMention) -> dict[str, Any]:
    return {
        "time": iso(mention.time),
        "source": mention.source,
        "text": _clean(mention.text),
        "url": _address(mention.url),
        "compound": mention.compound,
    }


def _clean(text: str) -> str:
    """Return network text fit to be shown: bounded, without control characters or half letters."""
    short = text if len(text) <= _TEXT else f"{text[: _TEXT - 1]}…"
    visible = "".join(c if c.isprintable() or c == "\n" else " " for c in short)
    return visible.encode("utf-8", "replace").decode()


def _address(url: str) -> str:
    """Return ``url`` if it is a short web address, and nothing otherwise."""
    fit = url.startswith(("https://", "http://")) and len(url) <= _URL and url.isprintable()
    return url if fit else ""
