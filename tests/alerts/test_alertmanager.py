"""The bodies of Alertmanager and of Grafana, for receivers that people have."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from alerts import notification
from signals import Notification, Severity, Step
from tests.support.channels import CANARY, NOW, PAGE, change, channel, evidence
from tests.support.receiver import SECRET, Receiver

if TYPE_CHECKING:
    from signals import Change

ALERTMANAGER = {
    "receiver",
    "status",
    "alerts",
    "groupLabels",
    "commonLabels",
    "commonAnnotations",
    "externalURL",
    "version",
    "groupKey",
    "truncatedAlerts",
}
ALERT = {
    "status",
    "labels",
    "annotations",
    "startsAt",
    "endsAt",
    "generatorURL",
    "fingerprint",
}


def document(name: str, told: Change) -> dict[str, Any]:
    """Return what is sent of a change in that format."""
    body: dict[str, Any] = json.loads(channel(name).render(told, evidence(), PAGE))
    return body


def test_the_shape_is_alertmanagers() -> None:
    """Version 4, with the fields of its documentation and no other."""
    body = document("webhook-alertmanager", change())
    assert set(body) == ALERTMANAGER
    (alert,) = body["alerts"]
    assert set(alert) == ALERT
    assert (body["version"], body["receiver"]) == ("4", "webhook-alertmanager")
    assert (body["status"], alert["status"]) == ("firing", "firing")
    assert alert["labels"] == {
        "alertname": "HubbubIncident",
        "topic": "Example",
        "subject": "topic",
        "severity": "critical",
        "incident": change().incident.id,
    }
    assert body["commonLabels"] == alert["labels"]
    assert (alert["startsAt"], alert["endsAt"]) == ("2026-11-24T12:05:20Z", "0001-01-01T00:00:00Z")
    assert alert["annotations"]["summary"] == "Trouble with Example"
    assert "Unavailable: 27 of 38 complaints" in alert["annotations"]["description"]


@pytest.mark.parametrize("name", ["webhook-alertmanager", "webhook-grafana"])
def test_an_incident_is_one_alert_from_beginning_to_end(name: str) -> None:
    """The receiver knows it by its labels and its fingerprint, which never change."""
    first, last = document(name, change()), document(name, change(Step.RESOLVED))
    for key in ("labels", "fingerprint", "startsAt"):
        assert first["alerts"][0][key] == last["alerts"][0][key]
    assert first["groupKey"] == last["groupKey"]
    assert last["status"] == last["alerts"][0]["status"] == "resolved"
    assert last["alerts"][0]["endsAt"] == "2026-11-24T13:05:20Z"
    other = replace(change(), incident=replace(change().incident, id="another"))
    assert document(name, other)["alerts"][0]["fingerprint"] != first["alerts"][0]["fingerprint"]


def test_the_shape_is_grafanas() -> None:
    """Alertmanager's, version 1, and what Grafana adds."""
    body = document("webhook-grafana", change())
    assert set(body) == ALERTMANAGER | {"orgId", "title", "state", "message"}
    (alert,) = body["alerts"]
    extras = {"values", "valueString", "silenceURL", "dashboardURL", "panelURL", "imageURL"}
    assert set(alert) == ALERT | extras
    assert (body["version"], body["orgId"], body["state"]) == ("1", 1, "alerting")
    assert body["title"] == "[FIRING:1] Trouble with Example"
    assert body["message"].startswith("Trouble with Example: 38 complaints")
    assert alert["values"] == {
        "observed": 38, "expected": 9.0, "total": 61, "authors": 44, "share": 0.623,
    }  # fmt: skip
    over = document("webhook-grafana", change(Step.RESOLVED))
    assert (over["state"], over["title"][:12]) == ("ok", "[RESOLVED:1]")


@pytest.mark.parametrize("name", ["webhook-alertmanager", "webhook-grafana"])
def test_a_digest_is_a_group(name: str) -> None:
    """One alert for each incident, as it stands now, and what they have in common."""
    sender = channel(name, digest="15m")
    other = change(severity=Severity.WARNING)
    other = replace(other, incident=replace(other.incident, id="other", topic="Other"))
    told = (change(), other, change(Step.RESOLVED))
    lines = "\n".join(sender.render(each, evidence(), PAGE) for each in told)
    with Receiver(secret=None) as receiver:
        sender = channel(name, receiver.base, digest="15m")
        asyncio.run(sender.send(Notification("msg_1", name, lines), NOW))
    (delivery,) = receiver.accepted
    body = delivery.body
    assert [(a["labels"]["topic"], a["status"]) for a in body["alerts"]] == [
        ("Example", "resolved"),
        ("Other", "firing"),
    ]
    assert body["status"] == "firing"
    assert body["commonLabels"] == {"alertname": "HubbubIncident", "subject": "topic"}


@pytest.mark.parametrize(
    ("timestamp_header", "signed"),
    [(None, "{body}"), ("X-Grafana-Alerting-Timestamp", "1795525520:{body}")],
)
def test_it_is_signed_as_grafana_signs(timestamp_header: str | None, signed: str) -> None:
    """HMAC-SHA256 in hexadecimal over the body, or over the time, a colon and the body."""
    with Receiver(secret=None) as receiver:
        sender = channel(
            "webhook-grafana",
            receiver.base,
            hmac_timestamp_header=timestamp_header,
        )
        message = notification(sender, change(), evidence(), PAGE)
        asyncio.run(sender.send(message, NOW))
    (delivery,) = receiver.accepted
    content = signed.format(body=message.body).encode()
    expected = hmac.new(CANARY.encode(), content, hashlib.sha256).hexdigest()
    assert delivery.headers["x-grafana-alerting-signature"] == expected
    if timestamp_header:
        assert delivery.headers["x-grafana-alerting-timestamp"] == "1795525520"


def test_both_signatures_and_another_header_go_together() -> None:
    """A receiver may check either."""
    with Receiver(SECRET) as receiver:
        sender = channel("webhook", receiver.base, secret=SECRET, hmac_header="X-Signature")
        message = notification(sender, change(), evidence(), PAGE)
        asyncio.run(sender.send(message, NOW))
    (delivery,) = receiver.accepted
    expected = hmac.new(CANARY.encode(), message.body.encode(), hashlib.sha256).hexdigest()
    assert delivery.headers["x-signature"] == expected
