"""What may be handed in, and when an inbox listened."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import settings
from collectors import Client, Inbox, Malformed
from collectors.inbox import MOST, InboxSource
from signals import Collection, Span, Topic
from tests.support.collecting import CONTACT

NOW = datetime(2026, 11, 24, 13, 0, tzinfo=UTC)
TOKEN = "0123456789abcdef"  # noqa: S105 - of a test


def inbox(**keys: object) -> Inbox:
    """Return an inbox called support, for two topics."""
    table = settings.parse(
        InboxSource, {"kind": "inbox", "name": "support", "token": TOKEN, **keys}, origin="test"
    )
    return Inbox(table, Client(CONTACT), [Topic("GitHub"), Topic("Mint")])


def read(document: Any) -> list[tuple[str, str]]:
    """Return the id or the problem of each post of a request, and the topic it names."""
    return [
        (each.post.id if each.post else each.problem, each.topic)
        for each in inbox().read(json.dumps(document).encode(), NOW)
    ]


def test_a_post_alone_or_several() -> None:
    """One object is one post, a list holds several; a topic may be named."""
    assert read({"id": "1", "text": "GitHub is down"}) == [("1", "")]
    assert read([{"id": "1", "text": "a"}, {"id": "2", "text": "b", "topic": "Mint"}]) == [
        ("1", ""),
        ("2", "Mint"),
    ]
    assert read([]) == []


def test_everything_that_can_be_said_of_a_post() -> None:
    """What is given is kept; what is not is the present, or nothing."""
    full = {
        "id": "T-1",
        "text": " it is down \n",
        "time": "2026-11-24T12:00:00+01:00",
        "author": "jane",
        "url": "https://help.example/T-1",
        "language": "en",
    }
    (handed,) = inbox().read(json.dumps(full).encode(), NOW)
    assert handed.post is not None
    assert handed.post.time == datetime(2026, 11, 24, 11, 0, tzinfo=UTC)
    assert (handed.post.source, handed.post.text) == ("inbox:support", "it is down")
    assert (handed.post.author, handed.post.url) == ("jane", "https://help.example/T-1")
    late, early = (
        next(iter(inbox().read(json.dumps({"id": "1", "text": "x", "time": time}).encode(), NOW)))
        for time in ("2027-01-01T00:00:00Z", 1_700_000_000)
    )
    assert late.post
    assert late.post.time == NOW
    assert early.post
    assert early.post.time == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("item", "problem"),
    [
        ({"text": "x"}, "id: Field required"),
        ({"id": "1"}, "text: Field required"),
        ({"id": "", "text": "x"}, "id: Value should have at least 1"),
        ({"id": "1", "text": " "}, "text: Value error, is empty"),
        ({"id": "1", "text": "x" * 20_001}, "text: String should have at most 20000"),
        ({"id": "1", "text": "\ud800"}, "text: "),
        ({"id": "1", "text": "x", "time": "yesterday"}, "time: "),
        ({"id": "1", "text": "x", "time": "2026-11-24T12:00:00"}, "time: "),
        ({"id": "1", "text": "x", "url": "javascript:alert(1)"}, "url: "),
        ({"id": "1", "text": "x", "topic": "Mynt"}, "topic: 'Mynt' does not exist; did you mean"),
        ({"id": "1", "text": "x", "titel": "y"}, "titel: Extra inputs"),
        ("text", ": Input should be"),
        (None, ": Input should be"),
    ],
)
def test_what_is_wrong_is_said(item: Any, problem: str) -> None:
    """A post that cannot be taken says why, and does not stop the others."""
    bad, good = read([item, {"id": "2", "text": "fine"}])
    assert bad[0].startswith(problem)
    assert good == ("2", "")


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000, b'"\\u12"'])
def test_what_is_no_json_is_refused_whole(body: bytes) -> None:
    """There is nothing to take of it."""
    with pytest.raises(Malformed, match="not valid JSON"):
        list(inbox().read(body, NOW))


def test_too_many_posts_are_refused_whole() -> None:
    """The sender is told how many may come at once."""
    with pytest.raises(Malformed, match="at most 1000"):
        read([{"id": str(at), "text": "x"} for at in range(MOST + 1)])


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text() | st.integers(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_anything_is_taken_or_refused(document: Any) -> None:
    """No document is a crash."""
    for each in inbox().read(json.dumps(document).encode(), NOW):
        assert bool(each.post) != bool(each.problem)


def listen(cursor: str | None, now: datetime) -> Collection:
    """Return the one portion of a call."""

    async def run() -> list[Collection]:
        return [each async for each in inbox().collect(cursor, now)]

    (portion,) = asyncio.run(run())
    return portion


def test_it_listens_while_it_runs() -> None:
    """Its time is watched from call to call, but for the lag; a long pause is a gap."""
    first = listen(None, NOW)
    assert first.watched == ()
    second = listen(first.cursor, NOW + timedelta(seconds=40))
    assert second.watched == (Span(NOW, NOW + timedelta(seconds=10)),)
    third = listen(second.cursor, NOW + timedelta(seconds=50))
    assert third.watched == (Span(NOW + timedelta(seconds=10), NOW + timedelta(seconds=20)),)
    later = NOW + timedelta(hours=1)
    assert listen(third.cursor, later).watched == ()
    resumed = listen(listen(third.cursor, later).cursor, later + timedelta(seconds=31))
    assert resumed.watched == (Span(later, later + timedelta(seconds=1)),)


def test_a_token_is_hard_to_guess() -> None:
    """A short one is a mistake in the configuration, and is not shown."""
    with pytest.raises(settings.SettingsError, match="at least 16 characters") as caught:
        inbox(token="hunter2")  # noqa: S106 - of a test
    assert "hunter2" not in str(caught.value)
