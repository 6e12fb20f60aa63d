"""The Atom feeds of Reddit, for everybody, at about one request a minute and address.

Feeds: https://www.reddit.com/wiki/rss. Many subreddits make one feed (``/r/a+b/new/.rss``), of the
newest 100 at most. There is no way to page back: ``before`` fails once its post is deleted.
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

from collectors import payload
from collectors.contract import Blocked, Missing
from collectors.entries import read
from collectors.html import to_text
from collectors.reddit.page import BOT, PAGE, QUOTES, Page, is_removed
from signals import Post

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from collectors.answers import Feed
    from collectors.client import Client
    from collectors.entries import Entry
    from collectors.reddit.page import Listing
    from collectors.reddit.table import RedditSource

_COMMENT = "t1_"
_ID = re.compile(r"t[13]_[a-z0-9]{1,20}")
_FOOTER = "submitted by /u/"  # what Reddit adds below each post


class Feeds:
    """Reads the feeds."""

    def __init__(self, table: RedditSource, client: Client, source: str) -> None:
        """Prepare to read; nothing is asked yet."""
        self._url = f"{table.base_url}/r/{'+'.join(table.subreddits)}"
        self._account = (
            {"feed": table.feed.get_secret_value(), "user": table.user.get_secret_value()}
            if table.feed and table.user
            else {}
        )
        # Whoever was given a token for feeds was given leave to read them by a program.
        self._ruled = table.robots == "obey" and not self._account
        self._spacing = table.spacing.total_seconds()
        self._client = client
        self._source = source

    async def page(
        self,
        listing: Listing,
        since: datetime,  # noqa: ARG002 - the API can page back, feeds cannot
        now: datetime,
    ) -> Page:
        """Return the newest page of ``listing``; the feed has no other.

        Raises:
            SourceError: It was not had, or nothing is in it.
        """
        url = f"{self._url}/{listing}/.rss"
        if self._ruled:
            await self._check(url)
        feed = await self._client.get_feed(
            url,
            params={"limit": PAGE, **self._account},
            spacing=self._spacing,
            keep=not self._account,  # what is kept on disk has its address beside it
            robots=self._ruled,
        )
        return await asyncio.to_thread(self._read, feed, now)

    async def _check(self, url: str) -> None:
        """Say what can be done where robots.txt forbids the feeds, as that of Reddit does."""
        try:
            await self._client.check(url)
        except Blocked as error:
            remedy = 'set robots = "ignore" if you read its feeds nevertheless, as feed readers do'
            raise type(error)(f"{error}; {remedy}", error.retry_after) from None

    def _read(self, feed: Feed, now: datetime) -> Page:
        entries = [entry for entry in read(feed, self._source) if _ID.fullmatch(entry.id)]
        times = [entry.published for entry in entries if entry.published]
        if not times:
            raise Missing(f"{self._source}: an empty feed; do the subreddits exist, are they open?")
        withdrawn = frozenset(entry.id for entry in entries if _is_withdrawn(entry))
        kept = [entry for entry in entries if entry.id not in withdrawn]
        return Page(self._posts(kept, now), tuple(withdrawn), min(times), max(times))

    def _posts(self, entries: Sequence[Entry], now: datetime) -> tuple[Post, ...]:
        return tuple(
            Post(
                source=self._source,
                id=entry.id,
                text=text,
                time=min(entry.published, now),
                author=author,
                url=payload.web_address(entry.link),
                revised=_revised(entry),
            )
            for entry in entries
            if entry.published
            and (author := entry.author.removeprefix("/u/")) != BOT
            and (text := _text(entry))
        )


def _text(entry: Entry) -> str:
    """Return what the author wrote; the title above a comment is somebody else's."""
    if entry.id.startswith(_COMMENT):
        return _body(entry)
    return f"{entry.title}\n{_body(entry)}".strip()


def _body(entry: Entry) -> str:
    """Return the text without Reddit's footer, which is all there is of a link or a picture."""
    text = to_text(entry.html, without=QUOTES)
    own, footer, _ = text.rpartition(_FOOTER)
    return own.strip() if footer and not entry.id.startswith(_COMMENT) else text


def _revised(entry: Entry) -> datetime | None:
    """Return when it was edited; what was never edited was last changed when it was published."""
    is_edited = entry.updated and entry.published and entry.updated > entry.published
    return entry.updated if is_edited else None


def _is_withdrawn(entry: Entry) -> bool:
    return is_removed(_body(entry)) or is_removed(entry.title)
