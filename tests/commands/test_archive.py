"""``hubbub import``."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import zstandard

from signals import Level
from storage import Reader

if TYPE_CHECKING:
    from tests.commands.conftest import Configure, Hubbub

ROWS = [
    {"id": "1", "time": "2026-11-01T12:00:10Z", "text": "GitHub is down, awful", "author": "a"},
    {"id": "2", "time": "2026-11-01T12:00:20Z", "text": "GitHub is great", "author": "b"},
    {"id": "3", "time": "2026-11-01T12:01:00Z", "text": "nothing at all", "author": "a"},
]
CSV = "id,time,text,author\n" + "".join(
    f'{row["id"]},{row["time"]},"{row["text"]}",{row["author"]}\n' for row in ROWS
)
LINES = "\n".join(json.dumps(row) for row in ROWS)
DAY = datetime(2026, 11, 1, tzinfo=UTC)
AIRLINES = Path(__file__).parents[3] / "shared" / "data" / "sentiment" / "airline-dev.csv"


def summary(read: int, stored: int, duplicates: int, refused: int) -> dict[str, int]:
    """Return what ``--json`` prints."""
    return {"read": read, "stored": stored, "duplicates": duplicates, "refused": refused}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("posts.csv", CSV.encode()),
        ("posts.csv.gz", gzip.compress(CSV.encode())),
        ("posts.csv.zst", zstandard.compress(CSV.encode())),
        ("posts.jsonl", LINES.encode()),
        ("posts.jsonl.gz", gzip.compress(LINES.encode())),
    ],
)
def test_an_archive_is_loaded_once(
    hubbub: Hubbub, journal: Path, tmp_path: Path, name: str, content: bytes
) -> None:
    """Whatever its form; a repetition adds nothing."""
    path = tmp_path / name
    path.write_bytes(content)
    arguments = ("import", path, "--topic", "GitHub", "--store", journal)
    first = hubbub(*arguments, "--json")
    assert (first.code, first.err) == (0, "")
    assert first.document == summary(3, 3, 0, 0)
    again = hubbub(*arguments)
    assert again.out == "3 rows read: 0 stored, 3 known already, 0 refused\n"
    minutes = Reader(journal).volumes("GitHub", DAY, DAY + timedelta(days=1), Level.MINUTE)
    assert [(v.total, v.negative, v.authors, v.coverage) for v in minutes] == [
        (2, 1, 2, 1.0), (1, 0, 1, 1.0),
    ]  # fmt: skip
    assert Reader(journal).sources() == []


def test_each_row_can_name_its_topic(
    hubbub: Hubbub, journal: Path, configure: Configure, tmp_path: Path
) -> None:
    """One that the configuration has is masked as it says there; another is made."""
    path = tmp_path / "posts.csv"
    path.write_text(
        "key,when,body,who,about\n"
        "1,1793534400,Mint is fresh,a,Linux Mint\n"
        "2,1793534401,United to Denver today,b,United\n",
        encoding="utf-8",
    )
    configuration = configure('[[topics]]\nname = "Linux Mint"\nany = ["mint"]\nmask = ["fresh"]\n')
    ended = hubbub(
        "import", path, "--topic-column", "about", "--id-column", "key", "--time-column", "when",
        "--text-column", "body", "--author-column", "who", "--source", "archive:x",
        "--store", journal, "--config", configuration, "--json",
    )  # fmt: skip
    assert ended.document == summary(2, 2, 0, 0)
    reader = Reader(journal)
    assert reader.topics() == ["Linux Mint", "United"]
    (mint,) = reader.mentions("Linux Mint", DAY, DAY + timedelta(days=30))
    (united,) = reader.mentions("United", DAY, DAY + timedelta(days=30))
    assert (mint.source, mint.id, mint.compound) == ("archive:x", "1", 0.0)
    assert united.compound == 0.0  # the name itself is no praise


def test_bad_rows_are_shown_counted_and_skipped(
    hubbub: Hubbub, journal: Path, tmp_path: Path
) -> None:
    """The first few one by one, with their lines; never fatal."""
    path = tmp_path / "posts.csv"
    bad = "".join(f"{n},no time at all,text {n},a\n" for n in range(30))
    path.write_text(CSV + bad + "9,2026-11-01T13:00:00Z,one more,a\n", encoding="utf-8")
    ended = hubbub("import", path, "--topic", "GitHub", "--store", journal, "--json")
    assert ended.code == 0
    assert ended.document == summary(34, 4, 0, 30)
    lines = ended.err.splitlines()
    assert lines[0].startswith("line 5 refused: the time 'no time at all'")
    assert lines[-1] == "more rows are refused; only their number is shown"
    assert len(lines) == 11


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "the file is empty"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(100), "neither CSV nor JSON Lines"),
        (b"id,when,text\n1,2,3\n", "no column 'time'; found"),
        (b'[{"time": 1}]', "this is a JSON array"),
        (gzip.compress(CSV.encode())[:60], "posts.csv"),
    ],
    ids=["empty", "a picture", "another column", "an array", "cut short"],
)
def test_a_file_that_is_no_archive_is_code_1(
    hubbub: Hubbub, journal: Path, tmp_path: Path, content: bytes, words: str
) -> None:
    """The message names the file and what to do."""
    path = tmp_path / "posts.csv"
    path.write_bytes(content)
    ended = hubbub("import", path, "--topic", "GitHub", "--store", journal)
    assert ended.code == 1
    assert ended.err.startswith(f"hubbub: {path}: ")
    assert words in ended.err


def test_a_file_that_is_not_there_is_code_1(hubbub: Hubbub, journal: Path, tmp_path: Path) -> None:
    """Nor a folder."""
    for path in (tmp_path / "nowhere.csv", tmp_path):
        ended = hubbub("import", path, "--topic", "GitHub", "--store", journal)
        assert ended.code == 1
        assert str(path) in ended.err


@pytest.mark.parametrize(
    "topics",
    [("--topic", "a", "--topic-column", "b"), ("--topic", ""), ("--topic-column", "")],
    ids=" ".join,
)
def test_one_way_to_name_the_topic_is_needed(
    hubbub: Hubbub, tmp_path: Path, topics: tuple[str, ...]
) -> None:
    """Both or an empty one is misuse."""
    ended = hubbub("import", tmp_path / "posts.csv", *topics)
    assert ended.code == 2
    assert "give either --topic T or --topic-column C" in ended.complaint


def test_a_column_called_topic_needs_no_option(
    hubbub: Hubbub, journal: Path, tmp_path: Path
) -> None:
    """Without any option it names the topics; without such a column the remedy is told."""
    path = tmp_path / "posts.csv"
    path.write_text("time,topic,text\n2026-11-01T12:00:00Z,GitHub,is down\n", encoding="utf-8")
    ended = hubbub("import", path, "--store", journal, "--json")
    assert ended.document == summary(1, 1, 0, 0)
    assert Reader(journal).topics() == ["GitHub"]
    path.write_text("time,text\n2026-11-01T12:00:00Z,is down\n", encoding="utf-8")
    ended = hubbub("import", path, "--store", journal)
    assert ended.code == 1
    assert "no column 'topic'" in ended.err
    assert "--topic-column" in ended.err


def test_the_recorded_week_is_loaded_whole(hubbub: Hubbub, journal: Path) -> None:
    """All 7,265 rows in; the two days of trouble stand out in complaints."""
    if not AIRLINES.exists():
        pytest.skip("the recorded airline week is not here (../shared/data)")
    arguments = ("import", AIRLINES, "--topic-column", "topic", "--store", journal, "--json")
    assert hubbub(*arguments).document == summary(7_265, 7_265, 0, 0)
    assert hubbub(*arguments).document == summary(7_265, 0, 7_265, 0)
    reader = Reader(journal)
    assert len(reader.topics()) == 6
    complaints: Counter[int] = Counter()
    for topic in reader.topics():
        week = datetime(2015, 2, 1, tzinfo=UTC), datetime(2015, 3, 1, tzinfo=UTC)
        for volume in reader.volumes(topic, *week, Level.DAY):
            complaints[volume.start.day] += volume.negative
    assert {day for day, _ in complaints.most_common(2)} == {22, 23}
