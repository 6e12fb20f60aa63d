"""``kind = "discord"``: a webhook of a Discord channel.

Sources: Discord, "Execute Webhook", "Embed Limits" (description 4,096, 25 fields of 256 and 1,024,
6,000 characters over all embeds; content 2,000), "Allowed Mentions Object" and "Rate Limits".
Nobody can be pinged: ``allowed_mentions`` allows none.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

import settings
from alerts.channels.message import SIGNS, Tone, headline
from alerts.channels.payload import text
from alerts.channels.posting import Endpoint, SecretUrl
from alerts.channels.text import characters, clean, fitting, listing
from signals import iso

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from alerts.channels.message import Message, Post

_DESCRIPTION = 3_000
_FIELDS = 10
_FIELD = 260  # ten of these and the description stay below 6,000 together
_MARKUP = re.compile(r"([\\*_~`|<>#\[\]])")
_COLOURS = {Tone.BAD: 0xD13438, Tone.UNSURE: 0xE8A317, Tone.CALM: 0x4F6BED, Tone.GOOD: 0x2E8540}


class DiscordSettings(settings.Channel):
    """A ``[[channels]]`` table of this kind.

    Attributes:
        kind: The constant ``discord``.
        url: The address of the channel's webhook; a secret.
        timeout: How long one attempt may take.
    """

    kind: Literal["discord"]
    url: SecretUrl
    timeout: settings.Duration = timedelta(seconds=15)


class Discord:
    """See ``contract.Sender``."""

    def __init__(self, options: DiscordSettings) -> None:
        """Prepare to send; nothing is connected to yet."""
        self._endpoint = Endpoint(options.name, options.url, options.timeout)

    def render(self, messages: Sequence[Message]) -> str:
        """Return the title as content, and the rest as an embed."""
        latest = messages[-1]
        embed = _whole(latest) if len(messages) == 1 else _digest(messages)
        document = {
            "content": f"{SIGNS[latest.tone]} **{escape(headline(messages))}**",
            "embeds": [
                embed | {"color": _COLOURS[latest.tone], "timestamp": iso(latest.change.time)}
            ],
            "allowed_mentions": {"parse": []},
        }
        return text(document)

    async def send(self, body: str, identity: str, now: datetime) -> None:
        """POST the message."""
        await self._endpoint.post(body, identity, now)


def escape(words: str) -> str:
    """Return plain words so that Discord shows them as they are."""
    return _MARKUP.sub(r"\\\1", words)


def _whole(message: Message) -> dict[str, Any]:
    page = [f"[What hubbub heard](<{message.url}>)"] if message.url else []
    lines = [escape(message.sentence), *page, *map(_post, message.posts)]
    return {
        "description": "\n".join(fitting(lines, _DESCRIPTION)),
        "fields": [
            {"name": fact.label, "value": _value(fact.value), "inline": len(fact.value) < 40}  # noqa: PLR2004 - what fits beside another
            for fact in message.facts[:_FIELDS]
        ],
    }


def _digest(messages: Sequence[Message]) -> dict[str, Any]:
    return {"description": "\n".join(listing([*map(_told, messages)], _DESCRIPTION))}


def _told(message: Message) -> str:
    sentence = f"{SIGNS[message.tone]} {escape(message.sentence)}"
    return f"{sentence} [More](<{message.url}>)" if message.url else sentence


def _value(words: str) -> str:
    """Return the value of a field, cut so that it fits when it is escaped."""
    size = _FIELD - 30
    while characters(escaped := escape(clean(words, size))) > _FIELD - 30:
        size -= 10
    return escaped


def _post(post: Post) -> str:
    source = escape(post.source)
    link = f"[{source}](<{post.url}>)" if post.url else source
    return f"“{escape(post.text)}” {link}, {post.time}"
