"""Lobsters: its newest stories as JSON, and its newest comments as RSS.

Source: https://github.com/lobsters/lobsters (``as_json`` of ``app/models/story.rb``,
``app/views/comments/index.rss.builder``, limits in ``config/initializers/rack_attack.rb``).
Comments have no JSON, and their feed knows no pages: it is the twenty newest, kept for two minutes.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, Field

import settings
from collectors import entries, payload
from collectors.contract import Malformed
from collectors.html import tidy, to_text
from signals import Collection, Post, Span, from_seconds, seconds

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence
    from datetime import datetime

    from collectors.client import Client
    from collectors.entries import Entry
    from signals import Topic

SOURCE = "lobsters"

_MOST_PAGES = 10  # of 25 stories, about as many as a day brings
_LAG = timedelta(minutes=2)  # so long is an answer kept by the site


class LobstersSource(settings.Source):
    """``[[sources]]`` with ``kind = "lobsters"``.

    Attributes:
        base_url: The site; others run the same software.
        history: How far back the first call reaches.
        robots: Whether robots.txt is obeyed.
    """

    kind: Literal["lobsters"] = "lobsters"
    interval: settings.Duration = timedelta(minutes=3)
    base_url: settings.BaseUrl = Field(default="https://lobste.rs", validate_default=True)
    history: settings.Duration = timedelta(days=1)
    robots: entries.Robots = "obey"


class _User(BaseModel):
    username: payload.Name


class _Story(BaseModel):
    """A story; until 2023 its submitter was an object."""

    short_id_url: Annotated[payload.Address, Field(min_length=1)]
    created_at: payload.Instant
    title: str
    description: str | None = None
    submitter_user: payload.Name | _User = ""


class Lobsters:
    """Collects stories and comments."""

    def __init__(self, table: LobstersSource, client: Client, topics: Sequence[Topic]) -> None:
        """Prepare to listen for ``topics``; nothing is asked yet."""
        self.source = SOURCE
        self.interval = table.interval
        self.fastest = min(table.interval, _LAG)
        self.topics = frozenset(topic.name for topic in topics)
        self._base_url = table.base_url
        self._history = table.history
        self._obeys = table.robots == "obey"
        self._client = client

    async def collect(self, cursor: str | None, now: datetime) -> AsyncIterator[Collection]:
        """Yield one portion a page; the cursor is the second up to which was listened.

        Raises:
            SourceError: The site was not heard.
        """
        present = now - _LAG
        since = min(from_seconds(int(cursor)), present) if cursor else now - self._history
        comments = await self._comments()
        yield await asyncio.to_thread(_collection, map(_comment, comments), since, now)
        # A comment that was edited has the later time; all since the oldest are there anyway.
        complete = max(since, min(comment.published or now for comment in comments))
        for page in range(1, _MOST_PAGES + 1):
            stories = await self._stories(page)
            yield await asyncio.to_thread(_collection, map(_story, stories), since, now)
            oldest = min((story.created_at for story in stories), default=since)
            if oldest <= since:
                break
        complete = max(complete, oldest)
        yield Collection(
            source=self.source,
            watched=(Span(complete, present),) if complete < present else (),
            cursor=str(seconds(present)),
        )

    async def probe(self) -> str:
        """Ask for the newest comments.

        Raises:
            SourceError: They are not given to us.
        """
        await self._comments()
        return "reachable, no login needed"

    async def _comments(self) -> tuple[Entry, ...]:
        """Return the newest comments.

        Raises:
            SourceError: There are none, which cannot be.
        """
        feed = await self._client.get_feed(f"{self._base_url}/comments.rss", robots=self._obeys)
        found = await asyncio.to_thread(entries.read, feed, self.source)
        if not found:
            raise Malformed(f"{self.source}: the feed of the newest comments is empty")
        return found

    async def _stories(self, page: int) -> list[_Story]:
        """Return a page of the newest stories; the first is 1.

        Raises:
            SourceError: It cannot be read, or the first one is empty.
        """
        path = "/newest.json" if page == 1 else f"/newest/page/{page}.json"
        answer = await self._client.get_json(f"{self._base_url}{path}", robots=self._obeys)
        if not isinstance(answer, list) or (page == 1 and not answer):
            raise Malformed(f"{self.source}: there is no list of the newest stories")
        return payload.parse_items(_Story, answer, self.source)


def _story(story: _Story) -> Post:
    """Return the title of ``story`` and what its submitter wrote below it."""
    user = story.submitter_user
    return Post(
        source=SOURCE,
        id=story.short_id_url,
        text=f"{tidy(story.title)}\n{to_text(story.description or '')}".strip(),
        time=story.created_at,
        author=user.username if isinstance(user, _User) else user,
        url=payload.web_address(story.short_id_url),
    )


def _comment(comment: Entry) -> Post:
    """Return ``comment`` without the title above it, which is somebody else's story's."""
    edited = comment.published or from_seconds(0)
    return Post(
        source=SOURCE,
        id=comment.id,
        text=to_text(comment.html),
        time=edited,
        author=comment.author,
        url=payload.web_address(comment.link),
        revised=edited,
    )


def _collection(posts: Iterable[Post], since: datetime, now: datetime) -> Collection:
    """Return those of ``posts`` that say something and were not said before ``since``."""
    kept = (replace(post, time=min(post.time, now)) for post in posts if post.text)
    return Collection(source=SOURCE, posts=tuple(post for post in kept if post.time >= since))
