"""Google News: how it is searched, what is taken of an article, and what counts as listened to."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from collectors import Client, SourceError
from collectors.googlenews import GoogleNews, GoogleNewsSource
from signals import Collection, Query, Span, Topic
from tests.collectors.cases import LATER, NOW, RECORDED
from tests.collectors.cases.feed import feed
from tests.support.collecting import CONTACT, QUICK, cursor_of, listen
from tests.support.web import Reply, Web

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from signals import Post

PATH = "/rss/search"
SOON = timedelta(minutes=15)


@pytest.fixture
def web() -> Iterator[Web]:
    """Return a server with the articles of the payload."""
    with Web({PATH: feed("googlenews.xml")}) as server:
        yield server


def hear(
    web: Web, cursor: str | None = None, topics: Sequence[Topic] = (), **keys: Any
) -> tuple[list[Collection], SourceError | None]:
    """Collect once."""
    now = keys.pop("now", NOW)

    async def run() -> tuple[list[Collection], SourceError | None]:
        async with Client(CONTACT, limits=QUICK) as client:
            table = GoogleNewsSource(base_url=web.url, **keys)
            return await listen(GoogleNews(table, client, topics), cursor, now)

    return asyncio.run(run())


def posts_of(portions: list[Collection]) -> list[Post]:
    """Return the posts in the order in which they came."""
    return [post for portion in portions for post in portion.posts]


def searches(web: Web) -> list[str]:
    """Return what was searched for."""
    return [asked.query["q"] for asked in web.asked if asked.path == PATH]


def watched(portions: list[Collection]) -> list[Span]:
    """Return what was listened to."""
    return [span for portion in portions for span in portion.watched]


def test_the_title_alone_is_what_an_article_says(web: Web) -> None:
    """Without the publisher, who is the author, and without Google's list of links."""
    portions, error = hear(web, terms=["forgebox"])
    assert error is None
    first, second = posts_of(portions)
    assert first.text == "Forgebox down - again - for thousands"
    assert first.author == "The Example Times"
    assert first.url == "https://news.google.com/rss/articles/CBMiAAAA?oc=5"
    assert first.source == "googlenews"
    assert second.text == "What is Forgebox?"


def test_searches_for_phrases_of_the_last_day_in_an_edition(web: Web) -> None:
    """The query is the one that Google's own pages use."""
    hear(web, terms=["forgebox", 'forge "box"'], language="de", country="AT")
    assert web.asked[-1].query == {
        "q": '("forgebox" OR "forge box") when:1d',
        "hl": "de",
        "gl": "AT",
        "ceid": "AT:de",
    }


def test_searches_for_the_terms_of_the_topics(web: Web) -> None:
    """Each once, and in as few searches as Google's limit of words allows."""
    words = tuple(f"term {at}" for at in range(9))
    topics = [Topic("a", Query(any_of=words)), Topic("b", Query(all_of=("term 1", "x")))]
    hear(web, topics=topics)
    first, second = searches(web)
    assert first.count('"') == 16
    assert second == '("term 8" OR "x") when:1d'


def test_nothing_to_search_for() -> None:
    """A source without terms is refused."""
    with pytest.raises(ValueError, match="nothing to search for"):
        GoogleNews(GoogleNewsSource(terms=(' " ',)), Client(CONTACT), ())


@pytest.mark.parametrize("keys", [{"language": "English"}, {"country": "us"}, {"terms": [""]}])
def test_settings_that_are_none(keys: dict[str, Any]) -> None:
    """An edition that cannot exist is refused."""
    with pytest.raises(ValidationError):
        GoogleNewsSource.model_validate(keys)


def test_watched_since_the_last_look(web: Web) -> None:
    """A day at most, since the search reaches no further."""
    first, _ = hear(web, terms=["forgebox"])
    assert watched(first) == [Span(NOW - timedelta(days=1), NOW)]
    soon, _ = hear(web, cursor_of(first), terms=["forgebox"], now=NOW + SOON)
    assert watched(soon) == [Span(NOW, NOW + SOON)]
    after, _ = hear(web, cursor_of(first), terms=["forgebox"], now=LATER + timedelta(days=1))
    assert watched(after) == [Span(LATER, LATER + timedelta(days=1))]


def test_an_article_is_heard_once(web: Web) -> None:
    """However often it is found; and an article that was never found before is."""
    first, _ = hear(web, terms=["forgebox"])
    web.routes[PATH] = feed("googlenews.xml", b"<item><title>New</title></item>", b"</channel>")
    again, _ = hear(web, cursor_of(first), terms=["forgebox"], now=NOW + SOON)
    assert [post.text for post in posts_of(again)] == ["New"]


def test_a_full_page_may_hide_more(web: Web) -> None:
    """A hundred results are as many as are shown, so that nothing counts as listened to."""
    items = "".join(f"<item><guid>{at}</guid><title>t {at}</title></item>" for at in range(100))
    body = f"<rss version='2.0'><channel>{items}</channel></rss>".encode()
    web.routes[PATH] = Reply(body, "application/xml")
    portions, error = hear(web, terms=["forgebox"])
    assert error is None
    assert len(posts_of(portions)) == 100
    assert watched(portions) == []


def test_no_news(web: Web) -> None:
    """A search without results is silence."""
    web.routes[PATH] = Reply(b"<rss version='2.0'><channel/></rss>", "application/xml")
    portions, error = hear(web, terms=["forgebox"])
    assert error is None
    assert posts_of(portions) == []
    assert len(watched(portions)) == 1


@pytest.mark.skipif(not RECORDED.exists(), reason="recorded feeds are not beside this checkout")
def test_recorded_search(web: Web) -> None:
    """A real result is read, its publisher's name within its title as well."""
    body = (RECORDED / "social/rss/google-news-search-2020.xml").read_bytes()
    web.routes[PATH] = Reply(body, "application/xml; charset=utf-8")
    portions, _ = hear(web, terms=["msft"], history="3650d")
    (post,) = posts_of(portions)
    assert post.text == "Microsoft (NASDAQ: MSFT) bei BidaskClub zu Strong-Buy aufgestockt » IMS"
    assert post.author == "Internationales Magazin für Sicherheit (IMS)"
