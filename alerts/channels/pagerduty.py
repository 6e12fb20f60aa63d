"""``kind = "pagerduty"``: the Events API v2.

Source: PagerDuty, "Send an Alert Event" (Events API v2 Overview). An incident of hubbub is one
alert there: all its events carry its id as ``dedup_key``, so that a repeated event changes nothing
and the end resolves what the beginning triggered.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator

import settings
import signals
from alerts.channels.payload import text
from alerts.channels.posting import Endpoint
from alerts.channels.text import line
from alerts.example import is_test
from signals import Phase, Severity, Step, iso

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from alerts.channels.message import Message

_SUMMARY = 1_024
_IN_HAND = {Step.ACKNOWLEDGED, Step.SNOOZED}


def _routing_key(value: SecretStr) -> SecretStr:
    key = value.get_secret_value()
    if not (key.isascii() and key.isalnum()):
        raise ValueError(
            "is no integration key: it is the 32 letters and digits that PagerDuty shows for an "
            "integration of type Events API v2"
        )
    return value


class PagerDutySettings(settings.Channel):
    """A ``[[channels]]`` table of this kind.

    Attributes:
        kind: The constant ``pagerduty``.
        routing_key: The integration key of a service; a secret.
        steps: As everywhere, and what tells PagerDuty that somebody looks after it.
        base_url: Where the Events API answers; ``https://events.eu.pagerduty.com`` in Europe.
        timeout: How long one attempt may take.
    """

    kind: Literal["pagerduty"]
    routing_key: Annotated[settings.Secret, AfterValidator(_routing_key)]
    steps: Annotated[tuple[signals.Step, ...], Field(min_length=1)] = (
        *settings.STEPS,
        Step.ACKNOWLEDGED,
        Step.SNOOZED,
    )
    base_url: settings.BaseUrl = "https://events.pagerduty.com"
    timeout: settings.Duration = timedelta(seconds=15)

    @model_validator(mode="after")
    def _no_digest(self) -> Self:
        if self.digest is not None:
            raise ValueError("PagerDuty takes each event by itself: drop digest")
        return self


class PagerDuty:
    """See ``contract.Sender``."""

    def __init__(self, options: PagerDutySettings) -> None:
        """Prepare to send; nothing is connected to yet."""
        self._key = options.routing_key.get_secret_value()
        url = f"{options.base_url}/v2/enqueue"
        self._endpoint = Endpoint(options.name, url, options.timeout, "routing_key and base_url")

    def render(self, messages: Sequence[Message]) -> str:
        """Return the event, without its routing key."""
        (message,) = messages
        event = {
            "event_action": _action(message),
            "dedup_key": message.change.incident.id,
        }
        if event["event_action"] == "trigger":
            return text(event | _details(message))
        return text(event)

    async def send(self, body: str, identity: str, now: datetime) -> None:
        """POST the event."""
        event = {"routing_key": self._key} | json.loads(body)
        await self._endpoint.post(text(event), identity, now)


def _action(message: Message) -> str:
    if message.change.incident.phase is Phase.RESOLVED:
        return "resolve"
    return "acknowledge" if message.change.step in _IN_HAND else "trigger"


def _details(message: Message) -> dict[str, Any]:
    change = message.change
    incident = change.incident
    links = [
        {"href": post.url, "text": f"{post.source}: {line(post.text, 80)}"}
        for post in message.posts
        if post.url
    ]
    page = {"client": "hubbub", "client_url": message.url} if message.url else {"client": "hubbub"}
    return page | {
        "payload": {
            "summary": line(message.sentence, _SUMMARY),
            "source": incident.topic or "hubbub",
            "severity": _severity(message),
            "timestamp": iso(change.time),
            "component": incident.topic,
            "group": incident.subject.value,
            "class": change.step.value,
            "custom_details": {
                **{fact.label: fact.value for fact in message.facts},
                "Posts": [post.text for post in message.posts],
            },
        },
        "links": links,
    }


def _severity(message: Message) -> str:
    """Return how much it matters in PagerDuty's words; a test or a possibility wakes nobody."""
    if is_test(message.change):
        return "info"
    if message.change.step is Step.POSSIBLE:
        return "warning"
    severity: Severity = message.change.incident.severity
    return severity.value
