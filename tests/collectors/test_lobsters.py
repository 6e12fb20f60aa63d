"""Lobsters: stories, comments, pages, and what counts as listened to."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from collectors import Blocked, Client, Malformed, SourceError
from collectors.lobsters import Lobsters, LobstersSource
from signals import Collection, Span
from tests.collectors.cases import NOW, RECORDED
from tests.collectors.cases.feed import feed
from tests.collectors.cases.lobsters import stories
from tests.support.collecting import CONTACT, QUICK, cursor_of, identities, listen
from tests.support.web import Reply, Web, document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from signals import Post

LAG = timedelta(minutes=2)


@pytest.fixture
def web() -> Iterator[Web]:
    """Return a site with the stories and comments of the payloads."""
    routes = {
        "/newest.json": document(stories()),
        "/comments.rss": feed("lobsters-comments.xml"),
    }
    with Web(routes) as server:
        yield server


def hear(
    web: Web, cursor: str | None = None, now: datetime = NOW, **keys: Any
) -> tuple[list[Collection], SourceError | None]:
    """Collect once."""

    async def run() -> tuple[list[Collection], SourceError | None]:
        async with Client(CONTACT, limits=QUICK) as client:
            table = LobstersSource(base_url=web.url, **keys)
            return await listen(Lobsters(table, client, ()), cursor, now)

    return asyncio.run(run())


def posts_of(portions: list[Collection]) -> dict[str, Post]:
    """Return the posts by the ends of their ids."""
    return {post.id[-6:]: post for portion in portions for post in portion.posts}


def watched(portions: list[Collection]) -> list[Span]:
    """Return what was listened to."""
    return [span for portion in portions for span in portion.watched]


def story(number: int, created: datetime) -> dict[str, Any]:
    """Return a story."""
    address = f"https://lobste.rs/s/{number:06}"
    return stories()[0] | {"short_id_url": address, "created_at": created.isoformat()}


def comment(number: int, time: datetime) -> str:
    """Return an item of the feed of comments."""
    when = time.strftime("%d %b %Y %H:%M:%S GMT")
    return (
        f"<item><title>Forgebox</title><guid>https://lobste.rs/c/{number:06}</guid>"
        f"<pubDate>{when}</pubDate><description>Comment {number}</description></item>"
    )


def comments(*items: str) -> Reply:
    """Return a feed of comments."""
    body = f"<rss version='2.0'><channel>{''.join(items)}</channel></rss>"
    return Reply(body.encode(), "application/rss+xml")


def test_stories(web: Web) -> None:
    """A story is its title and text, by whoever submitted it, in both shapes of that."""
    portions, error = hear(web)
    assert error is None
    posts = posts_of(portions)
    assert posts["aaaa03"].text == "Forgebox is down\nPushes hang for me."
    assert posts["aaaa03"].time == datetime(2026, 11, 24, 12, 40, tzinfo=UTC)
    assert posts["aaaa03"].author == "ada"
    assert posts["aaaa03"].url == posts["aaaa03"].id == "https://lobste.rs/s/aaaa03"
    assert posts["aaaa02"].text == "A shell for x < y"
    assert posts["aaaa02"].author == "bob"
    assert "aaaa01" not in posts  # older than the history


def test_comments(web: Web) -> None:
    """A comment is its own text, not the title of the story above it."""
    posts = posts_of(hear(web)[0])
    assert posts["cccc02"].text == "Works here."
    assert posts["cccc02"].author == "dave"
    assert posts["cccc02"].time == posts["cccc02"].revised
    assert posts["cccc02"].time == datetime(2026, 11, 24, 12, 50, tzinfo=UTC)
    assert posts["cccc01"].text == "I like x < y."


def test_an_edited_comment_is_told_again(web: Web) -> None:
    """Its time in the feed is that of the edit, by which storage replaces the text."""
    web.routes["/comments.rss"] = comments(comment(1, NOW - timedelta(minutes=9)))
    first, _ = hear(web)
    edited = NOW + timedelta(minutes=3)
    web.routes["/comments.rss"] = comments(comment(1, edited))
    again, _ = hear(web, cursor_of(first), NOW + timedelta(minutes=5))
    assert posts_of(again)["000001"].revised == edited


def test_the_first_look_reaches_as_far_as_the_comments(web: Web) -> None:
    """There are no more than twenty, and the site keeps its answers for two minutes."""
    assert watched(hear(web)[0]) == [Span(datetime(2026, 11, 24, 11, tzinfo=UTC), NOW - LAG)]


def test_comments_that_came_too_fast_leave_a_gap(web: Web) -> None:
    """Only the time since the oldest one that is left was listened to."""
    first, _ = hear(web)
    now = NOW + timedelta(minutes=30)
    oldest = NOW + timedelta(minutes=12)
    web.routes["/comments.rss"] = comments(comment(2, now), comment(1, oldest))
    then, _ = hear(web, cursor_of(first), now)
    assert watched(then) == [Span(oldest, now - LAG)]
    again, _ = hear(web, cursor_of(then), now + timedelta(minutes=5))
    assert watched(again) == [Span(now - LAG, now - LAG + timedelta(minutes=5))]


def test_pages_until_the_last_look(web: Web) -> None:
    """However many stories came, each is heard, and no page more is asked for than is needed."""
    first, _ = hear(web)
    now = NOW + timedelta(hours=10)
    many = [story(at, now - timedelta(minutes=at * 12)) for at in range(75)]
    for page in range(3):
        path = f"/newest/page/{page + 1}.json" if page else "/newest.json"
        web.routes[path] = document(many[page * 25 : page * 25 + 25])
    portions, error = hear(web, cursor_of(first), now)
    assert error is None
    assert len(identities(portions)) == 51  # of the last ten hours and two minutes
    assert watched(portions) == [Span(NOW - LAG, now - LAG)]
    assert web.paths().count("/newest/page/3.json") == 1
    assert "/newest/page/4.json" not in web.paths()


def test_more_pages_than_one_call_may_ask_for(web: Web) -> None:
    """The time before the last page is a gap."""
    first, _ = hear(web)
    now = NOW + timedelta(days=3)
    for page in range(1, 12):
        path = f"/newest/page/{page}.json" if page > 1 else "/newest.json"
        web.routes[path] = document([story(page, now - timedelta(hours=page))])
    portions, _ = hear(web, cursor_of(first), now)
    assert watched(portions) == [Span(now - timedelta(hours=10), now - LAG)]
    assert "/newest/page/11.json" not in web.paths()


def test_a_site_without_older_stories(web: Web) -> None:
    """An empty page is the end, and all was heard."""
    web.routes["/newest.json"] = document(stories()[:1])
    web.routes["/newest/page/2.json"] = document([])
    assert len(watched(hear(web)[0])) == 1


@pytest.mark.parametrize(
    ("path", "reply"),
    [
        ("/newest.json", document([])),
        ("/newest.json", document({"error": "no"})),
        ("/newest.json", document([{"short_id_url": "x"}, None])),
        ("/newest.json", document([stories()[0] | {"created_at": "2026-11-24T06:40:00"}])),
        ("/comments.rss", comments()),
    ],
)
def test_what_is_never_empty_is_no_silence(web: Web, path: str, reply: Reply) -> None:
    """A list without anything in it, or of another shape, is refused."""
    web.routes[path] = reply
    portions, error = hear(web)
    assert isinstance(error, Malformed)
    assert watched(portions) == []


def test_robots_are_obeyed_unless_the_operator_says_otherwise(web: Web) -> None:
    """The site turns away all but a few search engines, although it offers feeds."""
    web.routes["/robots.txt"] = Reply(b"User-agent: *\nCrawl-delay: 1\nDisallow: /", "text/plain")
    assert isinstance(hear(web)[1], Blocked)
    portions, error = hear(web, robots="ignore")
    assert error is None
    assert len(identities(portions)) == 4


@pytest.mark.skipif(not RECORDED.exists(), reason="recorded answers are not beside this checkout")
def test_recorded_stories(web: Web) -> None:
    """A real story of 2020 is read."""
    body = (RECORDED / "social/rss/lobsters-newest-2020.json").read_bytes()
    web.routes["/newest.json"] = Reply(body, "application/json")
    portions, error = hear(web, history="3650d")
    assert error is not None  # there is no second page
    post = posts_of(portions)["hompz5"]
    assert post.text == "Find Duplicates in an Array"
    assert post.time == datetime(2020, 9, 12, 1, 33, 59, tzinfo=UTC)
    assert post.author == "pxlet"
