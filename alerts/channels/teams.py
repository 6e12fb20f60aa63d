"""``kind = "teams"``: a workflow of Microsoft Teams ("When a Teams webhook request is received").

Sources: Microsoft, "Create incoming webhooks with Workflows for Microsoft Teams" (28 KB a message)
and the schema of Adaptive Cards 1.4. Texts stand in a ``RichTextBlock``: unlike a ``TextBlock`` it
knows no Markdown, so that nothing has to be escaped and nobody can be mentioned.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

import settings
from alerts.channels.message import SIGNS, Tone, headline
from alerts.channels.payload import text
from alerts.channels.posting import Endpoint, SecretUrl
from alerts.channels.text import clean

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from alerts.channels.message import Message, Post

_SIZE = 24_000  # bytes of all; the workflow adds its own
_DIGEST = 25
_SENTENCE = 700
_VALUE = 500
_COLOURS = {
    Tone.BAD: "attention",
    Tone.UNSURE: "warning",
    Tone.CALM: "accent",
    Tone.GOOD: "good",
}


class TeamsSettings(settings.Channel):
    """A ``[[channels]]`` table of this kind.

    Attributes:
        kind: The constant ``teams``.
        url: The address of the workflow; a secret.
        timeout: How long one attempt may take.
    """

    kind: Literal["teams"]
    url: SecretUrl
    timeout: settings.Duration = timedelta(seconds=30)


class Teams:
    """See ``contract.Sender``."""

    def __init__(self, options: TeamsSettings) -> None:
        """Prepare to send; nothing is connected to yet."""
        self._endpoint = Endpoint(options.name, options.url, options.timeout)

    def render(self, messages: Sequence[Message]) -> str:
        """Return the card, with as many posts, or messages of a digest, as fit."""
        parts = _parts(messages)
        while len(card := text(_card(messages, parts)).encode()) > _SIZE:
            parts.pop()
        return card.decode()

    async def send(self, body: str, identity: str, now: datetime) -> None:
        """POST the card."""
        await self._endpoint.post(body, identity, now)


def _parts(messages: Sequence[Message]) -> list[dict[str, Any]]:
    """Return the blocks below the title; the last are left out first."""
    if len(messages) > 1:
        told = [_block(_run(f"{SIGNS[m.tone]} {_short(m.sentence)}")) for m in messages[:_DIGEST]]
        more = len(messages) - len(told)
        return [*told, *([_block(_run(f"… and {more} more"))] if more else [])]
    (message,) = messages
    facts = [
        _block(_run(f"{fact.label}: ", weight="bolder"), _run(clean(fact.value, _VALUE)))
        for fact in message.facts
    ]
    return [_block(_run(_short(message.sentence))), *facts, *map(_post, message.posts)]


def _card(messages: Sequence[Message], parts: Sequence[dict[str, Any]]) -> dict[str, Any]:
    latest = messages[-1]
    title = _run(
        f"{SIGNS[latest.tone]} {headline(messages)}",
        weight="bolder",
        size="large",
        color=_COLOURS[latest.tone],
    )
    page = {"type": "Action.OpenUrl", "title": "What hubbub heard", "url": latest.url}
    content = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [_block(title), *parts],
        "actions": [page] if latest.url else [],
        "msteams": {"width": "full"},
    }
    attachment = {
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": None,
        "content": content,
    }
    return {"type": "message", "attachments": [attachment]}


def _post(post: Post) -> dict[str, Any]:
    link = {"selectAction": {"type": "Action.OpenUrl", "url": post.url}} if post.url else {}
    return _block(
        _run(f"“{post.text}” "), _run(f"{post.source}, {post.time}", isSubtle=not link, **link)
    )


def _short(sentence: str) -> str:
    return clean(sentence, _SENTENCE)


def _block(*runs: dict[str, Any]) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": list(runs)}


def _run(words: str, **look: object) -> dict[str, Any]:
    return {"type": "TextRun", "text": words, **look}
