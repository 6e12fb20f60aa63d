"""The two pages that have rankings, in every shape that they have had since about 2008.

The popularity page has the full ranking over four spans, in four tables. The front page has one of
a hundred distros, over the span that its address asks for (``dataspan``): seven days, a year. Rows
are rank, distro and hits; classes, images, titles and queries on links came and went over the
years, so none of them matters here.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from collectors.contract import Malformed
from signals import Reading

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from bs4 import BeautifulSoup, Tag

SOURCE = "distrowatch"
SPANS = {
    "last 12 months": "12m",
    "last 6 months": "6m",
    "last 3 months": "3m",
    "last 1 month": "1m",
}
"""The heading of each table of the popularity page, and what its span is called here."""

FIRST_YEAR = 2002
"""The first year that has a ranking."""

_RANKING = "page hit ranking"  # the heading of the front page's table
_CELLS = 3  # rank, distro, hits
_SLUG = re.compile(r"[a-z0-9][a-z0-9._+-]{0,63}")
_HITS = re.compile(r"\d{1,3}(?:,\d{3})+|\d{1,9}")
_RANK = re.compile(r"\d{1,5}")


def read_popularity(page: str, day: datetime, *, rows: int = 100) -> tuple[Reading, ...]:
    """Return every reading on ``page``, the popularity page of ``day``.

    Args:
        page: The HTML.
        day: The UTC day that it was published for.
        rows: How many distros a span must list.

    Raises:
        Malformed: It is another page, cut off, or its numbers contradict each other.
    """
    soup = _parse(page)
    found: dict[str, tuple[Reading, ...]] = {}
    for heading, table in _tables(soup):
        span = SPANS.get(heading)
        if span is None:
            continue
        if span in found:
            raise malformed(f"the span {span} is there twice")
        found[span] = tuple(_rows(table, span, day))
        _check(found[span], span, rows)
    if missing := SPANS.values() - found.keys():
        raise malformed(f"no ranking for {', '.join(sorted(missing))}; is {_title(soup)}?")
    return tuple(reading for span in SPANS.values() for reading in found[span])


def read_ranking(
    page: str, span: str, dataspan: str, day: datetime, *, rows: int = 100
) -> tuple[Reading, ...]:
    """Return every reading of the ranking on ``page``, the front page.

    Args:
        page: The HTML.
        span: What its span is called here.
        dataspan: What the page calls it; it must say that this is what it shows.
        day: The UTC day that it was published for.
        rows: How many distros it must list.

    Raises:
        Malformed: It is another page, cut off, shows another span, or its numbers contradict each
            other.
    """
    soup = _parse(page)
    tables = [table for heading, table in _tables(soup) if heading.startswith(_RANKING)]
    if len(tables) != 1:
        reason = "twice a ranking" if tables else f"no ranking for {span}; is {_title(soup)}?"
        raise malformed(reason)
    option = tables[0].select_one("option[selected]") or soup.select_one(
        'select[name="dataspan"] option[selected]'
    )
    if option is None:
        raise malformed(f"the page does not say that it shows {span}")
    label = " ".join(option.get_text().split())
    if str(option.get("value", label)).strip().removeprefix("Year ") != dataspan:
        raise malformed(f"the page shows {label[:40]!r} instead of {span}")
    for furniture in tables[0]("tr"):
        cells = furniture(["th", "td"], recursive=False)
        if furniture.find("select") or len(cells) < _CELLS or _text(cells[0]) == "Rank":
            furniture.decompose()
    readings = tuple(_rows(tables[0], span, day))
    _check(readings, span, rows)
    return readings


def malformed(reason: str) -> Malformed:
    """Return the error that refuses a page."""
    return Malformed(f"{SOURCE}: {reason}")


def _parse(page: str) -> BeautifulSoup:
    """Return the page as a tree, if it is whole."""
    # PLC0415: slow to import, and most commands read no markup.
    from bs4 import BeautifulSoup  # noqa: PLC0415

    lowered = page.lower()
    if lowered.rfind("<tr") > lowered.rfind("</table"):
        raise malformed("the page ends in the middle of a table")
    return BeautifulSoup(page, "lxml")


def _tables(soup: BeautifulSoup) -> Iterator[tuple[str, Tag]]:
    """Yield each table that holds no other, for the layout is made of tables, and its heading."""
    for table in soup("table"):
        heading = table.find("th") if table.find("table") is None else None
        if heading is not None:
            yield _text(heading).lower(), table


def _rows(table: Tag, span: str, day: datetime) -> Iterator[Reading]:
    """Yield the readings of one span, in the order of the rows."""
    for row in table("tr"):
        cells = row(["th", "td"], recursive=False)
        if not any(cell.name == "td" for cell in cells):
            continue  # a heading
        link = row.find("a", href=True)
        if len(cells) != _CELLS or link is None:
            raise malformed(f"a row of {span} is not rank, distro and hits")
        rank, hits = _text(cells[0]), _text(cells[2])
        if not _RANK.fullmatch(rank) or not _HITS.fullmatch(hits):
            raise malformed(f"a row of {span} has {rank[:20]!r} as rank and {hits[:20]!r} as hits")
        yield Reading(
            distro=_slug(str(link["href"])),
            name=_text(link)[:100],
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
        raise malformed(f"{href[:60]!r} is no link to a distro") from None
    named = parse_qs(parts.query).get("distribution")
    slug = (named[0] if named else parts.path.rstrip("/").rpartition("/")[2]).lower()
    if not _SLUG.fullmatch(slug):
        raise malformed(f"{href[:60]!r} is no link to a distro")
    return slug


def _check(readings: Sequence[Reading], span: str, rows: int) -> None:
    """Refuse a ranking that contradicts itself, as a changed or cut page does."""
    if len(readings) < rows:
        raise malformed(f"{span} lists {len(readings)} distros, fewer than {rows}")
    if [reading.rank for reading in readings] != list(range(1, len(readings) + 1)):
        raise malformed(f"the ranks of {span} do not run from 1 without gaps")
    if any((after.hits or 0) > (before.hits or 0) for before, after in pairwise(readings)):
        raise malformed(f"the hits of {span} rise down the list")
    if len({reading.distro for reading in readings}) != len(readings):
        raise malformed(f"{span} lists a distro twice")
    if not all(reading.name for reading in readings):
        raise malformed(f"{span} lists a distro without a name")


def _title(soup: BeautifulSoup) -> str:
    """Return what to call a page that is not the expected one."""
    title = _text(soup.title)[:60] if soup.title else ""
    return f"it another page, {title!r}" if title else "it another page"


def _text(tag: Tag) -> str:
    return " ".join(tag.get_text().split())
