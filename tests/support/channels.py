"""A channel of every kind that talks to a local server, and every message that there can be."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from itertools import product
from typing import TYPE_CHECKING, Any

import alerts
from settings import Settings
from signals import Phase, Severity, State, Step, Subject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts import Channel
    from signals import Change, Evidence

NOW = datetime(2026, 11, 24, 13, 5, 20, tzinfo=UTC)
PAGE = "http://127.0.0.1:8460/topics/Example?from=2026-11-24T12:01:00Z&to=2026-11-24T14:05:20Z"
CANARY = "C4n4ry" * 5 + "ab"
"""Stands where each kind has its secret."""

HTTP = (
    "webhook",
    "webhook-alertmanager",
    "webhook-grafana",
    "pagerduty",
    "slack",
    "discord",
    "teams",
    "ntfy",
)
"""The channels that post over HTTP, one for each format."""

LIBRARIES = ("apprise",) if find_spec("apprise") else ()
"""The channels whose library is installed."""

NAMES = (*HTTP, "email", *LIBRARIES)


def table(name: str, base: str = "http://127.0.0.1:9") -> dict[str, Any]:
    """Return a table of that name's kind whose server answers at ``base``."""
    kind, _, form = name.partition("-")
    host, _, port = base.removeprefix("http://").partition(":")
    url = f"{base}/{CANARY}?token={CANARY}"
    keys: dict[str, dict[str, Any]] = {
        "webhook": {"url": url, "hmac_secret": CANARY, **({"format": form} if form else {})},
        "pagerduty": {"routing_key": CANARY, "base_url": base},
        "slack": {"url": url},
        "discord": {"url": url},
        "teams": {"url": url},
        "ntfy": {"topic": CANARY, "base_url": base, "token": CANARY},
        "email": {
            "host": host,
            "port": int(port),
            "security": "none",
            "username": "ops",
            "password": CANARY,
            "sender": "hubbub <hubbub@example.org>",
            "to": ["ops@example.org"],
        },
        "apprise": {"url": f"json://{host}:{port}/{CANARY}"},
    }
    return {"kind": kind, "name": name, **keys[kind]}


def channel(name: str, base: str = "http://127.0.0.1:9", **keys: Any) -> Channel:
    """Return a channel made of ``table``, with other ``keys``; None takes one out."""
    changed = {k: v for k, v in (table(name, base) | keys).items() if v is not None}
    (built,) = alerts.build(Settings(channels=(changed,)))
    return built


def change(
    step: Step = Step.CONFIRMED,
    subject: Subject = Subject.TOPIC,
    severity: Severity = Severity.CRITICAL,
    state: State = State.CONFIRMED,
) -> Change:
    """Return a change of an incident that is no test, an hour after it opened."""
    made, _ = alerts.example(NOW)
    phases = {Step.POSSIBLE: Phase.POSSIBLE, Step.RESOLVED: Phase.RESOLVED}
    name = {Subject.TOPIC: "Example", Subject.SOURCE: "hackernews", Subject.DELIVERY: ""}[subject]
    incident = replace(
        made.incident,
        id="20261124T1205Z-0123456789ab",
        topic=name,
        phase=phases.get(step, Phase.CONFIRMED),
        opened=NOW - timedelta(hours=1),
        worst=replace(made.incident.worst, state=state),
        subject=subject,
        severity=severity,
    )
    reason = "Hacker News has been silent for 40 minutes"
    return replace(made, incident=incident, step=step, reason=reason, time=NOW)


def evidence() -> Evidence:
    """Return what was heard."""
    return alerts.example(NOW)[1]


def every_change() -> Iterator[Change]:
    """Yield a change for each step of each subject at each severity."""
    for step, subject, severity in product(Step, Subject, Severity):
        yield change(step, subject, severity)
