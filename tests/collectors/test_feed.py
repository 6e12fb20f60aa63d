"""Feeds: what is heard of them, what counts as listened to, and what is not sent again."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError
from structlog.testing import capture_logs

from collectors import Blocked, Client, Malformed, Silent, SourceError
from collectors.feed import Feed, FeedSource
from signals import Collection, Query, Span, Topic
from tests.collectors.cases import LATER, NOW, RECORDED
from tests.collectors.cases.feed import feed
from tests.support.collecting import CONTACT, QUICK, cursor_of, identities, listen
from tests.support.web import HTML, Reply, Web

if TYPE_CHECKING:
    from signals import Post
    from tests.support.web import Asked

SOON = NOW + timedelta(minutes=5)
DAY = timedelta(days=1)

Heard = tuple[list[Collection], SourceError | None]


def rss(*items: str) -> Reply:
    """Return a feed with ``items``."""
    body = f"<rss version='2.0'><channel>{''.join(items)}</channel></rss>"
    return Reply(body.encode(), "application/rss+xml")


def item(identity: str, date: datetime | None = None) -> str:
    """Return an item, perhaps without a date."""
    when = f"<pubDate>{date.strftime('%d %b %Y %H:%M:%S')} GMT</pubDate>" if date else ""
    return f"<item><guid>{identity}</guid><title>Item {identity}</title>{when}</item>"


def ago(minutes: int) -> datetime:
    """Return an instant before ``NOW``."""
    return NOW - timedelta(minutes=minutes)


async def ask(
    client: Client, web: Web, cursor: str | None = None, now: datetime = NOW, **keys: Any
) -> Heard:
    """Collect once with ``client``."""
    table = FeedSource.model_validate({"url": f"{web.url}/feed.xml", **keys})
    return await listen(Feed(table, client, ()), cursor, now)


def hear(web: Web, cursor: str | None = None, now: datetime = NOW, **keys: Any) -> Heard:
    """Collect once."""

    async def run() -> Heard:
        async with Client(CONTACT, limits=QUICK) as client:
            return await ask(client, web, cursor, now, **keys)

    return asyncio.run(run())


def posts_of(portions: list[Collection]) -> list[Post]:
    """Return the posts in the order in which they came."""
    return [post for portion in portions for post in portion.posts]


def watched(portions: list[Collection]) -> list[Span]:
    """Return what was listened to."""
    return [span for portion in portions for span in portion.watched]


def test_entries_become_posts(web: Web) -> None:
    """Links are made whole, and what is older than the history is left out."""
    web.routes["/feed.xml"] = feed("feed-rss.xml")
    portions, error = hear(web)
    assert error is None
    first, second, third = posts_of(portions)
    assert first.id == "forum.example:4"
    assert first.text.startswith("Forgebox & pushes: down again\nPushes hang")
    assert first.url == f"{web.url}/t/4"
    assert first.author == "ada"
    assert first.time == datetime(2026, 11, 24, 12, 50, tzinfo=UTC)
    assert first.source == f"feed:{web.url.removeprefix('http://')}"
    assert second.url == "https://forum.example/t/3?a=1&b=2"
    assert third.url == ""


def test_an_entry_without_a_date_counts_for_the_first_look(web: Web) -> None:
    """It is not heard a second time, while another is."""
    web.routes["/feed.xml"] = rss(item("undated"))
    portions, _ = hear(web)
    assert [(post.id, post.time) for post in posts_of(portions)] == [("undated", NOW)]
    web.routes["/feed.xml"] = rss(item("another"), item("undated"))
    again, _ = hear(web, cursor_of(portions), SOON)
    assert [(post.id, post.time) for post in posts_of(again)] == [("another", SOON)]
    assert watched(again) == [Span(NOW, SOON)]


def test_clock_of_another_server(web: Web) -> None:
    """An entry from the future counts for the present."""
    web.routes["/feed.xml"] = rss(item("1", LATER))
    assert [post.time for post in posts_of(hear(web)[0])] == [NOW]


def test_changes(web: Web) -> None:
    """An entry that was changed after it was published says when."""
    web.routes["/feed.xml"] = feed("feed-atom.xml")
    revisions = {post.id[-1]: post.revised for post in posts_of(hear(web)[0])}
    assert revisions == {"2": datetime(2026, 11, 24, 12, 45, tzinfo=UTC), "1": None}


def test_a_change_is_heard_once(web: Web) -> None:
    """What was heard before is heard again when it has changed, and only then."""
    whole = feed("feed-atom.xml")
    web.routes["/feed.xml"] = whole
    first, _ = hear(web)
    changed = whole.body.replace(b"<updated>2026-11-24T10:30", b"<updated>2026-11-24T13:01")
    web.routes["/feed.xml"] = Reply(changed, whole.kind)
    second, _ = hear(web, cursor_of(first), SOON)
    assert identities(second) == {"tag:blog.example,2026:1"}
    third, _ = hear(web, cursor_of(second), SOON)
    assert identities(third) == set()


@pytest.mark.parametrize("link", ["javascript:alert(1)", "http://[", "x" * 3_000, "a&#10;b"])
def test_links_that_lead_nowhere(web: Web, link: str) -> None:
    """No browser is sent there."""
    web.routes["/feed.xml"] = rss(f"<item><title>t</title><link>{link}</link></item>")
    assert [post.url for post in posts_of(hear(web)[0])] == [""]


# -- what counts as listened to


@pytest.mark.parametrize(
    ("items", "history", "expected"),
    [
        ([item("2", ago(5)), item("1", ago(40))], DAY, [Span(ago(40), NOW)]),
        ([item("2", ago(5)), item("1", ago(40))], timedelta(minutes=10), [Span(ago(10), NOW)]),
        ([item("2", ago(5)), item("1")], DAY, []),
        ([], DAY, []),
    ],
)
def test_the_first_look_reaches_as_far_as_the_feed(
    web: Web, items: list[str], history: timedelta, expected: list[Span]
) -> None:
    """To its oldest entry, if all have dates, and no further than the history."""
    web.routes["/feed.xml"] = rss(*items)
    assert watched(hear(web, history=history)[0]) == expected


@pytest.mark.parametrize(
    ("before", "after", "is_whole"),
    [
        ([item("1", ago(9))], [item("1", ago(9))], True),
        ([item("1", ago(9))], [item("2", NOW), item("1", ago(9))], True),
        ([item("2", ago(9)), item("1", ago(99))], [item("3", NOW), item("1", ago(99))], False),
        ([item("1", ago(9))], [item("3", NOW), item("2", NOW)], False),
        ([item("1", ago(99)), item("2", ago(9))], [item("2", ago(9)), item("3", NOW)], True),
        ([item("b"), item("a")], [item("c"), item("b")], True),
        ([item("b"), item("a")], [item("d"), item("c")], False),
        ([], [], True),
        ([], [item("1", NOW)], True),
    ],
)
def test_whole_only_while_the_newest_entry_is_still_there(
    web: Web, before: list[str], after: list[str], *, is_whole: bool
) -> None:
    """Where it is gone nobody knows what else was, so that the time since is a gap."""
    web.routes["/feed.xml"] = rss(*before)
    first, _ = hear(web)
    web.routes["/feed.xml"] = rss(*after)
    with capture_logs() as logs:
        then, error = hear(web, cursor_of(first), SOON)
    assert error is None
    assert watched(then) == ([Span(NOW, SOON)] if is_whole else [])
    assert ("holds less" in str(logs)) is not is_whole
    known, there = "".join(before), "".join(after)
    new = {each for each in "123abcd" if f">{each}<" in there and f">{each}<" not in known}
    assert identities(then) == new


def test_an_emptied_feed_is_no_silence(web: Web) -> None:
    """A feed that was switched off looks the same, however often it is looked at."""
    web.routes["/feed.xml"] = rss(item("1", ago(9)))
    cursor = cursor_of(hear(web)[0])
    web.routes["/feed.xml"] = rss()
    for minutes in (5, 10):
        portions, error = hear(web, cursor, NOW + timedelta(minutes=minutes))
        assert isinstance(error, Silent)
        assert portions == []
    web.routes["/feed.xml"] = rss(item("2", SOON), item("1", ago(9)))
    portions, _ = hear(web, cursor, NOW + timedelta(minutes=15))
    assert identities(portions) == {"2"}
    assert watched(portions) == [Span(NOW, NOW + timedelta(minutes=15))]


def test_after_a_pause(web: Web) -> None:
    """All that came meanwhile is heard, and the time counts if the feed reaches back that far."""
    web.routes["/feed.xml"] = rss(item("1", ago(9)))
    first, _ = hear(web, history="1h")
    later = NOW + timedelta(hours=5)
    web.routes["/feed.xml"] = rss(item("2", NOW + timedelta(hours=2)), item("1", ago(9)))
    portions, _ = hear(web, cursor_of(first), later, history="1h")
    assert "2" in identities(portions)
    assert watched(portions) == [Span(NOW, later)]


def test_a_clock_that_was_set_back(web: Web) -> None:
    """Nothing that lies ahead counts as listened to."""
    web.routes["/feed.xml"] = rss(item("1", ago(9)))
    portions, error = hear(web, cursor_of(hear(web)[0]), ago(3))
    assert error is None
    assert watched(portions) == []


def test_half_a_feed_is_none(web: Web) -> None:
    """A document that ends too early is refused whole."""
    whole = feed("feed-rss.xml")
    web.routes["/feed.xml"] = Reply(whole.body[:-20], whole.kind)
    portions, error = hear(web)
    assert isinstance(error, Malformed)
    assert portions == []


# -- manners


@pytest.mark.parametrize(
    ("headers", "condition", "value"),
    [
        ({"ETag": '"v1"'}, "if-none-match", '"v1"'),
        (
            {"Last-Modified": "Tue, 24 Nov 2026 12:00:00 GMT"},
            "if-modified-since",
            "Tue, 24 Nov 2026 12:00:00 GMT",
        ),
    ],
)
def test_what_did_not_change_is_not_sent_again(
    web: Web, headers: dict[str, str], condition: str, value: str
) -> None:
    """The server says so in a few bytes, and the time counts as listened to."""
    whole = feed("feed-atom.xml")
    sent: list[int] = []

    def answer(asked: Asked) -> Reply:
        sent.append(304 if asked.headers.get(condition) == value else 200)
        if sent[-1] == 304:
            return Reply(status=304, headers=headers)
        return Reply(whole.body, whole.kind, headers=headers)

    web.routes["/feed.xml"] = answer

    async def run() -> tuple[Heard, Heard]:
        async with Client(CONTACT, limits=QUICK) as client:
            first = await ask(client, web)
            return first, await ask(client, web, cursor_of(first[0]), SOON)

    first, second = asyncio.run(run())
    assert sent == [200, 304]
    assert second[1] is None
    assert len(identities(first[0])) == 2
    assert identities(second[0]) == set()
    assert watched(second[0]) == [Span(NOW, SOON)]


def test_robots_are_obeyed_unless_the_operator_says_otherwise(web: Web) -> None:
    """A site that forbids programs is asked for its feed only where the operator may say so."""
    web.routes |= {
        "/robots.txt": Reply(b"User-agent: *\nDisallow: /", "text/plain"),
        "/feed.xml": feed("feed-atom.xml"),
    }
    assert isinstance(hear(web)[1], Blocked)
    portions, error = hear(web, robots="ignore")
    assert error is None
    assert len(identities(portions)) == 2


def test_a_feed_in_two_bytes_a_character(web: Web) -> None:
    """UTF-16 is a feed like any other."""
    whole = feed("feed-atom.xml").body.decode().replace('encoding="utf-8"', 'encoding="utf-16"')
    web.routes["/feed.xml"] = Reply(whole.encode("utf-16"), "application/atom+xml")
    assert len(identities(hear(web)[0])) == 2


def test_a_password_in_the_address(web: Web) -> None:
    """It lets us in, but stands in no address of an entry."""
    web.routes["/feed.xml"] = feed("feed-rss.xml")
    portions, _ = hear(web, url=web.url.replace("//", "//me:secret@") + "/feed.xml")
    assert web.asked[-1].headers["authorization"].startswith("Basic ")
    assert posts_of(portions)[0].url == f"{web.url}/t/4"
    assert "secret" not in str(portions)


def test_a_page_that_asks_for_a_login(web: Web) -> None:
    """It is told apart from a feed."""
    web.routes["/feed.xml"] = Reply(b"<!DOCTYPE html><title>Sign in</title>", HTML)
    assert isinstance(hear(web)[1], Blocked)


# -- settings


def source(**keys: Any) -> str:
    """Return what a source is called."""
    return Feed(FeedSource.model_validate(keys), Client(CONTACT), ()).source


def test_names() -> None:
    """A source is called as the operator likes, else by its host; never by a password."""
    assert source(url="https://blog.example/feed/") == "feed:blog.example"
    assert source(url="http://me:secret@blog.example:8080/") == "feed:blog.example:8080"
    assert source(url="https://blog.example/feed", name="blog") == "feed:blog"
    with pytest.raises(ValidationError, match="url"):
        source(url="blog.example")


def test_the_address_is_asked_for_as_it_is(web: Web) -> None:
    """A slash at its end, and its query, stay."""
    web.routes["/a/feed/"] = feed("feed-atom.xml")
    _, error = hear(web, url=f"{web.url}/a/feed/?tag=forgebox&n=1")
    assert error is None
    assert web.asked[-1].query == {"tag": "forgebox", "n": "1"}


def test_topics() -> None:
    """It listens for the topics it is given."""
    table = FeedSource.model_validate({"url": "https://blog.example"})
    topics = [Topic("t", Query(any_of=("x",)))]
    assert Feed(table, Client(CONTACT), topics).topics == {"t"}


@pytest.mark.skipif(not RECORDED.exists(), reason="recorded feeds are not beside this checkout")
def test_recorded_feed(web: Web) -> None:
    """A real feed is heard from its oldest entry on."""
    body = (RECORDED / "social/rss/arch-news.xml").read_bytes()
    web.routes["/feed.xml"] = Reply(body, "application/xml; charset=utf-8")
    portions, error = hear(web, now=datetime(2025, 11, 6, 2, tzinfo=UTC), history="365d")
    assert error is None
    assert len(posts_of(portions)) == 10
    assert len(watched(portions)) == 1
