"""Rankings: stored once, and found by day, by distro and by span."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from signals import Collection, Reading
from storage import Journal, Readings

DAY = datetime(2026, 11, 24, tzinfo=UTC)
ONE = timedelta(days=1)
ROOT = Path(__file__).parents[2]


def of(  # noqa: PLR0913 - a reading has many parts
    distro: str,
    rank: int,
    hits: int | None,
    day: datetime = DAY,
    *,
    span: str = "6m",
    source: str = "distrowatch",
) -> Reading:
    """Return a reading."""
    return Reading(distro, distro.title(), source, span, day, rank, hits)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the journal of this test lies."""
    return tmp_path / "hubbub.db"


def store(path: Path, *readings: Reading) -> int:
    """Store readings; return how many told anything new."""
    with Journal(path) as journal:
        return journal.load(Collection("x", readings=readings), (), now=DAY).readings


def test_an_empty_journal_has_no_rankings(path: Path) -> None:
    """Every answer is empty, and none is an error."""
    Journal(path).close()
    readings = Readings(path)
    assert readings.ranking("6m") == readings.ranking("6m", DAY, ONE) == []
    assert readings.history("mint", "6m") == readings.years("mint") == []
    assert readings.spans() == readings.sources() == []
    assert readings.names() == {}


def test_the_ranking_is_that_of_the_latest_day(path: Path) -> None:
    """Yesterday's places, another span and another publisher stay out."""
    today = [of("mint", 2, 2_000), of("cachyos", 1, 4_000)]
    store(
        path,
        *today,
        of("mint", 1, 2_100, DAY - ONE),
        of("debian", 1, 900, span="12m"),
        of("debian", 1, 900, source="elsewhere"),
    )
    assert Readings(path).ranking("6m") == [today[1], today[0]]
    assert Readings(path).ranking("1w") == []
    assert [each.distro for each in Readings(path).ranking("6m", source="elsewhere")] == ["debian"]


def test_the_ranking_nearest_to_a_day(path: Path) -> None:
    """On either side, the earlier one of two, and none that is too far away."""
    days = [DAY - 10 * ONE, DAY - 8 * ONE, DAY]
    store(path, *(of("mint", 1, 2_000, day) for day in days))

    def found(at: datetime, within: timedelta | None = None) -> list[datetime]:
        return [each.day for each in Readings(path).ranking("6m", at, within)]

    assert found(DAY - 100 * ONE) == [days[0]]
    assert found(DAY - 9 * ONE) == [days[0]]
    assert found(DAY - 5 * ONE) == [days[1]]
    assert found(DAY - 3 * ONE) == [DAY]
    assert found(DAY + 100 * ONE) == [DAY]
    assert found(DAY - 5 * ONE, 3 * ONE) == [days[1]]
    assert found(DAY - 5 * ONE, 2 * ONE) == []


def test_the_curve_of_a_distro(path: Path) -> None:
    """By day, within a stretch that is open at its end, of one span."""
    curve = [of("mint", at, 2_000, DAY + at * ONE) for at in range(1, 5)]
    store(path, *reversed(curve), of("debian", 9, 9), of("mint", 1, 1, span="12m"))
    readings = Readings(path)
    assert readings.history("mint", "6m") == curve
    assert readings.history("mint", "6m", DAY + 2 * ONE, DAY + 4 * ONE) == curve[1:3]
    assert readings.history("mint", "6m", start=DAY + 4 * ONE) == curve[3:]
    assert readings.history("mint", "6m", end=DAY + 2 * ONE) == curve[:1]


def test_the_years_of_a_distro(path: Path) -> None:
    """By year; rolling spans stay out."""
    years = [
        of("mint", rank, None, datetime(year, 12, 31, tzinfo=UTC), span=f"{year}")
        for year, rank in ((2010, 3), (2014, 1))
    ]
    store(path, years[1], years[0], of("mint", 2, 2_000), of("debian", 1, 1, span="2010"))
    assert Readings(path).years("mint") == years


def test_spans_sources_and_names(path: Path) -> None:
    """Years come before rolling spans; names are those of the latest ranking of each span."""
    store(
        path,
        of("popos", 1, 9),
        Reading("mx", "MX Linux", "distrowatch", "6m", DAY, 2, 8),
        Reading("mx", "MEPIS X", "distrowatch", "6m", DAY - ONE, 2, 8),
        of("mandrake", 1, 473, span="2002"),
        of("mandriva", 1, 473, span="2010"),
        of("debian", 1, 9, source="popcon"),
    )
    readings = Readings(path)
    assert readings.spans() == ["2002", "2010", "6m"]
    assert readings.sources() == ["distrowatch", "popcon"]
    assert readings.names() == {
        "mandrake": "mandrake", "mandriva": "mandriva", "mx linux": "mx", "popos": "popos",
    }  # fmt: skip


def test_what_is_known_stays(path: Path) -> None:
    """The same reading again, or another figure of the same day, adds nothing."""
    assert store(path, of("mint", 1, 2_000), of("debian", 2, 1_000)) == 2
    assert store(path, of("mint", 1, 2_000), of("debian", 2, 1_001)) == 0
    assert [each.hits for each in Readings(path).ranking("6m")] == [2_000, 1_000]


def test_a_rank_gives_way_to_a_figure(path: Path) -> None:
    """Of the same distro, or of the place that a guessed slug took; and is sent once more."""
    assert store(path, of("mint", 1, None), of("mxlinux", 2, None), of("debian", 3, None)) == 3
    assert store(path, of("mint", 1, 2_000), of("mx", 2, 1_000)) == 2
    assert store(path, of("mint", 1, None)) == 0
    found = [(each.distro, each.hits) for each in Readings(path).ranking("6m")]
    assert found == [("mint", 2_000), ("mx", 1_000), ("debian", None)]
    with closing(sqlite3.connect(path)) as database:
        rows = database.execute("SELECT row, distro FROM reading ORDER BY row").fetchall()
    assert rows == [(3, "debian"), (4, "mint"), (5, "mx")]


def test_a_rank_without_a_figure_is_sent_without_one(path: Path) -> None:
    """A missing figure is no zero in InfluxDB either."""
    store(path, of("mint", 1, None), of("debian", 2, 1_000))
    with Journal(path) as journal:
        journal.outbox.fill(DAY + ONE)
        lines = [line for _, line in journal.outbox.pending(10)]
    assert [line.split(" ")[1] for line in lines] == ["rank=1i", "rank=2i,hits=1000i"]


def test_a_journal_of_before_keeps_its_readings(path: Path) -> None:
    """The migration keeps rows and their numbers, by which delivery knows what was sent."""
    schema = ROOT / "storage" / "schema"
    with closing(sqlite3.connect(path)) as old:
        for script in sorted(schema.glob("000[123]_*.sql")):
            old.executescript(script.read_text(encoding="utf-8"))
        old.execute("PRAGMA user_version = 3")
        old.execute(
            "INSERT INTO reading VALUES (7, 'distrowatch', '6m', ?, 'mint', 'Mint', 1, 2000)",
            (int(DAY.timestamp()),),
        )
        old.commit()
    assert store(path, of("mint", 1, 2_000), of("debian", 2, None)) == 1
    with closing(sqlite3.connect(path)) as database:
        rows = database.execute("SELECT row, distro, hits FROM reading ORDER BY row").fetchall()
    assert rows[0] == (7, "mint", 2_000)
    assert rows[1][0] > 7
    assert rows[1][1:] == ("debian", None)
