"""What becomes of posts of Hacker News: edits and deletions, which its search tells nobody.

API: https://github.com/HackerNews/API. ``updates.json`` names the items that changed lately, most
of them by a vote or a reply; only those are read again that were heard lately and mention a topic,
so that a call takes one request, and seldom a second.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import structlog
from pydantic import BaseModel

from collectors import payload
from collectors.contract import SourceError
from collectors.html import tidy, to_text
from collectors.matching import Matcher
from signals import Collection

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from collectors.client import Client
    from signals import Post, Topic

_EDITABLE = timedelta(hours=2)  # so long an author may change or delete a post
_MOST_ITEMS = 20  # read again in a call
_PAUSE = timedelta(minutes=15)  # after a failure, which must not slow down the listening

_log = structlog.get_logger()


class _Updates(BaseModel):
    items: list[object]


class _Item(BaseModel):
    """A story or a comment; of what was deleted, little is left."""

    deleted: bool = False
    dead: bool = False
    title: str = ""
    text: str = ""

    def plain(self) -> str:
        """Return what its author wrote."""
        return tidy(f"{self.title}\n{to_text(self.text)}")


class Items:
    """Remembers the posts that may still change, and reads again those that did.

    What it remembers is lost with the process; the collector hears the latest of it again.
    """

    def __init__(self, base_url: str, client: Client, topics: Sequence[Topic]) -> None:
        """Remember nothing yet; without topics every post counts."""
        self._base_url = f"{base_url}/v0"
        self._client = client
        self._matcher = Matcher(topics) if topics else None
        self._posts: dict[str, Post] = {}
        self._resume = datetime.min.replace(tzinfo=UTC)

    def remember(self, posts: Iterable[Post]) -> None:
        """Take note of ``posts``, which were just heard."""
        for post in posts:
            if self._matcher is None or self._matcher.match(post.text):
                self._posts.setdefault(post.id, post)

    async def changes(self, source: str, now: datetime) -> Collection | None:
        """Return the posts that were changed or taken back, if there are any.

        Failing to learn it does not mean that ``source`` was not heard, so that it is logged only.
        """
        self._posts = {
            identity: post for identity, post in self._posts.items() if now - post.time < _EDITABLE
        }
        if not self._posts or now < self._resume:
            return None
        revised, withdrawn = [], []
        try:
            for identity in await self._changed(source):
                before = self._posts[identity]
                item = await self._item(identity, source)
                if item is None or item.deleted or item.dead:
                    withdrawn.append(identity)
                    del self._posts[identity]
                elif (text := item.plain()) and text != before.text:
                    self._posts[identity] = replace(before, text=text, revised=now)
                    revised.append(self._posts[identity])
        except SourceError as error:
            _log.warning("edits and deletions are not known", source=source, reason=str(error))
            self._resume = now + _PAUSE
        if not revised and not withdrawn:
            return None
        return Collection(source, posts=tuple(revised), withdrawn=tuple(withdrawn))

    async def _changed(self, source: str) -> list[str]:
        """Return which of the remembered posts changed lately, the latest first."""
        answer = await self._client.get_json(f"{self._base_url}/updates.json")
        items = payload.parse(_Updates, answer, source).items
        changed = {str(item) for item in items if isinstance(item, int)} & self._posts.keys()
        return sorted(changed, key=int, reverse=True)[:_MOST_ITEMS]

    async def _item(self, identity: str, source: str) -> _Item | None:
        answer = await self._client.get_json(f"{self._base_url}/item/{identity}.json")
        return None if answer is None else payload.parse(_Item, answer, source)
