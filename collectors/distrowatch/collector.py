"""What is asked of DistroWatch, and when.

A call asks for one page at most: once a day the popularity page, once a day the front page with the
ranking of seven days. Figures are published at about 00:30 UTC.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

import settings
from collectors.contract import Malformed
from collectors.distrowatch.folder import Folder
from collectors.distrowatch.pages import SOURCE, read_popularity, read_ranking
from signals import Collection, Level

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from collectors.client import Client
    from signals import Reading, Topic

WEEK, _WEEK_DATASPAN = "1w", "1"
_PUBLISHED = timedelta(minutes=45)  # after midnight UTC, with some slack
# The front page lists 100 distros at most, and 96 for 2002.
_FRONT_PAGE = 80


class DistroWatchSource(settings.Source):
    """``[[sources]]`` with ``kind = "distrowatch"``.

    Attributes:
        base_url: Where the site is.
        interval: How often to see whether one of the day's pages is still to be fetched.
        spacing: Least time between two requests.
        rows: How many distros a span must list to be believed; 80 are enough on the front page.
    """

    kind: Literal["distrowatch"] = "distrowatch"
    base_url: settings.BaseUrl = Field(default="https://distrowatch.com", validate_default=True)
    interval: settings.Duration = timedelta(hours=6)
    spacing: settings.Duration = timedelta(seconds=15)
    rows: Annotated[int, Field(ge=1)] = 100


class DistroWatch:
    """Collects one reading a distro, span and day; and, when asked for it, a past year's."""

    def __init__(
        self,
        table: DistroWatchSource,
        client: Client,
        topics: Sequence[Topic],  # noqa: ARG002 - every collector is built alike
    ) -> None:
        """Prepare to read; nothing is asked yet."""
        self.source = SOURCE
        self.interval = self.slowest = table.interval
        self.topics: frozenset[str] = frozenset()  # its readings belong to no topic
        self._popularity = f"{table.base_url}/dwres.php"
        self._front_page = f"{table.base_url}/index.php"
        self._spacing = table.spacing.total_seconds()
        self._rows = table.rows
        self._front_rows = min(table.rows, _FRONT_PAGE)
        self._client = client
        self._folder = Folder(client.cache.with_suffix(f".{SOURCE}") if client.cache else None)

    async def collect(self, cursor: str | None, now: datetime) -> AsyncIterator[Collection]:
        """Yield one page of the day's readings that was not read yet, the popularity page first.

        The cursor is the day, and what was read of it, so that a restart asks no more.

        Raises:
            SourceError: The page was not had, or it is not what it was.
        """
        day = Level.DAY.floor(now - _PUBLISHED)
        popularity = f"{day:%Y-%m-%d}"
        both = f"{popularity} {WEEK}"
        if cursor == both:
            return
        if cursor == popularity:
            readings = await self._ranking(WEEK, _WEEK_DATASPAN, day)
            yield Collection(source=self.source, readings=readings, cursor=both)
            return
        page = await self._ask(self._popularity, resource="popularity")
        readings = await self._read(
            "popularity", partial(read_popularity, day=day, rows=self._rows), page
        )
        yield Collection(source=self.source, readings=readings, cursor=popularity)

    async def year(self, year: int) -> tuple[Reading, ...]:
        """Return the ranking of a year that has ended, dated on its last day.

        Raises:
            SourceError: The page was not had, or it is not what it was.
        """
        return await self._ranking(f"{year}", f"{year}", datetime(year, 12, 31, tzinfo=UTC))

    async def probe(self) -> str:
        """Read robots.txt only; the pages are for once a day.

        Raises:
            SourceError: The pages may not be asked for.
        """
        await self._client.check(self._popularity)
        await self._client.check(self._front_page)
        return "reachable, robots.txt allows the pages"

    async def _ranking(self, span: str, dataspan: str, day: datetime) -> tuple[Reading, ...]:
        page = await self._ask(self._front_page, dataspan=dataspan)
        read = partial(read_ranking, span=span, dataspan=dataspan, day=day, rows=self._front_rows)
        return await self._read(span, read, page)

    async def _ask(self, url: str, **params: str) -> str:
        """Return a page in English, whatever the site would guess; in turn with other processes."""
        with self._client.witness() as hosts:
            async with self._folder.turn(self._spacing) as note:
                await self._client.check(url)
                note(max(host.pace.crawl_delay for host in hosts))
                return await self._client.get_text(
                    url, params={**params, "language": "EN"}, spacing=self._spacing, keep=True
                )

    async def _read(
        self, name: str, read: Callable[[str], tuple[Reading, ...]], page: str
    ) -> tuple[Reading, ...]:
        """Return the readings of a page; keep one that is refused, for people to look at."""
        try:
            # Half a megabyte of old HTML takes a while; the other collectors go on meanwhile.
            return await asyncio.to_thread(read, page)
        except Malformed as error:
            kept = await asyncio.to_thread(self._folder.put_aside, name, page)
            raise Malformed(
                f"{error}; the page is kept in {kept}" if kept else str(error)
            ) from None
