"""Hacker News, through the search API that Algolia runs for it.

API: https://hn.algolia.com/api (``search_by_date``). The site hears about ten posts a minute, so
that one request for all of them serves every topic: cheaper than one for each term, and blind to
the tokens, prefixes and typos of the server's search. A query shows at most 1,000 hits; time is
cut into slices that hold fewer.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, Field

import settings
from collectors import payload
from collectors.hackernews_items import Items
from collectors.html import tidy, to_text
from signals import Collection, Post, Span, from_seconds, seconds

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from collectors.client import Client, Params
    from signals import Topic

SOURCE = "hackernews"

_ITEM = "https://news.ycombinator.com/item?id="
_HITS = 1_000
_SLICE = 3_600  # seconds; some 600 hits
_OVERLAP = 15 * 60  # seconds that are asked for again, since posts enter the index late
_MOST_REQUESTS = 100  # a call; the next one goes on from the cursor


class HackerNewsSource(settings.Source):
    """``[[sources]]`` with ``kind = "hackernews"``.

    Attributes:
        base_url: Where the API is.
        history: How far back the first call reaches.
        lag: How long a post may take to enter the index; so much of the present does not count as
            listened to yet.
        items_url: Where Hacker News' own API is, which knows of edits and deletions.
    """

    kind: Literal["hackernews"] = "hackernews"
    base_url: settings.BaseUrl = Field(default="https://hn.algolia.com", validate_default=True)
    history: settings.Duration = timedelta(hours=6)
    lag: settings.Duration = timedelta(seconds=60)
    items_url: settings.BaseUrl = Field(
        default="https://hacker-news.firebaseio.com", validate_default=True
    )


class _Hit(BaseModel):
    """A story or a comment; keys without a value are null in old answers and left out in new."""

    id: Annotated[str, Field(alias="objectID", pattern=r"^\d{1,20}$")]
    created_at_i: payload.Epoch
    author: payload.Name | None = None
    title: str | None = None
    story_text: str | None = None
    comment_text: str | None = None

    def text(self) -> str:
        """Return what the author wrote; the title above a comment is somebody else's."""
        if self.comment_text is not None:
            return to_text(self.comment_text)
        return tidy(f"{self.title or ''}\n{to_text(self.story_text or '')}")


class _Answer(BaseModel):
    hits: list[object]
    most: Annotated[int, Field(alias="hitsPerPage", ge=1)] = _HITS

    @property
    def full(self) -> bool:
        """Whether there may be more hits than it shows."""
        return len(self.hits) >= min(self.most, _HITS)


class HackerNews:
    """Collects stories and comments."""

    def __init__(self, table: HackerNewsSource, client: Client, topics: Sequence[Topic]) -> None:
        """Prepare to listen for ``topics``; nothing is asked yet."""
        self.source = SOURCE
        self.interval = table.interval
        self.topics = frozenset(topic.name for topic in topics)
        self._url = f"{table.base_url}/api/v1/search_by_date"
        self._history = int(table.history.total_seconds())
        self._lag = int(table.lag.total_seconds())
        self._client = client
        self._items = Items(table.items_url, client, topics)

    async def collect(self, cursor: str | None, now: datetime) -> AsyncIterator[Collection]:
        """Yield one portion a slice of time; the cursor is the second up to which was listened.

        What was changed or taken back follows at last.

        Raises:
            SourceError: Hacker News was not heard.
        """
        heard = seconds(now) - self._lag
        since = min(int(cursor), heard) if cursor else heard - self._history
        start, width = since - _OVERLAP, _SLICE
        for _ in range(_MOST_REQUESTS):
            end = min(start + width, seconds(now) + 1)
            answer = await self._search(start, end)
            if answer.full and end - start > 1:
                width = (end - start) // 2
                continue
            known = min(end, heard)
            span = Span(from_seconds(start), from_seconds(known)) if start < known else None
            posts = await asyncio.to_thread(self._posts, answer, now)
            self._items.remember(posts)
            yield Collection(
                source=self.source,
                posts=posts,
                watched=(span,) if span and not answer.full else (),
                cursor=str(max(since, known)),
            )
            start, width = end, _SLICE
            if start > seconds(now):
                break
        if changes := await self._items.changes(self.source, now):
            yield changes

    async def probe(self) -> str:
        """Ask for a single hit.

        Raises:
            SourceError: Hacker News does not answer as it should.
        """
        params: Params = {"tags": "story", "hitsPerPage": 1}
        payload.parse(_Answer, await self._client.get_json(self._url, params=params), self.source)
        return "reachable, no login needed"

    async def _search(self, start: int, end: int) -> _Answer:
        """Return the newest hits of ``[start, end)``."""
        params: Params = {
            "tags": "(story,comment)",
            "numericFilters": f"created_at_i>{start - 1},created_at_i<{end}",
            "hitsPerPage": _HITS,
        }
        answer = await self._client.get_json(self._url, params=params)
        return payload.parse(_Answer, answer, self.source)

    def _posts(self, answer: _Answer, now: datetime) -> tuple[Post, ...]:
        return tuple(
            Post(
                source=self.source,
                id=hit.id,
                text=text,
                time=min(from_seconds(hit.created_at_i), now),
                author=hit.author or "",
                url=_ITEM + hit.id,
            )
            for hit in payload.parse_items(_Hit, answer.hits, self.source)
            if (text := hit.text())
        )
