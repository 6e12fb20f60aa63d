"""Past rankings out of a CSV, and rows that are refused."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from collectors import ArchiveError, Refused, read_rankings
from signals import Reading
from tests.collectors.cases import RECORDED

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 24, 13, tzinfo=UTC)


def read(tmp_path: Path, text: str, **known: str) -> list[Reading | Refused]:
    """Return the rows of a file with this content."""
    path = tmp_path / "past.csv"
    path.write_text(text, encoding="utf-8")
    return list(read_rankings(path, NOW, known))


def test_years(tmp_path: Path) -> None:
    """A year is dated on its last day; figures may lack, and slugs follow from names."""
    mint, mx, odd = read(
        tmp_path, "Year,Rank,Name,HPD\n2014,1,Linux Mint,\n2014,2,MX Linux,1\n2014,3,Adélie!,\n"
    )
    end = datetime(2014, 12, 31, tzinfo=UTC)
    assert mint == Reading("mint", "Linux Mint", "distrowatch", "2014", end, 1, None)
    assert mx == Reading("mx", "MX Linux", "distrowatch", "2014", end, 2, 1)
    assert odd == Reading("adelie", "Adélie!", "distrowatch", "2014", end, 3, None)


def test_days(tmp_path: Path) -> None:
    """A day has its span; a slug that is given is taken, other columns are not."""
    rows = "date;span;source;rank;slug;name;hits\n2020-05-01;6m;me;1;popos;Pop!_OS;1,234\n"
    assert read(tmp_path, rows) == [
        Reading(
            *("popos", "Pop!_OS", "distrowatch", "6m"), datetime(2020, 5, 1, tzinfo=UTC), 1, 1_234
        )
    ]


def test_slugs_that_the_journal_knows(tmp_path: Path) -> None:
    """A name that a collected page linked is that distro; one of ours is what we say."""
    known = {"feren": "elsewhere", "xray_os": "xray"}
    rows = read(tmp_path, "year,rank,name\n2014,1,Xray_OS\n2014,2,Feren\n2014,3,Foo OS\n", **known)
    assert [row.distro for row in rows if isinstance(row, Reading)] == ["xray", "ferenos", "fooos"]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("2001,,,1,mint,Mint,", "the year '2001' is none from 2002 to 2025"),
        ("2026,,,1,mint,Mint,", "the year '2026' is none"),
        ("MMXI,,,1,mint,Mint,", "the year 'MMXI' is none"),
        (",,6m,1,mint,Mint,", "the day '' is none from 2002 until today"),
        (",2026-11-25,6m,1,mint,Mint,", "the day '2026-11-25' is none"),
        (",2014-2-1,6m,1,mint,Mint,", "the day '2014-2-1' is none"),
        (",2014-02-01,8m,1,mint,Mint,", "the span '8m' is none of 12m, 1m, 1w, 3m, 6m"),
        ("2014,,,0,mint,Mint,", "the rank '0' is no place"),
        ("2014,,,first,mint,Mint,", "the rank 'first' is no place"),
        ("2014,,,3,mint,Mint,8.87", "the hits '8.87' are no whole number"),
        ("2014,,,3,mint,Mint,-1", "the hits '-1' are no whole number"),
        ("2014,,,3,a b,Mint,", "'a b' is no distro"),
        ("2014,,,3,,!!,", "'!!' is no distro; add a column distro"),
        ("2014,,,3,,,", "'' is no distro"),
        (f"2014,,,3,mint,{'x' * 101},", "more than 100 characters"),
        ("2014,,,3,mint,Mint", "6 cells where the header has 7"),
        ("2014,,,2,mint,Mint,", "the rank 2 is given on line 2 already"),
        ("2014,,,3,ubuntu,Ubuntu,", "ubuntu is ranked on line 2 already"),
        ("2014,,,3,mint,Mint,1001", "do not fit between those of its neighbours"),
        ("2014,,,1,mint,Mint,999", "do not fit between those of its neighbours"),
        ('2014,,,3,mint,"Mint"x,', "broken CSV"),
        ("2014,,,3,mint,Mi\0nt,", "NUL"),
    ],
)
def test_refused_rows(tmp_path: Path, row: str, reason: str) -> None:
    """What is no place of a ranking that is over, or contradicts another row, is told why."""
    head = "year,day,span,rank,distro,name,hits\n2014,,,2,ubuntu,Ubuntu,1000\n"
    first, refused, last = read(tmp_path, f"{head}{row}\n\n2013,,,1,ubuntu,Ubuntu,9\n")
    assert isinstance(first, Reading)
    assert isinstance(refused, Refused)
    assert refused.line == 3
    assert reason in refused.reason
    assert isinstance(last, Reading)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "found nothing"),
        ("year,name\n2014,Mint\n", "needs the columns rank, name or distro, .* found 'year', 'n"),
        ("rank,name\n1,Mint\n", "needs the columns"),
        ("rank,name,day\n1,Mint,2014-01-01\n", "needs the columns"),
        ('"year,rank', "past.csv"),
    ],
)
def test_files_that_cannot_be_used(tmp_path: Path, text: str, reason: str) -> None:
    """The error names the file, what is needed and what was found."""
    with pytest.raises(ArchiveError, match=reason):
        read(tmp_path, text)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """Is told."""
    with pytest.raises(ArchiveError, match="cannot read it: No such file"):
        list(read_rankings(tmp_path / "none.csv", NOW))


def test_a_packed_file(tmp_path: Path) -> None:
    """Is read as others are."""
    path = tmp_path / "past.csv.gz"
    path.write_bytes(gzip.compress(b"year\trank\tname\n2014\t1\tMint\n"))
    assert [row.distro for row in read_rankings(path, NOW) if isinstance(row, Reading)] == ["mint"]


@pytest.mark.skipif(not RECORDED.exists(), reason="the recorded data is not beside this checkout")
@pytest.mark.parametrize(
    ("name", "rows"),
    [("yearly-ranks-2002-2010-2014-2017.csv", 396), ("yearly-top10-hpd-2002-2007.csv", 57)],
)
def test_recorded_rankings(name: str, rows: int) -> None:
    """Real past rankings, with and without figures, are read to the last row."""
    found = list(read_rankings(RECORDED / "distrowatch" / name, NOW))
    assert [row for row in found if isinstance(row, Refused)] == []
    assert len(found) == rows
