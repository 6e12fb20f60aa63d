"""Google News, through the feed of its search.

The feed (``/rss/search``) is undocumented. It shows a hundred results at most, by relevance and
not by time; the operator ``when:1d`` keeps those of the last day.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, Field

import settings  # noqa: TC001 - pydantic reads the annotations below
from collectors import entries
from collectors.feed import FeedTable, Seen, posts_of, seen_in
from signals import Collection, Span, from_seconds, seconds

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence
    from datetime import datetime

    from collectors.client import Client, Params
    from collectors.entries import Entry
    from signals import Topic

SOURCE = "googlenews"

_RESULTS = 100  # the most that a search shows
_REACH = timedelta(days=1)  # as when:1d says
_MOST_WORDS = 24  # of terms in a query; Google's search ignores all after the 32nd word


class GoogleNewsSource(FeedTable):
    """``[[sources]]`` with ``kind = "googlenews"``.

    Attributes:
        base_url: Where Google News is.
        terms: What to search for; by default the terms of the topics.
        language: Of the edition.
        country: Of the edition.
    """

    kind: Literal["googlenews"] = "googlenews"
    interval: settings.Duration = timedelta(minutes=5)
    history: settings.Duration = _REACH
    base_url: settings.BaseUrl = Field(default="https://news.google.com", validate_default=True)
    terms: settings.Terms = ()
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,4})?$")] = "en-US"
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] = "US"


class _Cursor(BaseModel):
    """When the last look was, in seconds since 1970, and what it saw."""

    heard: int
    seen: Seen = Seen()


class GoogleNews:
    """Collects the titles of articles."""

    def __init__(self, table: GoogleNewsSource, client: Client, topics: Sequence[Topic]) -> None:
        """Prepare to listen for ``topics``; nothing is asked yet.

        Raises:
            ValueError: There is nothing to search for.
        """
        self.source = SOURCE
        self.interval = self.fastest = table.interval
        self.topics = frozenset(topic.name for topic in topics)
        self._queries = _queries(
            table.terms
            or (term for topic in topics for term in (*topic.query.any_of, *topic.query.all_of))
        )
        if not self._queries:
            raise ValueError('there is nothing to search for; say what, e.g. terms = ["github"]')
        self._url = f"{table.base_url}/rss/search"
        self._edition = {
            "hl": table.language,
            "gl": table.country,
            "ceid": f"{table.country}:{table.language.partition('-')[0]}",
        }
        self._history = table.history
        self._obeys = table.robots == "obey"
        self._client = client

    async def collect(self, cursor: str | None, now: datetime) -> AsyncIterator[Collection]:
        """Yield one portion a search; the last one says what was listened to.

        Raises:
            SourceError: Google News was not heard.
        """
        last = _Cursor.model_validate_json(cursor) if cursor else _Cursor(heard=seconds(now))
        heard = from_seconds(min(last.heard, seconds(now)))
        articles: list[Entry] = []
        is_complete = True
        for query in self._queries:
            found = await self._search(query)
            is_complete &= len(found) < _RESULTS
            articles += found
            new = map(_article, last.seen.unseen(found))
            yield Collection(
                source=self.source,
                posts=await asyncio.to_thread(
                    posts_of, new, self.source, heard - self._history, now
                ),
            )
        since = max(heard, now - _REACH) if cursor else now - _REACH
        yield Collection(
            source=self.source,
            watched=(Span(since, now),) if is_complete and since < now else (),
            cursor=_Cursor(heard=seconds(now), seen=seen_in(articles)).model_dump_json(),
        )

    async def probe(self) -> str:
        """Search once.

        Raises:
            SourceError: Google News does not answer as it should.
        """
        found = await self._search(self._queries[0])
        return f"reachable, no login needed, {len(found)} articles in a day"

    async def _search(self, query: str) -> tuple[Entry, ...]:
        """Return what ``query`` finds."""
        params: Params = {"q": f"({query}) when:1d", **self._edition}
        feed = await self._client.get_feed(self._url, params=params, robots=self._obeys)
        return await asyncio.to_thread(entries.read, feed, self.source)


def _article(entry: Entry) -> Entry:
    """Return ``entry`` without what Google adds: the publisher's name, and the title once more."""
    return replace(entry, title=entry.title.removesuffix(f" - {entry.publisher}"), html="")


def _queries(terms: Iterable[str]) -> list[str]:
    """Return ``terms`` as few searches, each within the length that Google takes."""
    queries: list[str] = []
    words = 0
    for term in dict.fromkeys(" ".join(term.replace('"', " ").split()) for term in terms):
        if not term:
            continue
        size = len(term.split()) + 1  # the word OR counts as well
        if queries and words + size <= _MOST_WORDS:
            queries[-1] += f' OR "{term}"'
            words += size
        else:
            queries.append(f'"{term}"')
            words = size
    return queries
