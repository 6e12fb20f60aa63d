"""``format = "alertmanager"`` and ``"grafana"``: bodies that receivers people have understand.

Sources: Prometheus, "Alertmanager configuration: webhook_config" (version 4 of the body), and
Grafana, "Configure the webhook notifier for Alerting". An incident is one alert: it keeps its
labels and its fingerprint over its life, fires until it is over, and is then resolved.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from alerts.channels.message import headline
from alerts.channels.payload import share, text
from signals import Phase, iso

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alerts.channels.message import Message

_NEVER = "0001-01-01T00:00:00Z"  # Go's zero time: it goes on
_NAME = "HubbubIncident"


def alertmanager(receiver: str, messages: Sequence[Message]) -> str:
    """Return the body that Prometheus Alertmanager would send to ``receiver``."""
    latest = _latest(messages)
    return text(_group(receiver, "4", [_alert(message) for message in latest], latest))


def grafana(receiver: str, messages: Sequence[Message]) -> str:
    """Return the body that Grafana Alerting would send to ``receiver``."""
    latest = _latest(messages)
    alerts = [_alert(message) | _grafana_extras(message) for message in latest]
    body = _group(receiver, "1", alerts, latest)
    firing = body["status"] == "firing"
    extras = {
        "orgId": 1,
        "title": f"[{body['status'].upper()}:{len(alerts)}] {headline(latest)}",
        "state": "alerting" if firing else "ok",
        "message": "\n".join(message.sentence for message in latest),
    }
    return text(body | extras)


def _latest(messages: Sequence[Message]) -> list[Message]:
    """Return the latest message of each incident: an alert has a state, not a history."""
    return list({message.change.incident.id: message for message in messages}.values())


def _group(
    receiver: str, version: str, alerts: Sequence[dict[str, Any]], messages: Sequence[Message]
) -> dict[str, Any]:
    labels = _common([alert["labels"] for alert in alerts])
    return {
        "receiver": receiver,
        "status": "firing" if any(each["status"] == "firing" for each in alerts) else "resolved",
        "alerts": list(alerts),
        "groupLabels": {"alertname": _NAME},
        "commonLabels": labels,
        "commonAnnotations": _common([alert["annotations"] for alert in alerts]),
        "externalURL": messages[0].url,
        "version": version,
        "groupKey": f'{{}}:{{alertname="{_NAME}", incident="{labels.get("incident", "")}"}}',
        "truncatedAlerts": 0,
    }


def _alert(message: Message) -> dict[str, Any]:
    change = message.change
    incident = change.incident
    over = incident.phase is Phase.RESOLVED
    return {
        "status": "resolved" if over else "firing",
        "labels": {
            "alertname": _NAME,
            "topic": incident.topic,
            "subject": incident.subject.value,
            "severity": incident.severity.value,
            "incident": incident.id,
        },
        "annotations": {
            "summary": message.title,
            "description": _description(message),
            "step": change.step.value,
        },
        "startsAt": iso(incident.opened),
        "endsAt": iso(change.time) if over else _NEVER,
        "generatorURL": message.url,
        "fingerprint": hashlib.sha256(incident.id.encode()).hexdigest()[:16],
    }


def _description(message: Message) -> str:
    """Return the sentence, the facts and the posts, a line each."""
    facts = [f"{fact.label}: {fact.value}" for fact in message.facts]
    posts = [f'"{post.text}" ({post.source}) {post.url}'.rstrip() for post in message.posts]
    return "\n".join([message.sentence, *facts, *posts])


def _grafana_extras(message: Message) -> dict[str, Any]:
    evidence = message.evidence
    known = {
        "observed": evidence.observed,
        "expected": round(evidence.expected, 2),
        "total": evidence.total,
        "authors": evidence.authors,
        "share": share(evidence),
    }
    values = {name: value for name, value in known.items() if value is not None}
    return {
        "values": values,
        "valueString": ", ".join(
            f"[ var='{name}' labels={{}} value={value} ]" for name, value in values.items()
        ),
        "silenceURL": "",
        "dashboardURL": message.url,
        "panelURL": "",
        "imageURL": "",
    }


def _common(each: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Return what all of the mappings have in common."""
    first, *others = each
    return {k: v for k, v in first.items() if all(other.get(k) == v for other in others)}
