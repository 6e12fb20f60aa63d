"""DistroWatch's front page in its documented shapes, and a local site with a ranking a year."""

from __future__ import annotations

import html
import random
from typing import TYPE_CHECKING, NamedTuple

from collectors import FIRST_YEAR
from tests.support.web import Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tests.support.web import Asked

LABELS = {
    **{f"{year}": f"Year {year}" for year in range(FIRST_YEAR, 2026)},
    "52": "Last 12 months",
    "26": "Last 6 months",
    "13": "Last 3 months",
    "4": "Last 30 days",
    "1": "Last 7 days",
    "score": "Average Rating",
}
"""The spans that the page's select offers."""


class Place(NamedTuple):
    """One distro of a ranking."""

    distro: str
    name: str
    hits: int


def of_year(_rank: int, place: Place) -> str:
    """Return the cells of a year: a plain number, no title."""
    return (
        f'<td class="phr2"><a href="{place.distro}">{html.escape(place.name)}</a></td>'
        f'<td class="phr3">{place.hits}</td>'
    )


def rolling(_rank: int, place: Place) -> str:
    """Return the cells of a rolling span: yesterday's figure and an arrow."""
    yesterday = f'title="Yesterday: {place.hits + 1}"'
    return (
        f'<td class="phr2"><a title="Based on: Debian" href="{place.distro}">'
        f"{html.escape(place.name)}</a></td>"
        f'<td class="phr3" {yesterday}>{place.hits}'
        f'<img src="images/other/adown.png" alt="&lt;" {yesterday}></td>'
    )


def of_2010(_rank: int, place: Place) -> str:
    """Return the cells as they were until about 2013."""
    return (
        f'<td class="News"><a href="{place.distro}">{html.escape(place.name)}</a></td>'
        f'<td class="News" style="text-align: right" title="Yesterday: {place.hits}">'
        f'{place.hits}<img src="images/other/alevel.png" alt="="></td>'
    )


def of_2018(rank: int, place: Place) -> str:
    """Return the cells with the query of 2018 on the link."""
    return rolling(rank, place._replace(distro=f"{place.distro}?frphr"))


ROWS = (of_year, rolling, of_2010, of_2018)


def front_page(
    dataspan: str,
    ranking: Sequence[Place],
    row: Callable[[int, Place], str] = of_year,
    *,
    selected: str | None = None,
) -> str:
    """Return the front page with a ranking among what else it has.

    Args:
        dataspan: What was asked for.
        ranking: The distros in their order.
        row: The shape of a row.
        selected: What the page says that it shows, if not what was asked for.
    """
    shown = dataspan if selected is None else selected
    options = "".join(
        f'<option value="{value}"{" selected" if value == shown else ""}>{label}</option>'
        for value, label in LABELS.items()
    )
    head = "News" if row is of_2010 else "phr1"
    rows = "\n".join(
        f'<tr><th class="{head}">{rank}</th> {row(rank, place)}</tr>'
        for rank, place in enumerate(ranking, start=1)
    )
    return f"""<!DOCTYPE html>
<html><head><title>DistroWatch.com: Put the fun back into computing.</title></head><body>
<table><tr><td>
  <table class="News">
    <tr><th class="Invert" colspan="2">Latest Distributions</th></tr>
    <tr><th class="News">11-24</th><td class="News"><a href="mint">Mint 23</a></td></tr>
  </table></td><td>
  <table class="News">
    <tr><th class="Invert" colspan="3">Page Hit Ranking</th></tr>
    <tr><td colspan="3"><form method="get" action="index.php">Data span:
      <select name="dataspan">{options}</select><input type="submit" value="Go"></form></td></tr>
    <tr><th class="Invert">Rank</th><th class="Invert">Distribution</th>
      <th class="Invert">HPD*</th></tr>
{rows}
  </table></td></tr></table>
</body></html>"""


def ranking(year: int) -> list[Place]:
    """Return a ranking made up for a year: 100 distros, 96 for 2002."""
    dice = random.Random(year)
    numbers = list(range(130))
    dice.shuffle(numbers)
    rows = 96 if year == FIRST_YEAR else 100
    return [
        Place(f"distro{number}", f"Distro {number}", 3_000 // rank + 100 - rank)
        for rank, number in enumerate(numbers[:rows], start=1)
    ]


def site(
    rankings: Mapping[int, Sequence[Place]] | None = None,
) -> Callable[[Asked], Reply]:
    """Return a front page that shows the year that it is asked for, each in another shape.

    Args:
        rankings: Those that are not made up.
    """

    def answer(asked: Asked) -> Reply:
        dataspan = asked.query["dataspan"]
        year = int(dataspan)
        places = (rankings or {}).get(year) or ranking(year)
        return Reply(front_page(dataspan, places, ROWS[year % len(ROWS)]).encode())

    return answer
