"""``kind = "slack"``: an incoming webhook of Slack, or of a program that takes the same.

Sources: Slack, "Sending messages using incoming webhooks", "Formatting message text" (the three
characters to escape) and "Block Kit: section" (3,000 characters a text, 10 fields of 2,000, 50
blocks a message). ``verbatim`` keeps Slack from making links, channels and mentions of plain words.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

import settings
from alerts.channels.message import SIGNS, headline
from alerts.channels.payload import text
from alerts.channels.posting import Endpoint, SecretUrl
from alerts.channels.text import clean

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from alerts.channels.message import Message, Post

_TEXT = 3_000
_FIELDS = 10
_DIGEST = 45  # messages, each in a block of its own
_VALUE = 350  # of a field, before it is escaped: at most five times as long then
_ESCAPES = str.maketrans(
    {
        "&": "&amp;",
        "<": "&lt;",
        ">": "&gt;",
        # mrkdwn has no way to escape these; their twins look the same and mean nothing to it.
        "*": "\N{ASTERISK OPERATOR}",
        "_": "\N{MODIFIER LETTER LOW MACRON}",
        "~": "\N{TILDE OPERATOR}",
        "`": "\N{MODIFIER LETTER GRAVE ACCENT}",
    }
)


class SlackSettings(settings.Channel):
    """A ``[[channels]]`` table of this kind.

    Attributes:
        kind: The constant ``slack``.
        url: The address of the incoming webhook; a secret.
        timeout: How long one attempt may take.
    """

    kind: Literal["slack"]
    url: SecretUrl
    timeout: settings.Duration = timedelta(seconds=15)


class Slack:
    """See ``contract.Sender``."""

    def __init__(self, options: SlackSettings) -> None:
        """Prepare to send; nothing is connected to yet."""
        self._endpoint = Endpoint(options.name, options.url, options.timeout)

    def render(self, messages: Sequence[Message]) -> str:
        """Return the message in blocks, and its title as the text that notifications show."""
        sign = SIGNS[messages[-1].tone]
        title = f"{sign} {escape(headline(messages))}"
        blocks = _whole(messages[0]) if len(messages) == 1 else _digest(messages)
        document = {
            "text": title,
            "blocks": [_section(f"*{title}*"), *blocks],
            "unfurl_links": False,
            "unfurl_media": False,
        }
        return text(document)

    async def send(self, body: str, identity: str, now: datetime) -> None:
        """POST the message."""
        await self._endpoint.post(body, identity, now)


def escape(words: str) -> str:
    """Return plain words so that mrkdwn shows them as they are."""
    return words.translate(_ESCAPES)


def _whole(message: Message) -> list[dict[str, Any]]:
    facts = [
        _mrkdwn(f"*{escape(fact.label)}*\n{escape(clean(fact.value, _VALUE))}")
        for fact in message.facts[:_FIELDS]
    ]
    blocks = [_section(escape(message.sentence)), {"type": "section", "fields": facts}]
    blocks += [_section(_post(post)) for post in message.posts]
    if message.url:
        blocks.append(_section(f"<{_address(message.url)}|What hubbub heard>"))
    return blocks


def _digest(messages: Sequence[Message]) -> list[dict[str, Any]]:
    more = len(messages) - _DIGEST
    blocks = [_section(_told(message)) for message in messages[:_DIGEST]]
    return [*blocks, _section(f"… and {more} more")] if more > 0 else blocks


def _told(message: Message) -> str:
    sentence = f"{SIGNS[message.tone]} {escape(message.sentence)}"
    whole = f"{sentence} <{_address(message.url)}|More>"
    return whole if message.url and len(whole) <= _TEXT else sentence


def _post(post: Post) -> str:
    said = f"“{escape(post.text)}”"
    source = escape(post.source)
    link = f"<{_address(post.url)}|{source}>" if post.url else source
    whole = f"{said}\n{link}, {post.time}"
    return whole if len(whole) <= _TEXT else f"{said}\n{source}, {post.time}"


def _address(url: str) -> str:
    return url.replace("&", "&amp;").replace("<", "%3C").replace(">", "%3E").replace("|", "%7C")


def _section(words: str) -> dict[str, Any]:
    return {"type": "section", "text": _mrkdwn(words)}


def _mrkdwn(words: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": words, "verbatim": True}
