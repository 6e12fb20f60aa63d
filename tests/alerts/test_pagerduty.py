"""PagerDuty's Events API v2: one alert for an incident, from its beginning to its end."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

import settings
from alerts import example, notification
from signals import Severity, Step, Subject
from tests.support.channels import CANARY, NOW, PAGE, change, channel, evidence
from tests.support.receiver import Receiver


def event(step: Step, **keys: Any) -> dict[str, Any]:
    """Return the event that tells of a change."""
    document: dict[str, Any] = json.loads(
        channel("pagerduty").render(change(step, **keys), evidence(), PAGE)
    )
    return document


@pytest.mark.parametrize(
    ("step", "action"),
    [
        (Step.POSSIBLE, "trigger"),
        (Step.CONFIRMED, "trigger"),
        (Step.REOPENED, "trigger"),
        (Step.REMINDER, "trigger"),
        (Step.FLAPPING, "trigger"),
        (Step.ACKNOWLEDGED, "acknowledge"),
        (Step.SNOOZED, "acknowledge"),
        (Step.RESOLVED, "resolve"),
    ],
)
def test_each_step_is_an_action_on_one_alert(step: Step, action: str) -> None:
    """The incident's id ties them together, so that a repetition changes nothing."""
    document = event(step)
    assert document["event_action"] == action
    assert document["dedup_key"] == change().incident.id
    assert ("payload" in document) is (action == "trigger")


def test_a_trigger_says_what_is_wrong() -> None:
    """The summary is the sentence, the facts are details, and the posts are links."""
    document = event(Step.CONFIRMED)
    told = document["payload"]
    assert told["summary"].startswith("Trouble with Example: 38 complaints in 10 minutes")
    assert (told["source"], told["component"]) == ("Example", "Example")
    assert told["custom_details"]["Unavailable"] == "27 of 38 complaints say that it does not work"
    assert told["custom_details"]["Posts"][0] == "Example is down again, nothing loads"
    assert (document["client"], document["client_url"]) == ("hubbub", PAGE)
    assert document["links"][0]["href"] == "https://example.org/posts/1"
    bare = json.loads(channel("pagerduty").render(change(), evidence(), ""))
    assert "client_url" not in bare


@pytest.mark.parametrize(
    ("severity", "word"),
    [(Severity.CRITICAL, "critical"), (Severity.WARNING, "warning"), (Severity.INFO, "info")],
)
def test_the_severity_is_handed_on(severity: Severity, word: str) -> None:
    """PagerDuty's urgency can follow it."""
    assert event(Step.CONFIRMED, severity=severity)["payload"]["severity"] == word
    assert event(Step.CONFIRMED, subject=Subject.DELIVERY)["payload"]["source"] == "hubbub"


def test_doubt_and_tests_are_no_emergency() -> None:
    """Nobody is woken by what may be nothing."""
    assert event(Step.POSSIBLE)["payload"]["severity"] == "warning"
    tested = json.loads(channel("pagerduty").render(*example(NOW), PAGE))
    assert tested["payload"]["severity"] == "info"


def test_the_key_is_added_when_it_is_sent() -> None:
    """The journal never holds it."""
    with Receiver(secret=None) as receiver:
        receiver.answer(202, body=b'{"status": "success", "dedup_key": "x"}')
        sender = channel("pagerduty", receiver.base)
        message = notification(sender, change(), evidence(), PAGE)
        assert CANARY not in message.body
        asyncio.run(sender.send(message, NOW))
    (delivery,) = receiver.accepted
    assert delivery.path == "/v2/enqueue"
    assert delivery.body == {"routing_key": CANARY} | json.loads(message.body)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"digest": "5m"}, "PagerDuty takes each event by itself: drop digest"),
        ({"routing_key": ""}, r"channels\[0\]\.routing_key: is no integration key"),
        ({"routing_key": "hidden key"}, r"channels\[0\]\.routing_key: is no integration key"),
        ({"routing_key": None}, r"channels\[0\]\.routing_key: is missing"),
    ],
)
def test_a_wrong_table_says_what_to_do(keys: dict[str, Any], message: str) -> None:
    """And shows no key."""
    with pytest.raises(settings.SettingsError, match=message) as caught:
        channel("pagerduty", **keys)
    assert "hidden" not in str(caught.value)
