"""``hubbub detect``."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.commands.conftest import Hubbub

START = datetime(2026, 11, 1, tzinfo=UTC)
KEYS = ["time", "observed", "expected", "low", "high", "score", "state"]


def write(path: Path, rows: list[str], header: str = "timestamp,value") -> Path:
    """Write a table."""
    path.write_text("\n".join([header, *rows]), encoding="utf-8")
    return path


def minute(number: int) -> str:
    """Return the time of a minute as the table has it."""
    return (START + timedelta(minutes=number)).strftime("%Y-%m-%d %H:%M:%S")


@pytest.fixture
def series(tmp_path: Path) -> Path:
    """Return two days with a spike in the last half hour."""
    counts = [int(n % 5 == 0) for n in range(2_850)] + [6] * 30
    rows = [f"{minute(n)},{count}" for n, count in enumerate(counts)]
    return write(tmp_path / "series.csv", rows)


def test_each_bucket_is_judged(hubbub: Hubbub, series: Path) -> None:
    """One line each, in the order of time; the spike is confirmed and nothing else is."""
    found = hubbub("detect", "--csv", series).documents
    assert len(found) == 2_880
    assert all(list(judged) == KEYS for judged in found)
    assert found[0]["time"] == "2026-11-01T00:00:00Z"
    assert found[-1]["state"] == "confirmed"
    assert {judged["state"] for judged in found[:2_850]} == {"quiet"}
    assert found[-1]["score"] > 3 > max(judged["score"] for judged in found[:2_850])
    assert all(judged["low"] <= judged["expected"] <= judged["high"] for judged in found)


def test_a_buzz_is_told_from_an_outage_by_the_total(hubbub: Hubbub, tmp_path: Path) -> None:
    """Ten times as many complaints are none if ten times as much of everything is said."""

    def last(total: int) -> str:
        counts = [(5, int(n % 2 == 0)) for n in range(2_880)] + [(total, 6)] * 15
        rows = [f"{minute(n)},{all_},{bad}" for n, (all_, bad) in enumerate(counts)]
        path = write(tmp_path / "series.csv", rows, "timestamp,value,complaints")
        found = hubbub("detect", "--csv", path, "--negative-column", "complaints").documents
        return str(found[-1]["state"])

    assert last(total=10) == "confirmed"
    assert last(total=60) == "quiet"


def test_windows_are_as_long_whatever_the_step(hubbub: Hubbub, tmp_path: Path) -> None:
    """Six hours are learned; in steps of five minutes these are 72 rows, and not 360."""

    def first(rows: int) -> int:
        counts = [n % 2 for n in range(rows)] + [30] * 12
        lines = [f"{minute(5 * n)},{count}" for n, count in enumerate(counts)]
        path = write(tmp_path / "series.csv", lines, "timestamp,complaints")
        found = hubbub("detect", "--csv", path, "--negative-column", "complaints").documents
        return sum(judged["state"] == "confirmed" for judged in found)

    assert first(rows=72) > 0
    assert first(rows=50) == 0


def test_missing_rows_and_empty_cells_are_gaps(hubbub: Hubbub, tmp_path: Path) -> None:
    """A gap has no observation; it is not a zero."""
    rows = [f"{minute(n)},{'' if n == 3 else n}" for n in (0, 1, 2, 3, 4, 8, 9, 10)]
    found = hubbub("detect", "--csv", write(tmp_path / "a.csv", rows)).documents
    assert [judged["observed"] for judged in found] == [
        0, 1, 2, None, 4, None, None, None, 8, 9, 10,
    ]  # fmt: skip
    assert [judged["time"][11:16] for judged in found] == [f"00:{n:02}" for n in range(11)]


def test_rows_need_not_be_sorted(hubbub: Hubbub, tmp_path: Path) -> None:
    """Nor have a time zone, or be in UTC."""
    rows = ["2026-11-01T02:00+01:00,3", "2026-11-01 00:00,1", "2026-11-01T00:30Z,2"]
    found = hubbub("detect", "--csv", write(tmp_path / "a.csv", rows)).documents
    assert [judged["time"][11:16] for judged in found] == ["00:00", "00:30", "01:00"]
    assert [judged["observed"] for judged in found] == [1, 2, 3]


def test_columns_can_be_named(hubbub: Hubbub, tmp_path: Path) -> None:
    """The negative column is the one that is watched, where there is one."""
    path = write(tmp_path / "a.csv", ["2026-11-01,10,4,3"], "day,all,bad,people")
    common = ("detect", "--csv", path, "--time-column", "day", "--total-column", "all")
    assert hubbub(*common).documents[0]["observed"] == 10
    negative = hubbub(*common, "--negative-column", "bad", "--authors-column", "people")
    assert negative.documents[0]["observed"] == 4


def test_a_table_without_rows_has_no_buckets(hubbub: Hubbub, tmp_path: Path) -> None:
    """That is no error."""
    ended = hubbub("detect", "--csv", write(tmp_path / "a.csv", []))
    assert (ended.code, ended.out) == (0, "")


@pytest.mark.parametrize(
    ("header", "row", "words"),
    [
        ("timestamp,value", "2026-11-01,many", "line 2: value: 'many' is no count"),
        ("timestamp,value", "2026-11-01,-3", "line 2: value: '-3' is no count"),
        ("timestamp,value", "2026-11-01,nan", "line 2: value: 'nan' is no count"),
        ("timestamp,value", "2026-11-01,1e300", "line 2: value: '1e300' is no count"),
        ("timestamp,value", "yesterday,3", "line 2: timestamp: 'yesterday' is no time"),
        ("timestamp,value", "0001-01-01T00:00+05:00,3", "is no time"),
        ("timestamp,value", ",3", "line 2: timestamp: '' is no time"),
        ("time,value", "2026-11-01,3", "has no column timestamp; it has: time, value"),
        ("timestamp,n", "2026-11-01,3", "say which column"),
        (
            "timestamp,value",
            "2026-11-01T00:00:00.1,3\n2026-11-01T00:00:00.2,3",
            "less than a second apart",
        ),
    ],
)
def test_bad_tables_are_code_2(
    hubbub: Hubbub, tmp_path: Path, header: str, row: str, words: str
) -> None:
    """The line, the column and the cell are named."""
    ended = hubbub("detect", "--csv", write(tmp_path / "a.csv", [row], header))
    assert ended.code == 2
    assert words in ended.complaint


@pytest.mark.parametrize("content", [b"\xff\xfe\x00\x01" * 50, b"", b"timestamp,value\n\0\n"])
def test_what_is_no_table_is_code_2(hubbub: Hubbub, tmp_path: Path, content: bytes) -> None:
    """A binary file, an empty one, or a damaged one."""
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    assert hubbub("detect", "--csv", path).code == 2
    assert hubbub("detect", "--csv", tmp_path).code == 2


def test_a_time_at_the_end_of_time_is_one(hubbub: Hubbub, tmp_path: Path) -> None:
    """There is no step after it, and none is needed."""
    rows = ["9999-12-31T23:58,1", "9999-12-31T23:59,1"]
    assert len(hubbub("detect", "--csv", write(tmp_path / "a.csv", rows)).documents) == 2
