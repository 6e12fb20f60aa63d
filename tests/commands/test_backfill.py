"""``hubbub backfill distrowatch``: each year once, whatever happens; or a CSV."""

from __future__ import annotations

import csv
import subprocess
import sys
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from storage import Journal, Readings
from tests.support.distrowatch import Place, front_page, ranking, site
from tests.support.web import Reply, Web

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.commands.conftest import Configure, Hubbub
    from tests.support.web import Asked

ROOT = Path(__file__).parents[2]
RECORDED = ROOT.parent / "shared" / "data" / "distrowatch" / "yearly-ranks-2002-2010-2014-2017.csv"
LAST = 2025
YEARS = range(2002, LAST + 1)
DELAY = 0.1

pytestmark = pytest.mark.skipif(
    datetime.now(UTC).year <= LAST, reason="the years of these tests are not over on this clock"
)


@pytest.fixture
def web() -> Iterator[Web]:
    """Return a site with a ranking for each year, and a crawl delay."""
    robots = Reply(f"User-agent: *\nCrawl-delay: {DELAY}".encode(), "text/plain")
    with Web({"/index.php": site(), "/robots.txt": robots}) as server:
        yield server


@pytest.fixture
def configured(web: Web, configure: Configure) -> Path:
    """Return a configuration that asks that site."""
    return configure(
        f'[[sources]]\nkind = "distrowatch"\nbase_url = "{web.url}"\nspacing = "0.01s"\n'
        "enabled = false\n"
    )


def asked(web: Web) -> list[int]:
    """Return the years that were asked for."""
    return [int(each.query["dataspan"]) for each in web.asked if each.path == "/index.php"]


def stored(journal: Path) -> dict[str, list[tuple[int, str, str, int | None]]]:
    """Return each ranking of the journal."""
    readings = Readings(journal)
    return {
        span: [(each.rank, each.distro, each.name, each.hits) for each in readings.ranking(span)]
        for span in readings.spans()
    }


def expected(years: range = YEARS) -> dict[str, list[tuple[int, str, str, int | None]]]:
    """Return the rankings that the site has."""
    return {
        f"{year}": [(rank, *place) for rank, place in enumerate(ranking(year), start=1)]
        for year in years
    }


def test_each_year_is_fetched_once(
    hubbub: Hubbub, web: Web, configured: Path, journal: Path
) -> None:
    """From the first to the last, in every shape, and never faster than the crawl delay."""
    arguments = ("backfill", "distrowatch", "--config", configured, "--store", journal)
    ended = hubbub(*arguments, "--from", "2002", "--to", f"{LAST}")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == "24 years fetched, 0 known already, 0 refused; 2396 readings stored\n"
    assert stored(journal) == expected()
    assert asked(web) == list(YEARS)
    times = [each.at for each in web.asked]
    assert min(after - before for before, after in pairwise(times)) > DELAY - 0.002
    again = hubbub(*arguments, "--from", "2002", "--to", f"{LAST}", "--json")
    assert again.document == {
        "fetched": [], "known": list(YEARS), "refused": {}, "readings": 0,
    }  # fmt: skip
    assert asked(web) == list(YEARS)
    assert Readings(journal).ranking("2002")[0].day == datetime(2002, 12, 31, tzinfo=UTC)


def test_killed_and_resumed(web: Web, configured: Path, journal: Path) -> None:
    """By kill -9, three times in the middle of a request: the same as without, and as slowly."""
    years, kills = range(2002, 2011), {2003, 2006, 2009}
    doomed = set(kills)
    processes: list[subprocess.Popen[str]] = []
    answer = site()

    def kill(request: Asked) -> Reply:
        year = int(request.query["dataspan"])
        if year in doomed:
            doomed.remove(year)
            processes[-1].kill()
        return answer(request)

    web.routes["/index.php"] = kill
    command = [sys.executable, "scheduler.py", "backfill", "distrowatch", "--from", "2002"]
    options = ["--to", "2010", "--config", str(configured), "--store", str(journal)]
    for _ in range(4):
        process = subprocess.Popen(
            [*command, *options], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        processes.append(process)
        out, _err = process.communicate(timeout=100)
    assert [process.returncode for process in processes] == [-9, -9, -9, 0]
    assert out.startswith("2 years fetched, 7 known already, 0 refused")
    assert stored(journal) == expected(years)
    assert sorted(asked(web)) == sorted([*years, *kills])
    times = [each.at for each in web.asked]
    assert min(after - before for before, after in pairwise(times)) > DELAY - 0.002


def test_a_year_that_is_refused_holds_up_no_other(
    hubbub: Hubbub, web: Web, configured: Path, journal: Path
) -> None:
    """It is told, its page is kept, and the next call asks for it again."""
    answer = site()

    def spoilt(request: Asked) -> Reply:
        if request.query["dataspan"] == "2004":
            return Reply(front_page("2004", ranking(2004), selected="26").encode())
        return Reply(b"", status=404) if request.query["dataspan"] == "2005" else answer(request)

    web.routes["/index.php"] = spoilt
    arguments = ("backfill", "distrowatch", "--config", configured, "--store", journal)
    years = ("--from", "2003", "--to", "2006")
    ended = hubbub(*arguments, *years)
    assert ended.code == 1
    assert ended.out == "2 years fetched, 0 known already, 2 refused; 200 readings stored\n"
    kept = journal.with_name("hubbub.db.distrowatch") / "refused-2004.html"
    assert "2004 refused: distrowatch: the page shows 'Last 6 months' instead of 2004" in ended.err
    assert str(kept) in ended.err
    assert "2005 refused: 127.0.0.1/index.php: answered 404 Not Found" in ended.err
    assert kept.exists()
    web.routes["/index.php"] = answer
    assert hubbub(*arguments, *years).out.startswith("2 years fetched, 2 known already, 0 refused")
    assert asked(web) == [2003, 2004, 2005, 2006, 2004, 2005]


def test_a_site_that_blocks_is_left_alone(
    hubbub: Hubbub, web: Web, configured: Path, journal: Path
) -> None:
    """At once; what was had before is stored."""
    answer = site()

    def blocks(request: Asked) -> Reply:
        return Reply(status=403) if request.query["dataspan"] == "2012" else answer(request)

    web.routes["/index.php"] = blocks
    arguments = ("backfill", "distrowatch", "--config", configured, "--store", journal)
    ended = hubbub(*arguments, "--from", "2010", "--to", "2020")
    assert ended.code == 1
    assert "answered 403 Forbidden" in ended.err
    assert asked(web) == [2010, 2011, 2012]
    assert stored(journal) == expected(range(2010, 2012))


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ((), "give the first year, or a file with --csv"),
        (("--from", "2001"), "--from"),
        (("--from", "2014", "--to", "2010"), "no years from 2014 to 2010 are over"),
        (("--from", "2014", "--to", "2999"), "no years from 2014 to 2999 are over; the last"),
        (("--from", "2999"), "are over; the last one is"),
    ],
)
def test_years_that_cannot_be(
    hubbub: Hubbub, journal: Path, options: tuple[str, ...], complaint: str
) -> None:
    """Are mistakes of the command line, and nobody is asked."""
    ended = hubbub("backfill", "distrowatch", *options, "--store", journal)
    assert ended.code == 2
    assert complaint in ended.complaint


CSV = "year,rank,name,hpd\n2010,1,Ubuntu,2204\n2010,2,Fedora,\n2010,3,Mint,nine\n2014,1,Mint,\n"


def test_a_csv_is_loaded_once(hubbub: Hubbub, journal: Path, tmp_path: Path) -> None:
    """Refused rows are told; repeating it adds nothing; years may be chosen."""
    path = tmp_path / "past.csv"
    path.write_text(CSV, encoding="utf-8")
    arguments = ("backfill", "distrowatch", "--csv", path, "--store", journal)
    some = hubbub(*arguments, "--from", "2011", "--json")
    assert some.document == {"read": 2, "stored": 1, "known": 0, "refused": 1}
    ended = hubbub(*arguments)
    assert ended.code == 0
    assert ended.out == "4 rows read: 2 stored, 1 known already, 1 refused\n"
    assert ended.err == "line 4 refused: the hits 'nine' are no whole number\n"
    assert hubbub(*arguments).out.startswith("4 rows read: 0 stored, 3 known already")
    assert stored(journal) == {
        "2010": [(1, "ubuntu", "Ubuntu", 2204), (2, "fedora", "Fedora", None)],
        "2014": [(1, "mint", "Mint", None)],
    }


def test_a_year_of_a_csv_is_still_fetched(
    hubbub: Hubbub, web: Web, configured: Path, journal: Path, tmp_path: Path
) -> None:
    """The page has the figures that the CSV lacked, and knows the slugs that it guessed."""
    path = tmp_path / "past.csv"
    path.write_text("year,rank,name\n2010,1,Guessed\n2010,2,Wrongly\n", encoding="utf-8")
    places = [Place("guessed", "Guessed", 4_000), Place("right", "Wrongly", 3_500)]
    web.routes["/index.php"] = site({2010: [*places, *ranking(2010)]})
    arguments = ("backfill", "distrowatch", "--config", configured, "--store", journal)
    hubbub(*arguments, "--csv", path)
    hubbub(*arguments, "--from", "2010", "--to", "2010")
    assert stored(journal)["2010"][:2] == [(1, *places[0]), (2, *places[1])]
    assert len(stored(journal)["2010"]) == 102
    other = tmp_path / "other.csv"
    other.write_text("year,rank,name\n2010,2,Someone\n2010,1,Guessed\n", encoding="utf-8")
    ended = hubbub(*arguments, "--csv", other)
    assert ended.out == "2 rows read: 0 stored, 1 known already, 1 refused\n"
    assert ended.err == "refused: Someone is no 2 of 2010, 2010-12-31: that is right\n"


def test_many_refused_rows_are_not_all_shown(hubbub: Hubbub, journal: Path, tmp_path: Path) -> None:
    """Their number is."""
    path = tmp_path / "past.csv"
    path.write_text("year,rank,name\n" + "2010,0,Mint\n" * 20, encoding="utf-8")
    ended = hubbub("backfill", "distrowatch", "--csv", path, "--store", journal)
    assert ended.out == "20 rows read: 0 stored, 0 known already, 20 refused\n"
    assert len(ended.err.splitlines()) == 11


def test_a_file_that_is_no_ranking(hubbub: Hubbub, journal: Path, tmp_path: Path) -> None:
    """The error says which columns are needed."""
    path = tmp_path / "past.csv"
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    ended = hubbub("backfill", "distrowatch", "--csv", path, "--store", journal)
    assert ended.code == 1
    assert "needs the columns rank, name or distro, and year" in ended.err


@pytest.mark.skipif(not RECORDED.exists(), reason="the recorded data is not beside this checkout")
def test_recorded_years(hubbub: Hubbub, web: Web, configured: Path, journal: Path) -> None:
    """Through pages of the documented shapes, the recorded rankings of four years are had."""
    with RECORDED.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    years = sorted({int(row["year"]) for row in rows})
    rankings = {
        year: [
            Place("".join(filter(str.isalnum, row["name"].lower())), row["name"], 5_000 - rank)
            for rank, row in enumerate(rows, start=1)
            if int(row["year"]) == year
        ]
        for year in years
    }
    slugs = {place.distro for places in rankings.values() for place in places}
    ascii_slugs = {slug: slug.encode("ascii", "ignore").decode() for slug in slugs}
    web.routes["/index.php"] = site(
        {
            year: [place._replace(distro=ascii_slugs[place.distro]) for place in places]
            for year, places in rankings.items()
        }
    )
    arguments = ("--config", configured, "--store", journal)
    for year in years:
        hubbub("backfill", "distrowatch", "--from", f"{year}", "--to", f"{year}", *arguments)
        names = [each.name for each in Readings(journal).ranking(f"{year}")]
        assert names == [row["name"] for row in rows if int(row["year"]) == year]
    found = hubbub("distros", "--at", "2010", "--vs", "2014", *arguments).out
    for said in (
        "Mint", "rose from 3 to 1", "Gentoo", "fell from 18 to 37", "Mandriva", "fell from 7 to 72",
    ):  # fmt: skip
        assert said in found


def test_the_daily_page_goes_on_beside_it(journal: Path, hubbub: Hubbub, configured: Path) -> None:
    """A backfill leaves the collector's cursor and health alone."""
    with Journal(journal) as before:
        assert before.cursor("distrowatch") is None
    arguments = ("--config", configured, "--store", journal)
    hubbub("backfill", "distrowatch", "--from", "2010", "--to", "2010", *arguments)
    with Journal(journal) as after:
        assert after.cursor("distrowatch") is None
    assert hubbub("status", "--json", *arguments).document["sources"] == []
