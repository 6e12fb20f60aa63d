"""Reviews in the App Store: the feed's traps, pages and countries."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from collectors import Client, Malformed, Missing, SourceError
from collectors.appstore import AppStore, AppStoreSource
from tests.collectors.cases import NOW
from tests.collectors.cases.appstore import APP, answer, path, review
from tests.support.collecting import CONTACT, QUICK, cursor_of, identities, listen
from tests.support.web import Web, document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from signals import Collection, Post


@pytest.fixture
def web() -> Iterator[Web]:
    """Return a store with the reviews of the payload."""
    with Web({path(): document(answer())}) as server:
        yield server


def hear(
    web: Web, cursor: str | None = None, now: datetime = NOW, **keys: Any
) -> tuple[list[Collection], SourceError | None]:
    """Collect once."""

    async def run() -> tuple[list[Collection], SourceError | None]:
        async with Client(CONTACT, limits=QUICK) as client:
            table = AppStoreSource(**{"base_url": web.url, "app": APP, **keys})
            return await listen(AppStore(table, client, ()), cursor, now)

    return asyncio.run(run())


def posts_of(portions: list[Collection]) -> dict[str, Post]:
    """Return the posts by their ids."""
    return {post.id: post for portion in portions for post in portion.posts}


def feed(*entries: Any) -> dict[str, Any]:
    """Return an answer with ``entries``; with none of them the key is missing."""
    given = answer()
    given["feed"]["entry"] = list(entries)
    if not entries:
        del given["feed"]["entry"]
    return given


def test_reviews(web: Web) -> None:
    """Title and text as they were written, without the rating; the app itself is no review."""
    portions, error = hear(web)
    assert error is None
    posts = posts_of(portions)
    assert set(posts) == {"9000000003", "9000000002"}  # the third is older than the history
    post = posts["9000000003"]
    assert post.text == "Down & out\nIt won't load since this morning.\nFix it <now>!"
    assert post.time == post.revised == datetime(2026, 11, 24, 11, 30, tzinfo=UTC)
    assert post.author == "ada"
    assert post.url == f"https://apps.apple.com/us/app/id{APP}?see-all=reviews"
    assert post.source == f"appstore:{APP}"


def test_the_name_of_the_app_is_said_before_a_review(web: Web) -> None:
    """Reviews hardly ever name their app, so that no topic would match them."""
    posts = posts_of(hear(web, name="Forgebox")[0])
    assert posts["9000000002"].text == "Forgebox\nLove it\nFast."


def test_no_time_ever_counts_as_listened_to(web: Web) -> None:
    """Reviews become public long after they were written."""
    assert not any(portion.watched for portion in hear(web)[0])


def test_a_review_is_heard_once_and_again_when_it_changes(web: Web) -> None:
    """A change has the time at which it was made."""
    first, _ = hear(web)
    changed = answer()
    changed["feed"]["entry"][2]["updated"]["label"] = "2026-11-24T05:59:00-07:00"
    web.routes[path()] = document(changed)
    again, _ = hear(web, cursor_of(first))
    assert identities(again) == {"9000000002"}
    assert posts_of(again)["9000000002"].revised == datetime(2026, 11, 24, 12, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    "entry", [review(1, NOW), [review(1, NOW)], [{"im:name": {}}, review(1, NOW)]]
)
def test_one_review_is_no_list(web: Web, entry: Any) -> None:
    """It is an object; and the app may be listed beside it or not."""
    given = answer()
    given["feed"]["entry"] = entry
    web.routes[path()] = document(given)
    portions, error = hear(web)
    assert error is None
    assert identities(portions) == {"1"}


@pytest.mark.parametrize("given", [feed(), feed({"im:name": {"label": "Forgebox"}})])
def test_an_empty_feed_is_no_silence_where_there_were_reviews(
    web: Web, given: dict[str, Any]
) -> None:
    """The feed is empty now and then; only for an app that never had reviews that may be true."""
    first, _ = hear(web)
    web.routes[path()] = document(given)
    portions, error = hear(web, cursor_of(first))
    assert isinstance(error, Malformed)
    assert portions == []
    portions, error = hear(web)
    assert error is None
    assert identities(portions) == set()
    web.routes[path()] = document(answer())
    assert len(identities(hear(web, cursor_of(portions))[0])) == 2


def test_reviews_without_dates(web: Web) -> None:
    """Each counts for the moment in which it was first seen."""
    web.routes[path()] = document(feed(review(1, None)))
    first, _ = hear(web)
    assert posts_of(first)["1"].time == NOW
    assert posts_of(first)["1"].revised is None
    web.routes[path()] = document(feed(review(2, None), review(1, None)))
    assert identities(hear(web, cursor_of(first))[0]) == {"2"}


def test_pages_until_a_review_that_was_seen(web: Web) -> None:
    """However many came, each is heard, and no page more is asked for than is needed."""
    first, _ = hear(web)
    many = [review(200 - at, NOW + timedelta(minutes=200 - at)) for at in range(100)]
    old = answer()["feed"]["entry"][1:]
    for page in range(3):
        part = many[page * 50 : page * 50 + 50] + (old if page == 2 else [])
        web.routes[path(page=page + 1)] = document(feed(*part))
    portions, error = hear(web, cursor_of(first), NOW + timedelta(hours=4))
    assert error is None
    assert len(identities(portions)) == 100
    assert path(page=4) not in web.paths()


def test_no_more_than_ten_pages(web: Web) -> None:
    """Apple has no more."""
    for page in range(1, 12):
        part = [review(page * 100 + at, NOW) for at in range(50)]
        web.routes[path(page=page)] = document(feed(*part))
    portions, error = hear(web)
    assert error is None
    assert len(identities(portions)) == 500


def test_several_countries(web: Web) -> None:
    """What one store gave is kept, whatever the next one does."""
    portions, error = hear(web, countries=["us", "gb"])
    assert isinstance(error, Missing)
    assert len(identities(portions)) == 2
    web.routes[path("gb")] = document(feed(review(7, NOW)))
    again, error = hear(web, cursor_of(portions), countries=["us", "gb"])
    assert error is None
    assert identities(again) == {"7"}
    assert "/gb/" in posts_of(again)["7"].url


@pytest.mark.parametrize(
    "keys", [{"app": "com.example"}, {"countries": []}, {"countries": ["USA"]}, {"app": "1"}]
)
def test_settings_that_are_none(keys: dict[str, Any]) -> None:
    """An app is a number, and a country two letters."""
    with pytest.raises(ValidationError):
        AppStoreSource(**{"app": APP, **keys})
