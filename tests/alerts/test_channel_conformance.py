"""What every kind of channel promises, tested on all of them alike, against real servers."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import traceback
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st

import alerts
from alerts import SendFailed
from signals import Notification, Step
from tests.support.channels import (
    CANARY,
    HTTP,
    LIBRARIES,
    NAMES,
    NOW,
    PAGE,
    change,
    channel,
    every_change,
    evidence,
)
from tests.support.mailbox import Mailbox
from tests.support.receiver import Receiver

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts import Channel

HOSTILE = (
    "<!channel> <!here> <@U123> <#C1> <http://evil.example|click> & *bold* _it_ ~no~ `code`",
    "@everyone @here <@123456789012345678> <@&42> [click](http://evil.example) **bold** ||no||",
    "<script>alert(1)</script> <img src=x onerror=alert(1)> <a href='http://evil.example'>x</a>",
    "Subject: x\r\nBcc: victim@example.org\r\n\r\n.\r\nMAIL FROM:<evil@example.org>",
    "<at>Everybody</at> [x](javascript:alert(1)) ![x](http://evil.example/pixel.png)",
    '", "markdown": true, "actions": [], "x": "',
    "\u202egnp.exe\u200b\u0000\u001b[31m\ud800 \U0001f4a5" * 10,
    "${HOME} {{ secrets }} %s {0}",
    "message:{}",
    "\n> quote\n# title\n- item\n1. one\n```\ncode\n```",
    "W" * 5_000,
    "&" * 5_000,
    '"\\' * 2_500,
    "💥" * 2_500,
)
PINGS = re.compile(r"@\w")


def body(name: str, text: str, url: str = "https://example.org/a?b=1&c=(2)", **keys: Any) -> str:
    """Return the body of a channel of that name, if all that the network says is ``text``."""
    heard = evidence()
    assert heard.official is not None
    hostile = replace(heard.events[0], title=text, text=text, url=url)
    mention = replace(heard.mentions[0], text=text, url=url, source=text)
    heard = replace(
        heard,
        mentions=(mention,) * 9,
        words=(text,) * 20,
        troubled=(text,) * 50,
        events=(hostile,) * 9,
        official=hostile,
    )
    told = replace(change(), reason=text, **keys)
    return channel(name).render(told, heard, PAGE)


def strings(document: Any) -> Iterator[str]:
    """Yield every text in a JSON document."""
    if isinstance(document, str):
        yield document
    elif isinstance(document, dict):
        for value in document.values():
            yield from strings(value)
    elif isinstance(document, list):
        for value in document:
            yield from strings(value)


class Tags(HTMLParser):
    """Collects the tags and the addresses of a document."""

    def __init__(self, text: str) -> None:
        """Read ``text``."""
        super().__init__()
        self.tags: set[str] = set()
        self.links: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag, and where it leads."""
        self.tags.add(tag)
        self.links.update(value or "" for name, value in attrs if name == "href")
        assert {name for name, _ in attrs} <= {"href", "align"}


def check_slack(document: dict[str, Any]) -> None:
    """Assert the limits of Block Kit, and that only our own links are markup."""
    assert len(document["blocks"]) <= 50
    assert len(document["text"]) <= 4_000
    for block in document["blocks"]:
        assert len(block.get("fields", [])) <= 10
        texts = [*([block["text"]] if "text" in block else []), *block.get("fields", [])]
        for each in texts:
            assert each["verbatim"] is True
            assert 1 <= len(each["text"]) <= (3_000 if "text" in block else 2_000)
            rest = re.sub(r"<https?://[^<>|\s]+\|[^<>]*>", "", each["text"])
            assert not set("<>`~") & set(rest)
            assert re.fullmatch(r"[^*_]*|\*[^*_]*\*(\n[^*_]*)?", rest)
            assert not re.search(r"&(?!amp;|lt;|gt;)", rest)


def check_discord(document: dict[str, Any]) -> None:
    """Assert the limits of embeds, and that nothing is allowed to ping."""
    assert document["allowed_mentions"] == {"parse": []}
    assert 1 <= units(document["content"]) <= 2_000
    (embed,) = document["embeds"]
    fields = embed.get("fields", [])
    assert len(fields) <= 25
    assert 1 <= units(embed["description"]) <= 4_096
    for field in fields:
        assert 1 <= units(field["name"]) <= 256
        assert field["value"].strip()
        assert units(field["value"]) <= 1_024
    told = [embed["description"], *(f["name"] + f["value"] for f in fields)]
    assert sum(map(units, told)) <= 6_000
    for each in [*told, document["content"]]:
        links = re.sub(r"(?<!\\)\[(?:\\.|[^\[\]\\])*\]\(<https?://[^<>\s]+>\)", "", each)
        plain = re.sub(r"\\.", "", re.sub(r"^(?:🔴|🟠|🔵|🟢) \*\*(.*)\*\*$", r"\1", links))
        assert not set("*_~`|<>#[]") & set(plain)


def check_teams(document: dict[str, Any]) -> None:
    """Assert the limit of a workflow, and that no block knows Markdown or mentions."""
    assert len(json.dumps(document, ensure_ascii=False).encode()) <= 28_000
    card = document["attachments"][0]["content"]
    assert {block["type"] for block in card["body"]} == {"RichTextBlock"}
    assert "entities" not in card["msteams"]
    for block in card["body"]:
        for run in block["inlines"]:
            assert run["type"] == "TextRun"
            assert run["text"]


def check_ntfy(document: dict[str, Any]) -> None:
    """Assert the limits of a message, and that it stays plain text without actions."""
    assert set(document) <= {"title", "message", "tags", "priority", "click"}
    assert len(document["message"].encode()) <= 4_096
    assert len(json.dumps({"topic": "x" * 64} | document, ensure_ascii=False).encode()) <= 8_192
    assert document["priority"] in range(1, 6)
    assert "\n" not in document["title"]


def check_pagerduty(document: dict[str, Any]) -> None:
    """Assert the limits of the Events API v2."""
    assert document["event_action"] in {"trigger", "acknowledge", "resolve"}
    assert 1 <= len(document["dedup_key"]) <= 255
    assert len(json.dumps(document).encode()) <= 512_000
    assert "routing_key" not in document
    if document["event_action"] == "trigger":
        told = document["payload"]
        assert 1 <= len(told["summary"]) <= 1_024
        assert told["source"]
        assert told["severity"] in {"critical", "error", "warning", "info"}


def check_email(document: dict[str, Any]) -> None:
    """Assert that headers are one line, and that the HTML holds our own tags and web links only."""
    assert document["subject"].isprintable()
    assert document["thread"].isprintable()
    found = Tags(document["html"])
    allowed = {"html", "body", "h2", "p", "table", "tr", "th", "td", "ul", "li", "a"}
    assert found.tags <= allowed
    assert all(link.startswith(("http://", "https://")) for link in found.links)
    assert len(document["text"]) < 20_000


def check_apprise(document: dict[str, Any]) -> None:
    """Assert that the text is short."""
    assert set(document) == {"title", "body", "notify_type"}
    assert "\n" not in document["title"]
    assert units(document["body"]) <= 3_000


def check_webhook(document: dict[str, Any]) -> None:
    """Assert the documented size."""
    assert len(json.dumps(document, ensure_ascii=False).encode()) < 32_000


CHECKS = {
    "slack": check_slack,
    "discord": check_discord,
    "teams": check_teams,
    "ntfy": check_ntfy,
    "pagerduty": check_pagerduty,
    "email": check_email,
    "apprise": check_apprise,
    "webhook": check_webhook,
}


def units(text: str) -> int:
    """Return the length in UTF-16 code units."""
    return len(text.encode("utf-16-le")) // 2


def check(name: str, rendered: str) -> dict[str, Any]:
    """Assert what holds for all bodies, and for those of that kind; return the document."""
    document: dict[str, Any] = json.loads(rendered.encode())
    CHECKS[name.partition("-")[0]](document)
    assert CANARY not in rendered
    return document


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    """Return the name of each channel."""
    return str(request.param)


def test_every_change_of_every_subject_can_be_told(name: str) -> None:
    """Each step of each subject is rendered within the limits, and says what it is about."""
    told_to = channel(name)
    for told in every_change():
        document = check(name, told_to.render(told, evidence(), PAGE))
        if name != "pagerduty" or document["event_action"] == "trigger":
            about = told.incident.topic or "InfluxDB"
            assert any(about in each or told.reason in each for each in strings(document))


@pytest.mark.parametrize("text", HOSTILE)
def test_what_posts_say_is_neither_ping_nor_markup(name: str, text: str) -> None:
    """Whatever strangers write, limits hold and nothing of it works as a command."""
    rendered = body(name, text)
    check(name, rendered)
    if name != "webhook":  # it hands on the texts as they are, for its receiver to escape
        for each in strings(json.loads(rendered)):
            assert not PINGS.search(each)


@pytest.mark.parametrize("name", NAMES)
@effort(max_examples=25, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(text=st.text(max_size=1_500), url=st.text(max_size=1_200), web=st.booleans())
def test_no_text_breaks_a_body(name: str, text: str, url: str, *, web: bool) -> None:
    """Any text and any address give a valid body within the limits."""
    check(name, body(name, text, f"https://example.org/{url}" if web else url))


def test_a_digest_tells_of_each_change(name: str) -> None:
    """Several messages become one body, within the limits even if they are many."""
    if name == "pagerduty":
        pytest.skip("it takes no digest; see test_pagerduty.py")
    waiting = channel(name, digest="15m")
    lines = [
        waiting.render(each, evidence(), PAGE) for each in (change(), change(Step.RESOLVED)) * 30
    ]
    for count in (1, 2, 60):
        with serving(name) as server:
            send(server.channel(name, digest="15m"), "\n".join(lines[:count]))
            assert server.count() == 1


class Server:
    """Stands in for the service of any channel."""

    def __init__(self, running: Mailbox | Receiver) -> None:
        """Speak SMTP or HTTP."""
        self._running = running

    def channel(self, name: str, **keys: Any) -> Channel:
        """Return a channel that sends here."""
        return channel(name, f"http://127.0.0.1:{self._running.port}", **keys)

    def refuse(self, status: int) -> None:
        """Refuse the next message as an HTTP status says, or as SMTP would say the same."""
        if isinstance(self._running, Mailbox):
            self._running.answer("MAIL", "550 no" if status < 429 else "451 later")
        else:
            self._running.answer(status)

    @property
    def receiver(self) -> Receiver:
        """Return the HTTP server."""
        assert isinstance(self._running, Receiver)
        return self._running

    def count(self) -> int:
        """Return how many messages were taken."""
        if isinstance(self._running, Mailbox):
            return len(self._running.taken)
        return len(self._running.accepted)


@contextmanager
def serving(name: str) -> Iterator[Server]:
    """Run what stands in for the service of that channel."""
    with Mailbox() if name == "email" else Receiver(secret=None) as running:
        yield Server(running)


def send(sender: Channel, rendered: str | None = None) -> None:
    """Send a body, or the test message, once."""
    message = alerts.notification(sender, *alerts.example(NOW), PAGE)
    if rendered is not None:
        message = Notification("msg_digest", sender.name, rendered)
    asyncio.run(sender.send(message, NOW))


def refused(sender: Channel) -> SendFailed:
    """Return why a message was not taken; no secret is in it, not even in its traceback."""
    with pytest.raises(SendFailed) as caught:
        send(sender)
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    assert CANARY not in shown
    assert str(caught.value).startswith(f"channel {sender.name}")
    assert "\n" not in str(caught.value)
    return caught.value


def test_a_test_arrives(name: str) -> None:
    """One message is one delivery, and success is silent."""
    with serving(name) as server:
        send(server.channel(name))
        assert server.count() == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 413, 429, 500, 503])
def test_a_refusal_is_classified(name: str, status: int) -> None:
    """What the service may mend by itself is tried again, and nothing else is."""
    with serving(name) as server:
        server.refuse(status)
        failure = refused(server.channel(name))
        assert server.count() == 0
    # Apprise does not say why, so that it is always tried again.
    assert failure.permanent is (status < 429 and name not in LIBRARIES)


@pytest.mark.parametrize("name", HTTP)
def test_a_redirect_is_not_followed(name: str) -> None:
    """A message, with what signs or identifies it, goes to the configured address alone."""
    with Receiver(secret=None) as receiver, Receiver(secret=None) as other:
        receiver.answer(307, location=other.url)
        failure = refused(channel(name, receiver.base))
        assert not failure.permanent
        assert "redirects are not followed" in str(failure)
        assert other.attempts == []


@pytest.mark.parametrize("name", HTTP)
@pytest.mark.parametrize("header", ["7", format_datetime(NOW + timedelta(seconds=7), usegmt=True)])
def test_a_service_is_left_alone_for_as_long_as_it_asks(name: str, header: str) -> None:
    """``Retry-After`` is understood from every service."""
    with Receiver(secret=None) as receiver:
        receiver.answer(429, retry_after=header)
        failure = refused(channel(name, receiver.base))
    assert (failure.permanent, failure.retry_after) == (False, 7.0)


@pytest.mark.parametrize("name", [*HTTP, *LIBRARIES])
def test_a_service_that_does_not_answer_is_left_in_time(name: str) -> None:
    """The attempt ends after the configured time and is tried again."""
    with serving(name) as server:
        server.receiver.hold()
        sender = server.channel(name, timeout="0.2s")
        with pytest.raises(SendFailed, match=r"no answer within 0\.2 s") as caught:
            asyncio.run(_sent_then(sender, server))
    assert not caught.value.permanent


async def _sent_then(sender: Channel, server: Server) -> None:
    """Send, and let go of what waits before the loop waits for its threads."""
    message = alerts.notification(sender, *alerts.example(NOW), PAGE)
    try:
        await sender.send(message, NOW)
    finally:
        server.receiver.release()


def test_a_service_that_cannot_be_reached_is_tried_again(name: str) -> None:
    """Nobody listens on a port that was just given back."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert not refused(channel(name, f"http://127.0.0.1:{port}")).permanent


def test_every_attempt_has_the_same_body_and_id(name: str) -> None:
    """A repetition can be told from news, wherever the service looks at it."""
    if name == "email" or name in LIBRARIES:
        pytest.skip("see test_mail.py; Apprise has no ids")
    with Receiver(secret=None) as receiver:
        receiver.answer(503)
        sender = channel(name, receiver.base)
        assert not refused(sender).permanent
        send(sender)
    first, second = receiver.attempts
    assert first.raw == second.raw
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
    assert first.headers["idempotency-key"].startswith("msg_")
