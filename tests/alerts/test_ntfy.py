"""Push messages through ntfy."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

import settings
from alerts import notification
from signals import Severity, Step
from tests.support.channels import CANARY, NOW, PAGE, change, channel, evidence
from tests.support.receiver import Receiver


def test_it_is_published_at_the_root() -> None:
    """As JSON, with a token if there is one; the journal holds neither topic nor token."""
    with Receiver(secret=None) as receiver:
        sender = channel("ntfy", receiver.base)
        message = notification(sender, change(), evidence(), PAGE)
        assert CANARY not in message.body
        asyncio.run(sender.send(message, NOW))
    (delivery,) = receiver.accepted
    assert delivery.path == "/"
    assert delivery.headers["authorization"] == f"Bearer {CANARY}"
    document = delivery.body
    assert document["topic"] == CANARY
    assert document["title"] == "Trouble with Example"
    assert document["click"] == PAGE
    lines = document["message"].split("\n")
    assert lines[0].startswith("Trouble with Example: 38 complaints")
    assert lines[-2] == "“Example is down again, nothing loads” (example, 13:05 UTC)"


@pytest.mark.parametrize(
    ("step", "severity", "priority", "tag"),
    [
        (Step.CONFIRMED, Severity.CRITICAL, 5, "rotating_light"),
        (Step.REOPENED, Severity.CRITICAL, 5, "rotating_light"),
        (Step.REMINDER, Severity.CRITICAL, 4, "rotating_light"),
        (Step.CONFIRMED, Severity.WARNING, 3, "warning"),
        (Step.RESOLVED, Severity.CRITICAL, 3, "white_check_mark"),
        (Step.CONFIRMED, Severity.INFO, 2, "information_source"),
    ],
)
def test_news_of_trouble_is_loudest(
    step: Step, severity: Severity, priority: int, tag: str
) -> None:
    """The phone decides by the priority whether to wake somebody."""
    document = json.loads(channel("ntfy").render(change(step, severity=severity), evidence(), ""))
    assert (document["priority"], document["tags"]) == (priority, [tag])
    assert "click" not in document


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"topic": "hidden/x"}, r"channels\[0\]\.topic: is no topic of ntfy"),
        ({"topic": "-"}, r"channels\[0\]\.topic: is no topic of ntfy"),
        ({"topic": "hidden" * 11}, r"channels\[0\]\.topic: is no topic of ntfy"),
        ({"token": "hidden\n"}, r"channels\[0\]\.token: must be printable ASCII"),
        ({"base_url": "hidden"}, r"channels\[0\]\.base_url: is no address"),
    ],
)
def test_a_wrong_table_says_what_to_do(keys: dict[str, Any], message: str) -> None:
    """And shows no secret."""
    with pytest.raises(settings.SettingsError, match=message) as caught:
        channel("ntfy", **keys)
    assert "hidden" not in str(caught.value)


def test_without_a_token_nobody_is_authorised() -> None:
    """A public server needs none."""
    with Receiver(secret=None) as receiver:
        sender = channel("ntfy", receiver.base, token=None)
        asyncio.run(sender.send(notification(sender, change(), evidence(), PAGE), NOW))
    assert "authorization" not in receiver.accepted[0].headers
