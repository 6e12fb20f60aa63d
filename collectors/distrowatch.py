"""The popularity page of DistroWatch: the full ranking of the distros over four spans of time.

One page once a day, as its robots.txt and its operator's patience allow: never a page per distro.
The figures are page hits per day (HPD), published at about 00:30 UTC. They "should not be used to
measure the market share of distributions", says the page.
"""

from __future__ import annotations

import asyncio
import re
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Literal
from urllib.parse import parse_qs, urlsplit

from pydantic import Field

import settings
from collectors.contract import Malformed
from signals import Collection, Level, Reading

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

    from bs4 import Tag

    from collectors.client import Client
    from signals import Topic

SOURCE = "distrowatch"
SPANS = {
    "last 12 months": "12m",
    "last 6 months": "6m",
    "last 3 months": "3m",
    "last 1 month": "1m",
}
"""The heading of each table, and what its span is called here."""

_PUBLISHED = timedelta(minutes=45)  # after midnight UTC, with some slack
_CELLS = 3  # rank, distro, hits
_SLUG = re.compile(r"[a-z0-9][a-z0-9._+-]{0,63}")
_HITS = re.compile(r"\d{1,3}(?:,\d{3})+|\d{1,9}")
_RANK = re.compile(r"\d{1,5}")


class DistroWatchSource(settings.Source):
    """``[[sources]]`` with ``kind = "distrowatch"``.

    Attributes:
        base_url: Where the site is.
        interval: How often to see whether the day's page is still to be fetched.
        spacing: Least time between two requests.
        rows: How many distros a span must list to be believed.
    """

    kind: Literal["distrowatch"] = "distrowatch"
    base_url: settings.BaseUrl = Field(default="https://distrowatch.com", validate_default=True)
    interval: settings.Duration = timedelta(hours=6)
    spacing: settings.Duration = timedelta(seconds=15)
    rows: Annotated[int, Field(ge=1)] = 100


class DistroWatch:
    """Collects one reading a distro, span and day."""

    def __init__(
        self,
        table: DistroWatchSource,
        client: Client,
        topics: Sequence[Topic],  # noqa: ARG002 - every collector is built alike
    ) -> None:
        """Prepare to read; nothing is asked yet."""
        self.source = SOURCE
        self.interval = table.interval
        self.topics: frozenset[str] = frozenset()  # its readings belong to no topic
        self._url = f"{table.base_url}/dwres.php?resource=popularity"
        self._spacing = table.spacing.total_seconds()
        self._rows = table.rows
        self._client = client

    async def collect(self, cursor: str | None, now: datetime) -> AsyncIterator[Collection]:
        """Yield the day's readings, once; the cursor is the day, so that a restart asks no more.

        Raises:
            SourceError: The page was not had, or it is not what it was.
        """
        day = Level.DAY.floor(now - _PUBLISHED)
        if cursor == f"{day:%Y-%m-%d}":
            return
        page = await self._client.get_text(self._url, spacing=self._spacing, keep=True)
        # Half a megabyte of old HTML takes a while; the other collectors go on meanwhile.
        readings = await asyncio.to_thread(read_popularity, page, day, rows=self._rows)
        yield Collection(source=self.source, readings=readings, cursor=f"{day:%Y-%m-%d}")

    async def probe(self) -> str:
        """Read robots.txt only; the page is for once a day.

        Raises:
            SourceError: The page may not be asked for.
        """
        await self._client.check(self._url)
        return "reachable, robots.txt allows the page"


def read_popularity(page: str, day: datetime, *, rows: int = 100) -> tuple[Reading, ...]:
    """Return every reading on ``page``, the popularity page of ``day``.

    Args:
        page: The HTML.
        day: The UTC day that it was published for.
        rows: How many distros a span must list.

    Raises:
        Malformed: It is another page, cut off, or its numbers contradict each other.
    """
    # PLC0415: slow to import, and most commands read no markup.
    from bs4 import BeautifulSoup  # noqa: PLC0415

    lowered = page.lower()
    if lowered.rfind("<tr") > lowered.rfind("</table"):
        raise _malformed("the page ends in the middle of a table")
    found: dict[str, tuple[Reading, ...]] = {}
    for table in BeautifulSoup(page, "lxml")("table"):
        if table.find("table") is not None:
            continue  # the page's layout is made of tables as well
        heading = table.find("th")
        if heading is None:
            continue
        span = SPANS.get(" ".join(heading.get_text().lower().split()))
        if span is None:
            continue
        if span in found:
            raise _malformed(f"the span {span} is there twice")
        found[span] = tuple(_table(table, span, day))
        _check(found[span], span, rows)
    if missing := SPANS.values() - found.keys():
        raise _malformed(f"no ranking for {', '.join(sorted(missing))}; is it another page?")
    return tuple(reading for span in SPANS.values() for reading in found[span])


def _table(table: Tag, span: str, day: datetime) -> Iterator[Reading]:
    """Yield the readings of one span, in the order of the rows."""
    for row in table("tr"):
        cells = row(["th", "td"], recursive=False)
        if not any(cell.name == "td" for cell in cells):
            continue  # a heading
        link = row.find("a", href=True)
        if len(cells) != _CELLS or link is None:
            raise _malformed(f"a row of {span} is not rank, distro and hits")
        rank, hits = (cells[at].get_text().strip() for at in (0, 2))
        if not _RANK.fullmatch(rank) or not _HITS.fullmatch(hits):
            raise _malformed(f"a row of {span} has {rank[:20]!r} as rank and {hits[:20]!r} as hits")
        yield Reading(
            distro=_slug(str(link["href"])),
            name=" ".join(link.get_text().split())[:100],
            source=SOURCE,
            span=span,
            day=day,
            rank=int(rank),
            hits=int(hits.replace(",", "")),
        )


def _slug(href: str) -> str:
    """Return which distro ``href`` leads to: ``mint``, ``/mint?frphr``, ``https://.../mint``."""
    try:
        parts = urlsplit(href)
    except ValueError:
        raise _malformed(f"{href[:60]!r} is no link to a distro") from None
    named = parse_qs(parts.query).get("distribution")
    slug = (named[0] if named else parts.path.rstrip("/").rpartition("/")[2]).lower()
    if not _SLUG.fullmatch(slug):
        raise _malformed(f"{href[:60]!r} is no link to a distro")
    return slug


def _check(readings: Sequence[Reading], span: str, rows: int) -> None:
    """Refuse a ranking that contradicts itself, as a changed or cut page does."""
    if len(readings) < rows:
        raise _malformed(f"{span} lists {len(readings)} distros, fewer than {rows}")
    if [reading.rank for reading in readings] != list(range(1, len(readings) + 1)):
        raise _malformed(f"the ranks of {span} do not run from 1 without gaps")
    if any(after.hits > before.hits for before, after in pairwise(readings)):
        raise _malformed(f"the hits of {span} rise down the list")
    if len({reading.distro for reading in readings}) != len(readings):
        raise _malformed(f"{span} lists a distro twice")
    if not all(reading.name for reading in readings):
        raise _malformed(f"{span} lists a distro without a name")


def _malformed(reason: str) -> Malformed:
    return Malformed(f"{SOURCE}: {reason}")
