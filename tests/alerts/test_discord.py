"""Messages for Discord."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest

from alerts import SendFailed, example, notification
from alerts.channels.discord import escape
from tests.support.channels import NOW, PAGE, change, channel, evidence
from tests.support.receiver import Receiver


def test_it_reads_well() -> None:
    """A title that notifications show, and an embed with the posts and the facts."""
    document = json.loads(channel("discord").render(change(), evidence(), PAGE))
    assert document["content"] == "🔴 **Trouble with Example**"
    (embed,) = document["embeds"]
    sentence, page, first, _ = embed["description"].split("\n")
    assert sentence.startswith("Trouble with Example: 38 complaints in 10 minutes")
    assert page == f"[What hubbub heard](<{PAGE}>)"
    assert first == (
        "“Example is down again, nothing loads” [example](<https://example.org/posts/1>), 13:05 UTC"
    )
    assert embed["fields"][3] == {
        "name": "Share",
        "value": "62% of mentions complain; usual are 12%",
        "inline": True,
    }
    assert embed["timestamp"] == "2026-11-24T13:05:20Z"
    assert document["allowed_mentions"] == {"parse": []}


def test_markdown_is_escaped() -> None:
    """What a post says is shown as it stands."""
    assert escape("**a** [b](c) <@1> `d`\\") == r"\*\*a\*\* \[b\](c) \<@1\> \`d\`" + "\\\\"


def test_a_post_that_does_not_fit_is_left_out() -> None:
    """An embed over the limit would be refused as a whole."""
    mention = replace(
        evidence().mentions[0], text="*" * 280, url="https://example.org/" + "a" * 470
    )
    heard = replace(evidence(), mentions=(mention,) * 5)
    document = json.loads(channel("discord").render(change(), heard, PAGE))
    description = document["embeds"][0]["description"]
    assert description.count("“") == 2
    assert len(description) <= 3_000


@pytest.mark.parametrize(
    ("body", "header", "wait"),
    [
        (b'{"message": "You are being rate limited.", "retry_after": 1.34}', None, 1.34),
        (b'{"retry_after": 64.57, "global": false}', "65", 65.0),
        (b'{"retry_after": 70}', "65", 70.0),
        (b'{"retry_after": true}', None, None),
        (b'{"retry_after": "5"}', None, None),
        (b'{"retry_after": NaN}', None, None),
        (b'{"retry_after": -1}', "3", 3.0),
        (b'{"retry_after": 0}', None, None),
        (b'["retry_after"]', None, None),
        (b"[" * 4_000, None, None),
        (b'{"retry_after": 5}' + b" " * 5_000, None, None),
        (b"\xff", None, None),
    ],
)
def test_the_wait_in_the_body_is_honoured(
    body: bytes, header: str | None, wait: float | None
) -> None:
    """Discord tells it in fractions of a second; nonsense is not obeyed."""
    with Receiver(secret=None) as receiver:
        headers = {"retry_after": header} if header else {}
        receiver.answer(429, 1, body, **headers)
        sender = channel("discord", receiver.base)
        message = notification(sender, *example(NOW), PAGE)
        with pytest.raises(SendFailed) as caught:
            asyncio.run(sender.send(message, NOW))
    assert not caught.value.permanent
    assert caught.value.retry_after == wait
