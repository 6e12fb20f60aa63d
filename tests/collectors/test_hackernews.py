"""Hacker News: what is heard, how time is cut, and what counts as listened to."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from collectors import Client, SourceError
from collectors.hackernews import HackerNews, HackerNewsSource
from signals import Collection, Span, from_seconds, seconds
from tests.collectors.cases import NOW, RECORDED, text_of
from tests.collectors.cases.hackernews import search
from tests.support.collecting import CONTACT, QUICK, cursor_of, identities, listen
from tests.support.web import Web, document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from signals import Post

PATH = "/api/v1/search_by_date"


@pytest.fixture
def web() -> Iterator[Web]:
    """Return a server with the hits of the payload."""
    with Web({PATH: search(json.loads(text_of("hackernews.json"))["hits"])}) as server:
        yield server


def hear(
    web: Web, cursor: str | None = None, now: datetime = NOW, **keys: Any
) -> tuple[list[Collection], SourceError | None]:
    """Collect once."""

    async def run() -> tuple[list[Collection], SourceError | None]:
        async with Client(CONTACT, limits=QUICK) as client:
            table = HackerNewsSource(base_url=web.url, items_url=web.url, **keys)
            return await listen(HackerNews(table, client, ()), cursor, now)

    return asyncio.run(run())


def posts_of(portions: list[Collection]) -> dict[str, Post]:
    """Return the posts by their ids."""
    return {post.id: post for portion in portions for post in portion.posts}


def test_stories_and_comments(web: Web) -> None:
    """A story is its title and text; a comment is its own text, not the title above it."""
    portions, _ = hear(web, history="2h")
    posts = posts_of(portions)
    assert posts["51000001"].text == (
        "Forgebox is down\nPushes hang since noon.\nSee https://status.example/now"
    )
    assert posts["51000002"].text == "It isn't just you.\nSame here."
    assert posts["51000003"].text == "A small shell for x < y"
    assert posts["51000001"].time == datetime(2026, 11, 24, 12, 10, tzinfo=UTC)
    assert posts["51000001"].author == "ada"
    assert posts["51000001"].url == "https://news.ycombinator.com/item?id=51000001"
    assert "51000004" not in posts  # a deleted comment: all that is left is the parent's title


def test_asks_for_stories_and_comments_within_times(web: Web) -> None:
    """The query is the documented one, and it leaves the choice of words to the matcher."""
    hear(web, str(seconds(NOW) - 120))
    query = next(asked.query for asked in web.asked if asked.path == PATH)
    start = seconds(NOW) - 120 - 15 * 60
    assert query == {
        "tags": "(story,comment)",
        "numericFilters": f"created_at_i>{start - 1},created_at_i<{seconds(NOW) + 1}",
        "hitsPerPage": "1000",
    }


def test_watched_stops_where_the_index_may_lag(web: Web) -> None:
    """Listening goes on from the cursor, with an overlap, and ends the lag before the present."""
    portions, _ = hear(web, str(seconds(NOW) - 600), lag="90s")
    assert [span for portion in portions for span in portion.watched] == [
        Span(NOW - timedelta(minutes=25), NOW - timedelta(seconds=90))
    ]
    assert cursor_of(portions) == str(seconds(NOW) - 90)


def test_first_call_reaches_back(web: Web) -> None:
    """Without a cursor the history is heard, a slice at a time and without a gap between."""
    portions, _ = hear(web, history="3h")
    spans = [span for portion in portions for span in portion.watched]
    assert spans[0].start <= NOW - timedelta(hours=3)
    assert all(before.end == after.start for before, after in pairwise(spans))
    assert len(spans) > 1


def test_clock_set_back(web: Web) -> None:
    """A cursor from the future does not silence the source."""
    portions, _ = hear(web, str(seconds(NOW) + 86_400))
    assert identities(portions) == {"51000003"}


def _busy(count: int, start: datetime, every: timedelta) -> list[dict[str, Any]]:
    return [
        {
            "objectID": str(at),
            "created_at_i": seconds(start + at * every),
            "author": "a",
            "comment_text": "busy",
        }
        for at in range(count)
    ]


def test_more_than_one_answer_can_show(web: Web) -> None:
    """A slice with a thousand hits or more is cut until all of them are seen."""
    hits = _busy(3_500, NOW - timedelta(minutes=50), timedelta(milliseconds=800))
    web.routes[PATH] = search(hits)
    portions, error = hear(web, history="1h")
    assert error is None
    assert identities(portions) == {hit["objectID"] for hit in hits}
    assert sum(len(portion.posts) for portion in portions) == len(hits)


def test_server_that_shows_fewer_than_asked_for(web: Web) -> None:
    """A server with a lower ceiling, which it tells, hides nothing either."""
    hits = _busy(200, NOW - timedelta(minutes=50), timedelta(seconds=14))
    web.routes[PATH] = search(hits, most=50)
    portions, _ = hear(web, history="1h")
    assert identities(portions) == {hit["objectID"] for hit in hits}


def test_second_that_is_too_full(web: Web) -> None:
    """What cannot be seen in full is not called listened to; the rest goes on."""
    full = seconds(NOW) - 300
    hits = _busy(1_500, from_seconds(full), timedelta(0))
    web.routes[PATH] = search(hits)
    portions, error = hear(web, str(seconds(NOW) - 120))
    assert error is None
    watched = [span for portion in portions for span in portion.watched]
    assert not any(seconds(span.start) <= full < seconds(span.end) for span in watched)
    assert cursor_of(portions) == str(seconds(NOW) - 60)


def test_goes_on_from_where_it_stopped(web: Web) -> None:
    """Each portion's cursor resumes after it, so that a failure in the middle loses nothing."""
    hits = _busy(300, NOW - timedelta(hours=5), timedelta(minutes=1))
    web.routes[PATH] = search(hits)
    portions, _ = hear(web, history="5h")
    for at, portion in enumerate(portions):
        rest, _ = hear(web, portion.cursor)
        assert identities(portions[: at + 1]) | identities(rest) == identities(portions)


def test_every_post_from_the_future_is_of_now(web: Web) -> None:
    """No bucket of the future is filled."""
    hit = {"objectID": "1", "created_at_i": seconds(NOW) + 9_999, "title": "soon"}
    web.routes[PATH] = document({"hits": [hit]})
    portions, _ = hear(web, str(seconds(NOW)))
    assert [post.time for post in portions[0].posts] == [NOW]


@pytest.mark.skipif(not RECORDED.exists(), reason="recorded answers are not beside this checkout")
def test_recorded_answers(web: Web) -> None:
    """Real answers of 2015 and 2026 are read whole."""
    recorded = json.loads((RECORDED / "social/hackernews/search-2026-09-27.json").read_text())
    older = json.loads((RECORDED / "social/hackernews/responses-2015.json").read_text())
    hits = [*recorded["hits"], *(hit for each in older for hit in each["reply"].get("hits", []))]
    shown = [
        hit for hit in hits if hit.get("comment_text") or hit.get("title") or hit.get("story_text")
    ]
    web.routes[PATH] = document({"hits": hits})
    portions, error = hear(web, str(seconds(NOW)))
    assert error is None
    assert identities(portions) == {hit["objectID"] for hit in shown}
    assert "Show HN: TinyAIArena" in posts_of(portions)["49867775"].text
