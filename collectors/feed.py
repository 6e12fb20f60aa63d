"""Any RSS, Atom or RDF feed; and what every kind that reads feeds does with their entries.

A feed holds the latest entries and no word on how many came before, so that nobody can tell what
it dropped since the last look, unless the newest entry of then is still there.
"""

from __future__ import annotations

import asyncio
import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Literal
from urllib.parse import urljoin, urlsplit

import structlog
from pydantic import BaseModel, Field, HttpUrl

import settings
from collectors import entries, payload
from collectors.contract import Silent
from signals import Collection, Post, Span, from_seconds, seconds

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
    from datetime import datetime

    from collectors.client import Client
    from collectors.entries import Entry
    from signals import Topic

_log = structlog.get_logger()

_LONGEST_ADDRESS = 2_000  # characters


class FeedTable(settings.Source):
    """What every kind of source that reads feeds may say.

    Attributes:
        history: How much older than the last look an entry may be; so far does the first one reach.
        robots: Whether robots.txt is obeyed; only its operator can know that a feed is meant for
            programs although its site forbids them.
    """

    interval: settings.Duration = timedelta(minutes=5)
    history: settings.Duration = timedelta(days=1)
    robots: entries.Robots = "obey"


class FeedSource(FeedTable):
    """``[[sources]]`` with ``kind = "feed"``.

    Attributes:
        url: The feed.
        name: What to call the source, after ``feed:``; by default the host.
    """

    kind: Literal["feed"] = "feed"
    url: HttpUrl
    name: Annotated[str, Field(pattern=r"^[\w.:/-]{1,100}$")] | None = None


class Seen(BaseModel):
    """What the last look saw of one feed.

    Attributes:
        newest: The id of its newest entry; empty if it had none.
        prints: Of each entry, what tells it from others and from later versions of itself.
    """

    newest: str = ""
    prints: frozenset[str] = frozenset()

    def unseen(self, found: Iterable[Entry]) -> list[Entry]:
        """Return those of ``found`` that are new, or were changed since."""
        return [entry for entry in found if _print(entry) not in self.prints]


def seen_in(found: Sequence[Entry]) -> Seen:
    """Return what was seen of a feed that holds ``found``."""
    return Seen(newest=_newest(found), prints=frozenset(map(_print, found)))


class _Cursor(BaseModel):
    """When the last look was, in seconds since 1970, and what it saw of each feed."""

    heard: int
    feeds: dict[str, Seen] = {}


class Feeds:
    """Collects the entries of one or several feeds that make up one source."""

    def __init__(
        self,
        source: str,
        table: FeedTable,
        client: Client,
        topics: Sequence[Topic],
        addresses: Mapping[str, str],
    ) -> None:
        """Prepare to listen; nothing is asked yet.

        Args:
            source: The source's name.
            table: Its settings.
            client: The shared client.
            topics: What is listened for.
            addresses: Where each feed is, by a name that stays the same.
        """
        self.source = source
        self.interval = table.interval
        self.topics = frozenset(topic.name for topic in topics)
        self._addresses = addresses
        self._history = table.history
        self._obeys = table.robots == "obey"
        self._client = client

    async def collect(self, cursor: str | None, now: datetime) -> AsyncIterator[Collection]:
        """Yield one portion a feed; the last one says what was listened to.

        Raises:
            SourceError: A feed was not heard.
        """
        last = _Cursor.model_validate_json(cursor) if cursor else _Cursor(heard=seconds(now))
        heard = from_seconds(min(last.heard, seconds(now)))
        start = heard - self._history
        feeds: dict[str, Seen] = {}
        complete: list[datetime] = []
        for name, address in self._addresses.items():
            found = await self._read(address)
            if name not in last.feeds:
                complete.append(_reaches_back_to(found, start, now))
            else:
                complete.append(heard if _still_holds(found, last.feeds[name]) else now)
            seen = last.feeds.get(name, Seen())
            if seen.newest and not found:
                raise Silent(f"{self.source}: the feed is empty, where there were entries before")
            feeds[name] = seen_in(found)
            unseen = seen.unseen(found)
            posts = await asyncio.to_thread(posts_of, unseen, self.source, start, now, address)
            yield Collection(source=self.source, posts=posts)
        since = max(complete)
        if cursor and since == now:
            _log.warning(
                "a feed holds less than was published since the last look", source=self.source
            )
        yield Collection(
            source=self.source,
            watched=(Span(since, now),) if since < now else (),
            cursor=_Cursor(heard=seconds(now), feeds=feeds).model_dump_json(),
        )

    async def probe(self) -> str:
        """Read the first feed.

        Raises:
            SourceError: It cannot be read.
        """
        found = await self._read(next(iter(self._addresses.values())))
        return f"reachable, the feed has {len(found)} entries"

    async def _read(self, address: str) -> tuple[Entry, ...]:
        feed = await self._client.get_feed(address, robots=self._obeys)
        return await asyncio.to_thread(entries.read, feed, self.source)


class Feed(Feeds):
    """Collects the entries of one feed."""

    def __init__(self, table: FeedSource, client: Client, topics: Sequence[Topic]) -> None:
        """Prepare to listen for ``topics``; nothing is asked yet."""
        address = str(table.url)
        source = f"feed:{table.name or urlsplit(address).netloc.rpartition('@')[2]}"
        super().__init__(source, table, client, topics, {source: address})


def posts_of(
    found: Iterable[Entry], source: str, start: datetime, now: datetime, address: str = ""
) -> tuple[Post, ...]:
    """Return the entries since ``start`` as posts; one without a date counts for the present.

    Storage knows a post by its id, so that one without a date keeps the time of the first look.

    Args:
        found: The entries of a feed.
        source: The source's name.
        start: Older ones are left out.
        now: The present.
        address: Where the feed is; relative links start there.
    """
    return tuple(
        Post(
            source=source,
            id=entry.id,
            text=text,
            time=time,
            author=entry.author or entry.publisher,
            url=_web_address(address, entry.link),
            revised=_revised(entry, now),
        )
        for entry in found
        if (time := min(entry.published or now, now)) >= start and (text := entry.text)
    )


def _revised(entry: Entry, now: datetime) -> datetime | None:
    """Return when ``entry`` was changed after it was published."""
    if entry.published and entry.updated and entry.updated > entry.published:
        return min(entry.updated, now)
    return None


def _web_address(address: str, link: str) -> str:
    if not link or len(link) > _LONGEST_ADDRESS or not link.isprintable():
        return ""
    try:
        parts = urlsplit(urljoin(address, link))
    except ValueError:  # no address at all
        return ""
    # A password in the address of the feed is nobody's business in those of its entries.
    return payload.web_address(parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl())


def _print(entry: Entry) -> str:
    return hashlib.blake2b(f"{entry.id} {entry.updated}".encode(), digest_size=8).hexdigest()


def _newest(found: Sequence[Entry]) -> str:
    """Return the id of the newest entry: by its date, else the first one."""
    dated = [(entry.published, entry.id) for entry in found if entry.published]
    return max(dated)[1] if dated else next((entry.id for entry in found), "")


def _reaches_back_to(found: Sequence[Entry], start: datetime, now: datetime) -> datetime:
    """Return since when a feed that was never looked at holds all entries, as far as it tells."""
    dates = [entry.published for entry in found if entry.published]
    return max(start, min(dates)) if dates and len(dates) == len(found) else now


def _still_holds(found: Iterable[Entry], seen: Seen) -> bool:
    """Tell whether a feed holds all that came since it was ``seen``, as far as can be told."""
    return not seen.newest or any(entry.id == seen.newest for entry in found)
