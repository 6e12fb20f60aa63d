"""DistroWatch: every shape of the page that was ever seen, and those that must be refused."""

from __future__ import annotations

import asyncio
import csv
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors import Client, Malformed
from collectors.distrowatch import SPANS, DistroWatch, DistroWatchSource, read_popularity
from signals import Reading
from tests.collectors.cases import NOW, RECORDED, text_of
from tests.support.collecting import CONTACT, QUICK, cursor_of, listen
from tests.support.web import Reply, Web

if TYPE_CHECKING:
    from collections.abc import Callable

    from signals import Collection

DAY = datetime(2026, 11, 24, tzinfo=UTC)
PAGE = text_of("distrowatch-popularity.html")
PATH = "/dwres.php"

recorded = pytest.mark.skipif(
    not RECORDED.exists(), reason="the recorded page is not beside this checkout"
)


def same(page: str) -> str:
    """Leave the page as it is on the wire."""
    return page


def absolute(page: str) -> str:
    """Return the page as a browser saves it, with whole addresses and bodies of tables."""
    page = re.sub(r'href="([a-z0-9]+)"', r'href="https://distrowatch.com/\1"', page)
    return re.sub(r"(<table[^>]*>)", r"\1<tbody>", page).replace("</table>", "</tbody></table>")


def relative(page: str) -> str:
    """Return the page with addresses relative to it."""
    return re.sub(r'href="https?://distrowatch\.com/([a-z0-9]+)"', r'href="\1"', page)


def rooted(page: str) -> str:
    """Return the page with addresses from the root."""
    return re.sub(r'href="([a-z0-9]+)"', r'href="/\1"', relative(page))


def bodiless(page: str) -> str:
    """Return the page without bodies of tables."""
    return re.sub(r"</?tbody>", "", page)


def classes_of_2010(page: str) -> str:
    """Return the page with the class names of 2008-2016."""
    return re.sub(r'class="phr[123]"', 'class="News"', page)


def queried(page: str) -> str:
    """Return the page with the queries on its links of 2018."""
    return re.sub(r'href="([a-z0-9:/.]*[a-z0-9])"(>[^<])', r'href="\1?frphr"\2', page)


def by_name(page: str) -> str:
    """Return the page with the long form of its links."""
    return re.sub(r'href="([a-z0-9]+)"', r'href="table.php?distribution=\1"', relative(page))


def separated(page: str) -> str:
    """Return the page with separators in its thousands, as DistroWatch writes them elsewhere."""
    return re.sub(r">(\d)(\d{3})<img", r">\1,\2<img", page)


def imageless(page: str) -> str:
    """Return the page without trends, as the rankings of years are."""
    return re.sub(r' title="Yesterday: \d+"', "", re.sub(r"<img[^>]*>", "", page))


SHAPES = (
    *(same, absolute, relative, rooted, bodiless, classes_of_2010),
    *(queried, by_name, separated, imageless),
)


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_reads_the_same(shape: Callable[[str], str]) -> None:
    """Links, classes, bodies and images differ over the years; the ranking is the same."""
    readings = read_popularity(shape(PAGE), DAY, rows=5)
    assert len(readings) == 20
    assert readings == read_popularity(PAGE, DAY, rows=5)
    assert shape is same or shape(PAGE) != PAGE or shape in {relative, bodiless}


def test_readings() -> None:
    """Slug, name, span, day, rank and hits are those of the page."""
    readings = read_popularity(PAGE, DAY, rows=5)
    assert readings[0] == Reading("cachyos", "CachyOS", "distrowatch", "12m", DAY, 1, 3370)
    assert readings[-1] == Reading("adelie", "Adélie", "distrowatch", "1m", DAY, 5, 64)
    assert [reading.name for reading in readings[:4]] == [
        *("CachyOS", "Mint", "Pop!_OS", "<<Hack|Track"),
    ]
    assert [reading.span for reading in readings[::5]] == list(SPANS.values())


def swap(first: str, second: str) -> Callable[[str], str]:
    """Return what exchanges two texts everywhere."""
    return lambda page: page.replace(first, "\0").replace(second, first).replace("\0", second)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda page: page.replace('<th class="phr1">3</th>', '<th class="phr1">4</th>'), "gaps"),
        (swap('"phr1">2<', '"phr1">3<'), "gaps"),
        (swap(">3370<", ">2782<"), "rise down the list"),
        (lambda page: page.replace(">3370<", ">n/a<"), "'n/a' as hits"),
        (lambda page: page.replace(">3370<", ">8.87<"), "'8.87' as hits"),
        (lambda page: page.replace(">3370<", ">-3370<"), "'-3370' as hits"),
        (lambda page: page.replace('"phr1">1<', '"phr1">I<'), "'I' as rank"),
        (lambda page: page.replace('href="mint"', 'href="cachyos"'), "twice"),
        (lambda page: page.replace('href="mint"', 'href="javascript:alert(1)"'), "no link"),
        (lambda page: page.replace('href="mint"', 'href="http://[x/mint"'), "no link"),
        (lambda page: page.replace(">Mint<", "><"), "without a name"),
        (lambda page: page.replace('<td class="phr2">', '<td></td><td class="phr2">'), "not rank"),
        (lambda page: page.replace("Last 3 months", "Last 2 months"), "no ranking for 3m"),
        (lambda page: page.replace("Last 3 months", "Last 6 months"), "6m is there twice"),
        (lambda page: page[: page.index("Last 1 month")], "middle of a table"),
        (lambda page: page[: page.rindex('class="phr3"')], "middle of a table"),
        (lambda page: page[: page.rindex('<th class="phr1">5')], "middle of a table"),
        (lambda _: "<html><form>Please log in</form></html>", "another page"),
        (lambda _: "", "another page"),
        (lambda _: "<table>" * 3_000, "another page"),
    ],
)  # fmt: skip
def test_wrong_shapes_are_refused(spoil: Callable[[str], str], reason: str) -> None:
    """What contradicts itself, or is cut off, is no ranking; the error says why."""
    with pytest.raises(Malformed, match=reason):
        read_popularity(spoil(PAGE), DAY, rows=5)


def test_too_few_rows() -> None:
    """A list much shorter than any ranking is not believed."""
    with pytest.raises(Malformed, match="12m lists 5 distros, fewer than 100"):
        read_popularity(PAGE, DAY)


@given(st.integers(0, len(PAGE)))
def test_cut_anywhere(at: int) -> None:
    """A page that is cut off reads as a whole or not at all."""
    whole = read_popularity(PAGE, DAY, rows=5)
    try:
        readings = read_popularity(PAGE[:at], DAY, rows=5)
    except Malformed:
        return
    assert readings == whole


@given(st.text(alphabet=st.sampled_from("<>/=\"' tablehrdlasmon1236 ")))
def test_any_page(page: str) -> None:
    """Broken markup is refused, and never fails in another way."""
    with pytest.raises(Malformed):
        read_popularity(page, DAY)


def hear(web: Web, cursor: str | None, now: datetime) -> list[Collection]:
    """Collect once."""

    async def run() -> list[Collection]:
        table = DistroWatchSource.model_validate(
            {"base_url": web.url, "rows": 5, "spacing": "0.01s"}
        )
        async with Client(CONTACT, limits=QUICK) as client:
            portions, error = await listen(DistroWatch(table, client, ()), cursor, now)
        assert error is None
        return portions

    return asyncio.run(run())


def test_once_a_day() -> None:
    """The page is asked for once a day, when the day's figures are out, and not again."""
    with Web({PATH: Reply(PAGE.encode())}) as web:
        cursor = cursor_of(hear(web, None, NOW))
        assert hear(web, cursor, NOW + timedelta(hours=6)) == []
        midnight = DAY + timedelta(days=1)
        assert hear(web, cursor, midnight + timedelta(minutes=20)) == []
        assert web.paths().count(PATH) == 1
        (next_day,) = hear(web, cursor, midnight + timedelta(hours=1))
        assert {reading.day for reading in next_day.readings} == {midnight}
        assert next_day.cursor == "2026-11-25"
        assert next_day.watched == ()


def test_asks_for_the_popularity_page_only() -> None:
    """The address is the documented one, and there is no request for each distro."""
    with Web({PATH: Reply(PAGE.encode())}) as web:
        hear(web, None, NOW)
        assert web.paths() == ["/robots.txt", PATH]
        assert web.asked[1].query == {"resource": "popularity"}


@recorded
@pytest.mark.parametrize("shape", SHAPES)
def test_recorded_page(shape: Callable[[str], str]) -> None:
    """The real page of 2025-11-20 gives its 1,588 rows, in each of the shapes."""
    folder = RECORDED / "distrowatch"
    page = (folder / "popularity-2025-11-20.html").read_text(encoding="utf-8")
    with (folder / "popularity-2025-11-20.expected.csv").open(encoding="utf-8") as file:
        expected = [
            (
                SPANS[row["span"].lower()],
                int(row["rank"]),
                row["slug"],
                row["name"],
                int(row["hpd"]),
            )
            for row in csv.DictReader(file)
        ]
    found = [
        (reading.span, reading.rank, reading.distro, reading.name, reading.hits)
        for reading in read_popularity(shape(page), DAY)
    ]
    assert len(expected) == 1_588
    assert found == expected
