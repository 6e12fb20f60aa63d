"""Every shape of the two pages that was ever seen, and those that must be refused."""

from __future__ import annotations

import csv
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors import Malformed
from collectors.distrowatch import SPANS, read_popularity, read_ranking
from signals import Reading
from tests.collectors.cases import RECORDED, text_of
from tests.support.distrowatch import ROWS, Place, front_page, of_year, ranking

if TYPE_CHECKING:
    from collections.abc import Callable

DAY = datetime(2026, 11, 24, tzinfo=UTC)
PAGE = text_of("distrowatch-popularity.html")

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
        (lambda _: "<html><title>Log in</title><form></form></html>", "another page, 'Log in'"),
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


YEAR_END = datetime(2014, 12, 31, tzinfo=UTC)
PLACES = ranking(2014)


def read(page: str, dataspan: str = "2014", rows: int = 80) -> tuple[Reading, ...]:
    """Read a front page."""
    return read_ranking(page, dataspan, dataspan, YEAR_END, rows=rows)


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("shape", [same, rooted, absolute, separated, imageless])
def test_every_shape_of_the_front_page(
    row: Callable[[int, Place], str], shape: Callable[[str], str]
) -> None:
    """Years and rolling spans, today's classes and those of 2010: the ranking is the same."""
    page = shape(front_page("2014", PLACES, row))
    assert [(r.rank, r.distro, r.name, r.hits) for r in read(page)] == [
        (rank, *place) for rank, place in enumerate(PLACES, start=1)
    ]
    assert {(r.span, r.day, r.source) for r in read(page)} == {("2014", YEAR_END, "distrowatch")}


def test_the_ranking_need_not_be_the_only_table() -> None:
    """What else the front page lists in the same markup, and notes below the ranking, is no row."""
    note = (
        '<tr><td class="News" colspan="3">* HPD: hits per day</td></tr></table></td></tr></table>'
    )
    page = front_page("2014", PLACES).replace("</table></td></tr></table>", note)
    assert len(read(page)) == 100
    headed = page.replace(
        '<th class="Invert">Rank</th><th class="Invert">Distribution</th>',
        "<td>Rank</td><td>Distribution</td>",
    ).replace('<th class="Invert">HPD*</th>', "<td>HPD*</td>")
    assert read(headed) == read(page)


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        (front_page("2014", PLACES, selected="26"), "shows 'Last 6 months' instead of 2014"),
        (front_page("2014", PLACES, selected="2013"), "shows 'Year 2013' instead of 2014"),
        (front_page("2014", PLACES, selected="2099"), "does not say that it shows 2014"),
        (front_page("2014", PLACES[:79]), "2014 lists 79 distros, fewer than 80"),
        (front_page("2014", [*PLACES[1:], PLACES[0]]), "rise down the list"),
        (front_page("2014", [PLACES[0], *PLACES]), "lists a distro twice"),
        (front_page("2014", PLACES).replace(">7</th>", ">8</th>"), "gaps"),
        (front_page("2014", PLACES).replace(f">{PLACES[0].hits}<", ">8.87<"), "'8.87' as hits"),
        (front_page("2014", PLACES).replace('<td class="phr2">', "<td></td><td>"), "not rank"),
        (front_page("2014", PLACES).replace("Page Hit", "Visitor"), "no ranking for 2014"),
        (front_page("2014", PLACES) * 2, "twice a ranking"),
        (front_page("2014", PLACES)[:9_000], "middle of a table"),
        (PAGE, "no ranking for 2014; is it another page, 'Popularity'"),
    ],
)  # fmt: skip
def test_wrong_front_pages_are_refused(page: str, reason: str) -> None:
    """Another span, another list, a cut or contradictory one; the error says what is wrong."""
    with pytest.raises(Malformed, match=reason):
        read(page)


def test_a_year_without_a_value_is_known_by_its_label() -> None:
    """A select without values shows the year as it is called."""
    page = re.sub(r' value="\w+"', "", front_page("2014", PLACES, of_year))
    assert len(read(page)) == 100
    with pytest.raises(Malformed, match="instead of 2013"):
        read(page, "2013")


@given(st.integers(0, len(front_page("2014", PLACES))))
def test_a_front_page_cut_anywhere(at: int) -> None:
    """It reads as a whole or not at all."""
    page = front_page("2014", PLACES)
    try:
        readings = read(page[:at])
    except Malformed:
        return
    assert readings == read(page)
