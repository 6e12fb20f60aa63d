"""The latest posts of one Discourse forum, in all categories or in some.

API: https://docs.discourse.org, ``/posts.json``. A page shows the newest 50 posts that everybody
may read; ``before`` leads to older ones by their ids. One page serves all topics. What Discourse
drops from a page after counting (posts of closed categories; in old versions all that is not public
among 50 ids) makes it short or empty, which therefore is no sign of the end.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, Field

import settings
from collectors import payload
from collectors.contract import Blocked, Malformed
from collectors.html import tidy, to_text
from collectors.names import source_name
from signals import Collection, Post, Span, from_seconds, seconds

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from datetime import datetime

    from collectors.client import Client, Params
    from signals import Topic

_PAGE = 50
_MOST_PAGES = 40  # a call
_OVERLAP = 15 * 60  # seconds that are read again each time
_REGULAR = 1  # the type of what people write, unlike whispers and what moderators did
_OTHERS = ("aside",)  # quotes of other posts, previews of linked pages


class DiscourseSource(settings.Source):
    """``[[sources]]`` with ``kind = "discourse"``.

    Attributes:
        base_url: The forum.
        categories: Numbers of the categories to listen to, as at the end of their addresses; by
            default all of them.
        history: How far back the first call reaches.
        lag: How old an answer may be: Discourse keeps it a minute for those who have no account.
            So much of the present does not count as listened to yet.
    """

    kind: Literal["discourse"] = "discourse"
    base_url: settings.BaseUrl
    categories: tuple[int, ...] = ()
    history: settings.Duration = timedelta(hours=6)
    lag: settings.Duration = timedelta(seconds=60)


class _Said(BaseModel):
    """A post; its topic's title belongs to the first one only."""

    id: int = Field(ge=1, lt=10**15)
    username: payload.Name
    user_id: int | None = None
    created_at: payload.Instant
    updated_at: payload.Instant | None = None
    version: int = 1
    cooked: str
    post_number: int
    post_type: int = _REGULAR
    topic_id: int
    topic_title: str | None = None
    category_id: int | None = None
    hidden: bool = False
    user_deleted: bool = False
    deleted_at: object = None

    @property
    def gone(self) -> bool:
        """Whether its author or the forum took it back."""
        return self.hidden or self.user_deleted or self.deleted_at is not None

    @property
    def by_person(self) -> bool:
        """Whether somebody wrote it; the forum's own accounts have negative numbers."""
        return self.post_type == _REGULAR and (self.user_id is None or self.user_id > 0)

    def text(self) -> str:
        """Return what its author wrote."""
        title = self.topic_title or "" if self.post_number == 1 else ""
        return tidy(f"{title}\n{to_text(self.cooked, without=_OTHERS)}")


class _Answer(BaseModel):
    latest_posts: list[object]


class Discourse:
    """Collects the posts of a forum."""

    def __init__(self, table: DiscourseSource, client: Client, topics: Sequence[Topic]) -> None:
        """Prepare to listen for ``topics``; nothing is asked yet."""
        self.source = source_name("discourse", table.base_url)
        self.interval = table.interval
        self.topics = frozenset(topic.name for topic in topics)
        self._base_url = table.base_url
        self._categories = frozenset(table.categories)
        self._history = int(table.history.total_seconds())
        self._lag = int(table.lag.total_seconds())
        self._client = client

    async def collect(self, cursor: str | None, now: datetime) -> AsyncIterator[Collection]:
        """Yield one portion a page, newest first; the last one says what was listened to.

        The cursor is the second up to which was listened. What lies further back than a call reads
        stays unwatched.

        Raises:
            SourceError: The forum was not heard.
        """
        end = from_seconds(seconds(now) - self._lag)
        heard = (
            min(from_seconds(int(cursor)), end)
            if cursor
            else end - timedelta(seconds=self._history)
        )
        since = heard - timedelta(seconds=_OVERLAP)
        back, before = now, 0
        for _ in range(_MOST_PAGES):
            page = await self._page(before)
            yield await asyncio.to_thread(self._portion, page, now)
            oldest = min(page, key=lambda said: said.id, default=None)
            if oldest and (not before or oldest.id < before):
                before, back = oldest.id, min(back, oldest.created_at)
            else:
                before -= _PAGE  # nothing there that may be shown
            if back <= since or before <= 1:
                back = since
                break
        watched = (Span(back, end),) if back < end else ()
        yield Collection(source=self.source, watched=watched, cursor=str(seconds(end)))

    async def probe(self) -> str:
        """Ask for the latest posts.

        Raises:
            SourceError: The forum does not show them.
        """
        await self._page(0)
        return "reachable, posts are public"

    async def _page(self, before: int) -> list[_Said]:
        """Return the newest posts, or those before the id ``before`` unless it is 0.

        Raises:
            SourceError: There are none for us.
        """
        params: Params = {"before": before} if before else {}
        answer = await self._client.get_json(f"{self._base_url}/posts.json", params=params)
        items = payload.parse(_Answer, answer, self.source).latest_posts
        page = payload.parse_items(_Said, items, self.source)
        if not page and not before:
            raise Blocked(f"{self.source}: the forum shows no posts to those without an account")
        if self._categories and page and all(said.category_id is None for said in page):
            raise Malformed(f"{self.source}: the forum does not say in which category a post is")
        return page

    def _portion(self, page: Sequence[_Said], now: datetime) -> Collection:
        return Collection(
            source=self.source,
            posts=tuple(
                Post(
                    source=self.source,
                    id=str(said.id),
                    text=text,
                    time=min(said.created_at, now),
                    author=said.username,
                    url=f"{self._base_url}/t/{said.topic_id}/{said.post_number}",
                    revised=said.updated_at if said.version > 1 else None,
                )
                for said in page
                if said.by_person
                and not said.gone
                and (not self._categories or said.category_id in self._categories)
                and (text := said.text())
            ),
            withdrawn=tuple(str(said.id) for said in page if said.gone),
        )
