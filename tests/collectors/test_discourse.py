"""Discourse: what is somebody's own words, paging of three ages, what was taken back."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from collectors import Blocked, Client, Malformed, SourceError
from collectors.discourse import Discourse, DiscourseSource
from signals import Collection, Span, seconds
from tests.collectors.cases import LATER, NOW, RECORDED
from tests.collectors.cases.discourse import forum, moved, posts
from tests.support.collecting import CONTACT, QUICK, cursor_of, identities, listen
from tests.support.web import Asked, Reply, Web, document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from signals import Post
    from tests.support.web import Route

PATH = "/posts.json"
LAG = timedelta(minutes=1)

Heard = tuple[list[Collection], SourceError | None]


@pytest.fixture
def web() -> Iterator[Web]:
    """Return a forum with the posts of the payload."""
    with Web({PATH: forum(posts())}) as server:
        yield server


def hear(web: Web, cursor: str | None = None, now: datetime = NOW, **keys: Any) -> Heard:
    """Collect once."""

    async def run() -> Heard:
        async with Client(CONTACT, limits=QUICK) as client:
            table = DiscourseSource(base_url=web.url, **keys)
            return await listen(Discourse(table, client, ()), cursor, now)

    return asyncio.run(run())


def posts_of(portions: list[Collection]) -> dict[str, Post]:
    """Return the posts by their ids."""
    return {post.id: post for portion in portions for post in portion.posts}


def watched(portions: list[Collection]) -> list[Span]:
    """Return what was listened to."""
    return [span for portion in portions for span in portion.watched]


def test_own_words(web: Web) -> None:
    """A topic is its title and text; a reply is its own text, without the title and the quotes."""
    found = posts_of(hear(web)[0])
    assert found["4101"].text == "Forgebox is down\nPushes hang since noon."
    assert found["4103"].text == "Same here."
    assert found["4105"].text == "Works again for me & friends."
    assert found["4100"].text == "Themes & icons\nWhich theme is this?"


def test_who_where_when(web: Web) -> None:
    """Author, address, time, and when it was changed if it was."""
    found = posts_of(hear(web)[0])
    assert found["4103"].author == "bob"
    assert found["4103"].url == f"{web.url}/t/801/2"
    assert found["4103"].time == datetime(2026, 11, 24, 12, 20, tzinfo=UTC)
    assert found["4103"].revised is None
    assert found["4105"].revised == datetime(2026, 11, 24, 12, 48, tzinfo=UTC)
    assert found["4103"].source == f"discourse:{web.url.removeprefix('http://')}"


def test_only_people(web: Web) -> None:
    """The forum's own accounts and what moderators did are not talk."""
    assert not {"4106", "4107"} & identities(hear(web)[0])


@pytest.mark.parametrize(
    "change", [{"user_deleted": True}, {"hidden": True}, {"deleted_at": "2026-11-24T12:59:00Z"}]
)
def test_what_was_taken_back(web: Web, change: dict[str, object]) -> None:
    """What its author deleted or the forum hid is withdrawn, and is not heard."""
    found = posts()
    cursor = cursor_of(hear(web)[0])
    found[4] |= change
    web.routes[PATH] = forum(found)
    portions, _ = hear(web, cursor)
    gone = {each for portion in portions for each in portion.withdrawn}
    assert gone == {"4108", "4103"}
    assert not gone & identities(portions)


def test_categories(web: Web) -> None:
    """Only posts in the categories that are named are heard."""
    assert identities(hear(web, categories=[9])[0]) == {"4100"}


def test_categories_that_are_not_told(web: Web) -> None:
    """A forum that keeps the categories to itself would be silent for ever; it is not."""
    web.routes[PATH] = document(
        {"latest_posts": [post | {"category_id": None} for post in posts()]}
    )
    assert isinstance(hear(web, categories=[9])[1], Malformed)
    assert hear(web)[1] is None


def test_watched_stops_where_answers_may_be_old(web: Web) -> None:
    """Listening goes on from the cursor, with an overlap, and ends the lag before the present."""
    portions, error = hear(web, str(seconds(NOW) - 600))
    assert error is None
    assert watched(portions) == [Span(NOW - timedelta(minutes=25), NOW - LAG)]
    assert cursor_of(portions) == str(seconds(NOW - LAG))
    assert web.paths().count(PATH) == 1


def busy(count: int, every: timedelta, step: int = 1) -> list[dict[str, Any]]:
    """Return so many posts, the last of them just now, with ids ``step`` apart."""
    first = posts()[4]
    return [moved(first, 9_000 - at * step, NOW - at * every) for at in range(count)]


def exclusive(found: list[dict[str, Any]]) -> Route:
    """Return a recent forum: 50 posts before the id, which is not among them."""

    def answer(asked: Asked) -> Reply:
        before = int(asked.query.get("before", "99999"))
        return document({"latest_posts": [post for post in found if post["id"] < before][:50]})

    return answer


def windowed(found: list[dict[str, Any]]) -> Route:
    """Return an old forum: what is left of the last 50 ids."""

    def answer(asked: Asked) -> Reply:
        last = int(asked.query.get("before", "9000"))
        page = [post for post in found if last - 50 < post["id"] <= last]
        return document({"latest_posts": page})

    return answer


@pytest.mark.parametrize("age", [forum, exclusive, windowed])
def test_pages_of_every_age(web: Web, age: Any) -> None:
    """However Discourse cuts its pages, none of the posts since the cursor is passed by."""
    found = busy(400, timedelta(seconds=10), step=3)
    web.routes[PATH] = age(found)
    portions, error = hear(web, str(seconds(NOW - timedelta(minutes=30))))
    assert error is None
    assert {str(post["id"]) for post in found[:270]} <= identities(portions)
    assert watched(portions) == [Span(NOW - timedelta(minutes=45), NOW - LAG)]


def test_pages_with_nothing_for_everybody(web: Web) -> None:
    """Posts of closed categories fill whole pages; what lies behind them is found."""
    found = busy(400, timedelta(seconds=10))
    closed = frozenset(range(8_800, 8_990))
    web.routes[PATH] = forum(found, closed)
    portions, error = hear(web, str(seconds(NOW - timedelta(minutes=30))))
    assert error is None
    heard = {int(each) for each in identities(portions)}
    assert set(range(8_990, 9_001)) | set(range(8_740, 8_800)) <= heard


def test_young_forum(web: Web) -> None:
    """A forum with few posts is read to its first one."""
    found = [moved(posts()[4], at, NOW - timedelta(minutes=at)) for at in (3, 5, 8)]
    web.routes[PATH] = forum(found)
    portions, error = hear(web)
    assert error is None
    assert identities(portions) == {"3", "5", "8"}
    assert watched(portions)[0].start == NOW - LAG - timedelta(hours=6, minutes=15)


def test_more_than_a_call_reads(web: Web) -> None:
    """What lies behind the last page that a call reads stays unwatched."""
    web.routes[PATH] = exclusive(busy(3_000, timedelta(seconds=2)))
    portions, error = hear(web)
    assert error is None
    assert web.paths().count(PATH) == 40
    assert watched(portions) == [Span(NOW - 1_999 * timedelta(seconds=2), NOW - LAG)]


def test_failure_in_the_middle(web: Web) -> None:
    """A page that fails leaves the call unwatched; the next call reads everything again."""
    whole = exclusive(busy(300, timedelta(seconds=10)))
    assert not isinstance(whole, Reply)
    web.routes[PATH] = lambda asked: Reply(status=403) if asked.query else whole(asked)
    portions, error = hear(web)
    assert isinstance(error, Blocked)
    assert watched(portions) == []
    assert cursor_of(portions) is None


@pytest.mark.parametrize(
    "door",
    [
        Reply(status=302, headers={"Location": "/login"}),
        document(
            {"errors": ["You need to be logged in"], "error_type": "not_logged_in"}, status=403
        ),
        document({"latest_posts": []}),
    ],
    ids=["redirect", "refusal", "empty"],
)
def test_forum_behind_a_login(web: Web, door: Reply) -> None:
    """A forum that shows nothing to those without an account is blocked, not silent."""
    web.routes[PATH] = door
    portions, error = hear(web)
    assert isinstance(error, Blocked)
    assert portions == []


def test_clock_of_another_server(web: Web) -> None:
    """A post from the future counts for the present."""
    web.routes[PATH] = forum([moved(posts()[4], 1, LATER)])
    assert posts_of(hear(web)[0])["1"].time == NOW


@pytest.mark.skipif(not RECORDED.exists(), reason="recorded answers are not beside this checkout")
def test_recorded_answers(web: Web) -> None:
    """Real posts of 2015 and 2016 are read whole."""
    folder = RECORDED / "social/discourse"
    found = json.loads((folder / "posts.json").read_text())["post_stream"]["posts"]
    found.append(json.loads((folder / "post.json").read_text()))
    web.routes[PATH] = document({"latest_posts": found})
    portions, error = hear(web)
    assert error is None
    assert identities(portions) == {str(post["id"]) for post in found}
    texts = posts_of(portions)
    assert texts["4387"].text == "have you tried oVirt/RHEV - full support of Power8?"
    assert "OpenPOWER. I imagine" in texts["4383"].text
