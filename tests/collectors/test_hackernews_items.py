"""Hacker News' own API: edits and deletions, at what price, and when it cannot be asked."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from collectors import Client, SourceError
from collectors.hackernews import HackerNews, HackerNewsSource
from signals import Collection, Query, Span, Topic, seconds
from tests.collectors.cases import NOW, text_of
from tests.collectors.cases.hackernews import items, search
from tests.support.collecting import CONTACT, QUICK, identities, listen
from tests.support.web import Reply, Web, document

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

SEARCH, UPDATES = "/api/v1/search_by_date", "/v0/updates.json"
STORY, COMMENT, OTHER = "51000001", "51000002", "51000003"
FORGEBOX = Topic("forgebox", Query(any_of=("forgebox", "same here")))

Heard = tuple[list[Collection], SourceError | None]


@pytest.fixture
def web() -> Iterator[Web]:
    """Return a server with the hits of the payload."""
    with Web({SEARCH: search(json.loads(text_of("hackernews.json"))["hits"])}) as server:
        yield server


def hear(web: Web, *times: datetime, topics: tuple[Topic, ...] = (FORGEBOX,)) -> list[Heard]:
    """Collect at each of the times, with one collector."""

    async def run() -> list[Heard]:
        async with Client(CONTACT, limits=QUICK) as client:
            table = HackerNewsSource(base_url=web.url, items_url=web.url, history="2h")
            collector = HackerNews(table, client, topics)
            cursor, heard = None, []
            for time in times:
                heard.append(await listen(collector, cursor, time))
                cursor = str(seconds(time) - 60)
            return heard

    return asyncio.run(run())


def change(web: Web, changed: dict[str, Any]) -> None:
    """Let Hacker News say that these items changed."""
    web.routes |= items(changed)


def withdrawn(portions: list[Collection]) -> set[str]:
    """Return what was taken back."""
    return {each for portion in portions for each in portion.withdrawn}


def test_changed_text(web: Web) -> None:
    """A comment with another text is heard again, as a revision; it watches no time."""
    change(web, {COMMENT: {"id": int(COMMENT), "by": "bob", "text": "Same here.<p>Works again."}})
    [(portions, error)] = hear(web, NOW)
    assert error is None
    last = portions[-1]
    assert [(post.id, post.text, post.revised) for post in last.posts] == [
        (COMMENT, "Same here.\nWorks again.", NOW)
    ]
    assert (last.watched, last.cursor, last.withdrawn) == ((), None, ())


def test_same_text_is_no_change(web: Web) -> None:
    """Most items change by a vote or a reply only."""
    story = {
        "id": int(STORY),
        "title": "Forgebox is down",
        "text": 'Pushes hang since noon.<p>See <a href="https:&#x2F;&#x2F;status.example&#x2F;now"'
        ' rel="nofollow">https:&#x2F;&#x2F;status.example&#x2F;now</a>',
        "score": 12,
    }
    change(web, {STORY: story})
    [(portions, error)] = hear(web, NOW)
    assert error is None
    assert f"/v0/item/{STORY}.json" in web.paths()
    assert not any(post.revised for portion in portions for post in portion.posts)
    assert withdrawn(portions) == set()


@pytest.mark.parametrize(
    "gone",
    [
        {"id": int(COMMENT), "deleted": True, "parent": 1, "type": "comment"},
        {"id": int(COMMENT), "dead": True, "text": "[flagged]"},
        None,
    ],
    ids=["deleted", "dead", "null"],
)
def test_taken_back(web: Web, gone: dict[str, Any] | None) -> None:
    """What was deleted, killed, or is simply no more, is withdrawn once."""
    change(web, {COMMENT: gone})
    first, second = hear(web, NOW, NOW + timedelta(hours=1))
    assert withdrawn(first[0]) == {COMMENT}
    assert withdrawn(second[0]) == set()


def test_only_what_matters_is_read_again(web: Web) -> None:
    """Of all that changed, only posts that were heard and mention a topic are asked for."""
    change(web, {OTHER: {"deleted": True}, "49": {"deleted": True}, COMMENT: {"text": "Same here"}})
    [(portions, _)] = hear(web, NOW)
    assert withdrawn(portions) == set()
    assert [path for path in web.paths() if "/item/" in path] == [f"/v0/item/{COMMENT}.json"]


def test_nothing_to_watch_over_asks_nothing(web: Web) -> None:
    """Where no post mentions a topic, nobody is asked what changed."""
    hear(web, NOW, topics=(Topic("x", Query(any_of=("nowhere",))),))
    assert UPDATES not in web.paths()


def test_for_two_hours(web: Web) -> None:
    """Authors may change a post for two hours; after that it is not asked for any more."""
    change(web, {})
    late = NOW + timedelta(hours=3)
    web.routes[SEARCH] = search(json.loads(text_of("hackernews.json"))["hits"][:2])
    hear(web, NOW, late)
    assert web.paths().count(UPDATES) == 1


@pytest.mark.parametrize(
    "fault",
    [Reply(status=403), Reply(status=404), document([1]), Reply(b"<html>", status=200)],
    ids=["forbidden", "missing", "another shape", "a page"],
)
def test_not_to_be_asked(web: Web, fault: Reply) -> None:
    """Without that API posts are heard all the same, and the time counts as listened to."""
    web.routes[UPDATES] = fault
    [(portions, error)] = hear(web, NOW)
    assert error is None
    assert identities(portions) == {STORY, COMMENT, OTHER}
    assert [span for portion in portions for span in portion.watched][-1] == Span(
        NOW - timedelta(minutes=16), NOW - timedelta(minutes=1)
    )


def test_is_left_alone_after_a_failure(web: Web) -> None:
    """An API that failed is not asked again for a quarter of an hour."""
    web.routes[UPDATES] = Reply(status=403)
    hear(web, *(NOW + timedelta(minutes=minutes) for minutes in (0, 1, 14, 16)))
    assert web.paths().count(UPDATES) == 2


def test_item_that_cannot_be_read(web: Web) -> None:
    """A failure at the second item keeps what the first one told."""
    change(web, {COMMENT: {"deleted": True}, STORY: "?"})
    [(portions, error)] = hear(web, NOW)
    assert error is None
    assert withdrawn(portions) == {COMMENT}
