"""``kind = "ntfy"``: push messages through ntfy.sh or a server of one's own.

Source: ntfy, "Publish as JSON" and "Limitations": a message has up to 4,096 bytes (longer ones
become attachments), and the server reads twice as many of the whole document. Without ``markdown``
a message is plain text.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, SecretStr

import settings
from alerts.channels.message import Tone, headline
from alerts.channels.payload import text
from alerts.channels.posting import Endpoint
from alerts.channels.text import line, listing, octets
from signals import Step

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from alerts.channels.message import Message

_MESSAGE = 4_000
_TITLE = 200
_DOCUMENT = 8_000
_TOPIC = 64
_TAGS = {
    Tone.BAD: "rotating_light",
    Tone.UNSURE: "warning",
    Tone.CALM: "information_source",
    Tone.GOOD: "white_check_mark",
}
_PRIORITIES = {Tone.BAD: 4, Tone.UNSURE: 3, Tone.CALM: 2, Tone.GOOD: 3}
_URGENT = 5
_NEWS = {Step.CONFIRMED, Step.REOPENED}


def _topic(value: SecretStr) -> SecretStr:
    name = value.get_secret_value()
    plain = name.replace("-", "").replace("_", "")
    if not (plain.isascii() and plain.isalnum() and len(name) <= _TOPIC):
        raise ValueError("is no topic of ntfy: 1 to 64 letters, digits, - and _")
    return value


def _token(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    if not (text and text.isascii() and text.isprintable()):
        raise ValueError("must be printable ASCII")
    return value


class NtfySettings(settings.Channel):
    """A ``[[channels]]`` table of this kind.

    Attributes:
        kind: The constant ``ntfy``.
        topic: Where to publish; a secret, since who knows it can read and write there.
        base_url: The server.
        token: An access token of the server.
        timeout: How long one attempt may take.
    """

    kind: Literal["ntfy"]
    topic: Annotated[settings.Secret, AfterValidator(_topic)]
    base_url: settings.BaseUrl = "https://ntfy.sh"
    token: Annotated[settings.Secret, AfterValidator(_token)] | None = None
    timeout: settings.Duration = timedelta(seconds=15)


class Ntfy:
    """See ``contract.Sender``."""

    def __init__(self, options: NtfySettings) -> None:
        """Prepare to send; nothing is connected to yet."""
        self._topic = options.topic.get_secret_value()
        token = options.token.get_secret_value() if options.token else ""
        self._headers = {"authorization": f"Bearer {token}"} if token else {}
        self._endpoint = Endpoint(
            options.name, options.base_url, options.timeout, "base_url, topic and token"
        )

    def render(self, messages: Sequence[Message]) -> str:
        """Return the document, without its topic."""
        latest = messages[-1]
        lines = listing(_lines(messages), _MESSAGE, octets)
        document = {
            "title": line(headline(messages), _TITLE),
            "tags": [_TAGS[latest.tone]],
            "priority": _priority(latest),
            **({"click": latest.url} if latest.url else {}),
        }
        # What has to be escaped in JSON may make a text that fits too long again.
        while octets(body := text(document | {"message": "\n".join(lines)})) > _DOCUMENT:
            lines.pop()
        return body

    async def send(self, body: str, identity: str, now: datetime) -> None:
        """POST the document to the server's root."""
        document = {"topic": self._topic} | json.loads(body)
        await self._endpoint.post(text(document), identity, now, self._headers)


def _lines(messages: Sequence[Message]) -> list[str]:
    if len(messages) > 1:
        return [message.sentence for message in messages]
    (message,) = messages
    posts = [f"“{post.text}” ({post.source}, {post.time})" for post in message.posts]
    facts = [f"{fact.label}: {fact.value}" for fact in message.facts]
    return [message.sentence, *facts, *posts]


def _priority(message: Message) -> int:
    if message.tone is Tone.BAD and message.change.step in _NEWS:
        return _URGENT
    return _PRIORITIES[message.tone]
