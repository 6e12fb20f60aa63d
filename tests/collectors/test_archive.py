"""Archives of posts: usable rows are read, others are refused by line, and none is fatal."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import threading
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.archive import Archive, ArchiveError, Columns, Refused, Row
from signals import Post

if TYPE_CHECKING:
    from collections.abc import Callable

AIRLINE = Path(__file__).parents[2] / ".." / "shared" / "data" / "sentiment" / "airline-dev.csv"
DEFAULT = Columns()
GOOD = '7,2024-05-01T10:00:00Z,"works, ""fine""",ann\n'
HEADER = "id,time,text,author\n"


def read(
    path: Path, content: str | bytes | None = None, columns: Columns = DEFAULT
) -> list[Row | Refused]:
    """Write ``content`` to ``path`` and return all that is read back."""
    if content is not None:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    with Archive(path, columns, "archive") as archive:
        return list(archive)


def refused(items: list[Row | Refused]) -> list[tuple[int, str]]:
    """Return the line and reason of each refused row."""
    return [(item.line, item.reason) for item in items if isinstance(item, Refused)]


def posts(items: list[Row | Refused]) -> list[Post]:
    """Return the posts of the usable rows."""
    return [item.post for item in items if isinstance(item, Row)]


def test_a_row_of_csv_becomes_a_post(tmp_path: Path) -> None:
    """Quoting, the source and the default column names are as documented."""
    when = datetime(2024, 5, 1, 10, tzinfo=UTC)
    post = Post("archive", "7", 'works, "fine"', when, "ann")
    assert read(tmp_path / "a.csv", HEADER + GOOD) == [Row(post, None)]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_columns_may_have_other_names_and_places(tmp_path: Path, delimiter: str) -> None:
    """Columns are found by their names, whatever else there is and whatever parts them."""
    lines = [["said", "n", "who", "when", "rest", "on"], ["hi", "1", "bo", "2024-05-01", "-", "x"]]
    content = "\n".join(delimiter.join(cells) for cells in lines)
    columns = Columns(id="n", time="when", text="said", author="who", topic="on")
    post = Post("archive", "1", "hi", datetime(2024, 5, 1, tzinfo=UTC), "bo")
    assert read(tmp_path / "a.csv", content, columns) == [Row(post, "x")]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
def test_byte_order_marks_and_line_ends_do_not_matter(
    tmp_path: Path, newline: str, bom: str
) -> None:
    """Files from Windows read as others do; blank lines are passed over."""
    content = bom + newline + (HEADER + "\n" + GOOD + "\n").replace("\n", newline)
    assert [post.id for post in posts(read(tmp_path / "a.csv", content))] == ["7"]
    line = json.dumps({"id": 7, "time": "2024-05-01", "text": "x"})
    content = bom + newline + line + newline + newline + line
    assert [post.id for post in posts(read(tmp_path / "a", content))] == ["7", "7"]


@pytest.mark.parametrize("suffix", ["", ".gz", ".zst"])
@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_each_format_and_compression_reads_the_same(tmp_path: Path, suffix: str, form: str) -> None:
    """CSV and JSON Lines, plain, .gz and .zst (also of several frames), give the same posts."""
    if form == "csv":
        lines = [HEADER, *(f"{at},2024-05-01T10:00:00Z,text {at},ann\n" for at in range(3_000))]
    else:
        row = {"time": "2024-05-01T10:00:00Z", "author": "ann"}
        lines = [json.dumps(row | {"id": n, "text": f"text {n}"}) + "\n" for n in range(3_000)]
    halves = ["".join(lines[:1_000]).encode(), "".join(lines[1_000:]).encode()]
    packers: dict[str, Callable[[bytes], bytes]] = {
        "": bytes,
        ".gz": gzip.compress,
        ".zst": zstandard.ZstdCompressor().compress,
    }
    pack = packers[suffix]
    items = read(tmp_path / f"a.{form}{suffix}", b"".join(pack(half) for half in halves))
    assert refused(items) == []
    assert [(post.id, post.text, post.author) for post in posts(items)] == [
        (str(at), f"text {at}", "ann") for at in range(3_000)
    ]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("8,,hi,ann", "the time '' is missing"),
        ("8,yesterday,hi,ann", "the time 'yesterday' is missing or unknown"),
        (f"8,{'9' * 5_000},hi,ann", "the time '999999999"),
        ("8,1989-12-31T23:59:59Z,hi,ann", "before 1990"),
        ("8,2999-01-01,hi,ann", "after next year"),
        (" ,2024-05-01,hi,ann", "the id is empty"),
        ("8,2024-05-01, ,ann", "the text is empty"),
        ("8,2024-05-01,hi", "3 cells where the header has 4"),
        ("8,2024-05-01,hi,ann,", "5 cells where the header has 4"),
        ("8,2024-05-01,a\0b,ann", "NUL"),
        (f"8,2024-05-01,{'a' * 100_001},ann", "100001 characters, more than 100000"),
        (f"8,2024-05-01,{'a' * 140_000},ann", "broken CSV: field larger than field limit"),
        (f"8,2024-05-01,{'a' * 3_000_000},ann", "the line is longer than 1048576 bytes"),
        (f"8,2024-05-01,hi,{'a' * 501}", "more than 500 characters"),
        ('8,2024-05-01,"he said "hi" there",ann', "broken CSV"),
        ('8,2024-05-01,"never closed,ann', "broken CSV"),
    ],
)
def test_a_bad_row_of_csv_is_refused_by_line(tmp_path: Path, row: str, reason: str) -> None:
    """Whatever is wrong with a row, it is named, and the rows around it are read."""
    items = read(tmp_path / "a.csv", HEADER + GOOD + row + "\n" + GOOD + GOOD)
    [(line, why)] = refused(items)
    assert line == 3
    assert reason in why
    assert len(why) < 200
    assert len(posts(items)) >= (1 if "never" in row else 3)


def test_bytes_that_are_not_utf_8_cost_one_row(tmp_path: Path) -> None:
    """A row with a foreign encoding is refused alone, even where it spans lines."""
    bad = b'8,2024-05-01,"caf\xe9\nau lait\nplease",ann\n'
    items = read(tmp_path / "a.csv", HEADER.encode() + bad + GOOD.encode())
    assert refused(items) == [(2, "it is not UTF-8 text")]
    assert [post.id for post in posts(items)] == ["7"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "no JSON"),
        ("nonsense", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ("[1, 2]", "JSON, but no object"),
        ("3", "JSON, but no object"),
        ("{}", "the time None is missing"),
        ('{"id": 1, "text": "x"}', "the time None is missing"),
        ('{"id": 1, "time": null, "text": "x"}', "the time None is missing"),
        ('{"id": 1, "time": true, "text": "x"}', "the time True is missing"),
        ('{"id": 1, "time": ["2024-05-01"], "text": "x"}', "is missing or unknown"),
        ('{"id": 1, "time": NaN, "text": "x"}', "is missing or unknown"),
        ('{"id": 1, "time": 1e400, "text": "x"}', "is missing or unknown"),
        ('{"id": 1, "time": -1, "text": "x"}', "before 1990"),
        ('{"id": 1, "time": "2024-05-01"}', "the text is empty"),
        ('{"id": 1, "time": "2024-05-01", "text": 5}', "the text is a int, not text"),
        ('{"id": {}, "time": "2024-05-01", "text": "x"}', "the id is a dict, not text"),
        ('{"id": "", "time": "2024-05-01", "text": "x"}', "the id is empty"),
        ('{"id": 1, "time": "2024-05-01", "text": "x", "author": [1]}', "the author is a list"),
        ('{"id": 1, "time": "2024-05-01", "text": "\\u0000"}', "the text holds a NUL"),
        ('{"id": 1, "time": "2024-05-01", "text": "\\ud83d"}', "half a character"),
        ('{"id": 1, "time": "2024-05-01", "text": "\udce9"}', "not UTF-8"),
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_a_bad_line_of_json_is_refused_by_line(
    tmp_path: Path, line: str, reason: str, *, first: bool
) -> None:
    """Whatever is wrong with a line, it is named, and the lines around it are read."""
    good = '{"id": "g", "time": "2024-05-01", "text": "x"}'
    lines = [line, good] if first else [good, line, good]
    content = "\n".join(lines).encode(errors="surrogateescape")
    items = read(tmp_path / "a.jsonl", content)
    [(number, why)] = refused(items)
    assert number == (1 if first else 2)
    assert reason in why or (first and "no key" in why)
    assert len(posts(items)) == len(lines) - 1


def test_rows_without_an_id_column_get_ids_of_their_content(tmp_path: Path) -> None:
    """A second reading gives the same ids; different rows get different ones."""
    content = "time,text\n2024-05-01,a\n2024-05-01,b\n2024-05-02,a\n2024-05-01T00:00:00Z,a\n"
    ids = [post.id for post in posts(read(tmp_path / "a.csv", content))]
    assert ids == [post.id for post in posts(read(tmp_path / "a.csv"))]
    assert len(set(ids[:3])) == 3
    assert ids[0] == ids[3]
    line = '{"time": "2024-05-01", "text": "a"}'
    assert [post.id for post in posts(read(tmp_path / "a.jsonl", line))] == ids[:1]


@pytest.mark.parametrize("form", ["csv", "jsonl"])
@pytest.mark.parametrize("option", ["id", "time", "text", "author", "topic"])
def test_a_missing_column_is_named_with_its_option(tmp_path: Path, form: str, option: str) -> None:
    """A column that was asked for and is not there stops the import, with what is there."""
    content = HEADER + GOOD if form == "csv" else '{"id": 1, "time": 0, "text": "", "author": 0}\n'
    with pytest.raises(ArchiveError) as caught:
        read(tmp_path / f"a.{form}", content * 2, Columns(**{option: "wrong"}))
    message = str(caught.value)
    assert "'wrong'; found 'id', 'time', 'text', 'author'" in message
    assert f"--{option}-column" in message
    assert str(tmp_path) in message


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.csv", b"", "the file is empty"),
        ("blank.csv", b"\n\r\n\n", "the file is empty"),
        ("empty.jsonl", b"", "the file is empty"),
        ("empty.gz", gzip.compress(b"", mtime=0), "the file is empty"),
        ("page.csv", b"<!DOCTYPE html>\n<html>", "no column 'time'; found '<!DOCTYPE html>'"),
        ("a.csv", b"PK\x03\x04\x00\x00\xff\xfe", "neither CSV nor JSON Lines in UTF-8"),
        ("elf.csv", b"\x7fELF\x02\x01\r\x01,\x00\n", "neither CSV nor JSON Lines in UTF-8"),
        ("utf16.csv", HEADER.encode("utf-16"), "neither CSV nor JSON Lines in UTF-8"),
        ("zeros.bin", bytes(5_000_000), "the line is longer than 1048576 bytes"),
        ("array.json", b'[{"id": 1}]', "a JSON array; write one object a line"),
        ("pretty.json", b'{\n  "id": 1\n}\n', "none of the first 3 lines can be used; line 1: no"),
        ("a.jsonl", b"PK\x03\x04\n" * 500, "none of the first 100 lines can be used"),
        ("quote.csv", b'id,"time\n', "unexpected end of data"),
        ("head.gz", b"\x1f\x8bnonsense", "damaged or cut short after line 0"),
        ("head.zst", b"\x28\xb5\x2f\xfdnonsense", "damaged or cut short after line 0"),
    ],
)
def test_a_file_that_is_no_archive_is_explained(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    """What cannot be imported at all says why, naming the file."""
    with pytest.raises(ArchiveError) as caught:
        read(tmp_path / name, content)
    assert message in str(caught.value)
    assert name in str(caught.value)


def test_a_file_that_cannot_be_read_is_explained(tmp_path: Path) -> None:
    """A missing file and a folder give the system's reason."""
    with pytest.raises(ArchiveError, match="cannot read it: No such file"):
        read(tmp_path / "none.csv")
    with pytest.raises(ArchiveError, match="cannot read it: Is a directory"):
        read(tmp_path)


@pytest.mark.parametrize("damage", ["cut", "changed", "garbage behind"])
@pytest.mark.parametrize("suffix", [".gz", ".zst"])
def test_a_damaged_compressed_file_keeps_what_was_read(
    tmp_path: Path, suffix: str, damage: str
) -> None:
    """Rows before the damage are yielded, then the error names the line reached."""
    text = HEADER + "".join(f"{n},2024-05-01,{os.urandom(40).hex()},x\n" for n in range(20_000))
    checked = zstandard.ZstdCompressor(write_checksum=True)
    compress = {".gz": gzip.compress, ".zst": checked.compress}[suffix]
    packed = bytearray(compress(text.encode()))
    middle = len(packed) // 2
    if damage == "cut":
        del packed[-500:]
    elif damage == "changed":
        packed[middle : middle + 40] = bytes(40)
    else:
        packed += b"garbage"
    path = tmp_path / f"a.csv{suffix}"
    path.write_bytes(packed)
    seen: list[Row | Refused] = []
    with (
        Archive(path, Columns(), "archive") as archive,
        pytest.raises(ArchiveError, match=r"damaged or cut short after line \d+"),
    ):
        seen.extend(archive)
    assert 5_000 < len(seen) <= 20_000


def test_progress_runs_from_nothing_to_the_size_on_disk(tmp_path: Path) -> None:
    """The position counts bytes of the compressed file and never runs back."""
    path = tmp_path / "a.csv.gz"
    rows = "".join(f"{n},2024-05-01,{os.urandom(40).hex()},x\n" for n in range(20_000))
    path.write_bytes(gzip.compress((HEADER + rows).encode()))
    with Archive(path, Columns(), "archive") as archive:
        assert archive.size == path.stat().st_size
        places = [archive.position for _ in archive]
        assert archive.position == archive.size
    assert places == sorted(places)
    assert places[0] < archive.size / 2
    assert len(set(places)) > 4


def test_a_pipe_can_be_read(tmp_path: Path) -> None:
    """A pipe, as from ``<(zcat ...)``, has no size or position, and is read all the same."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_text, args=(HEADER + GOOD,))
    writer.start()
    with Archive(path, Columns(), "archive") as archive:
        assert (archive.size, archive.position) == (0, 0)
        assert len(posts(list(archive))) == 1
    writer.join()


def test_memory_stays_bounded(tmp_path: Path) -> None:
    """A small file that expands to one line of 300 MB is read in a fraction of that."""
    path = tmp_path / "a.csv.zst"
    with zstandard.open(path, "wb") as packed:
        packed.write(HEADER.encode())
        for _ in range(300):
            packed.write(b"x" * 1_000_000)
        packed.write(b"\n" + GOOD.encode())
    tracemalloc.start()
    try:
        items = read(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert refused(items) == [(2, "the line is longer than 1048576 bytes")]
    assert len(posts(items)) == 1
    assert peak < 40_000_000


printable = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=30
).filter(lambda text: text.strip())
rows = st.lists(st.tuples(printable, printable), min_size=1, max_size=5)


@settings(deadline=None)
@given(rows)
def test_csv_round_trips(
    tmp_path_factory: pytest.TempPathFactory, wanted: list[tuple[str, str]]
) -> None:
    """Whatever Python's CSV writer writes, with quotes and line breaks, is read back."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(["id", "time", "author", "text"])
    writer.writerows([at, "2024-05-01", *row] for at, row in enumerate(wanted))
    items = read(tmp_path_factory.getbasetemp() / "round.csv", out.getvalue())
    assert refused(items) == []
    assert [(post.author, post.text) for post in posts(items)] == [
        (author.strip(), text) for author, text in wanted
    ]


@settings(deadline=None)
@given(rows, st.sampled_from(["escaped", "raw"]))
def test_json_lines_round_trip(
    tmp_path_factory: pytest.TempPathFactory, wanted: list[tuple[str, str]], escaped: str
) -> None:
    """Whatever Python's JSON encoder writes, escaped or not, is read back."""
    content = "\n".join(
        json.dumps(
            {"id": at, "time": 1714558830, "author": author, "text": text},
            ensure_ascii=escaped == "escaped",
        )
        for at, (author, text) in enumerate(wanted)
    )
    items = read(tmp_path_factory.getbasetemp() / "round.jsonl", content)
    assert refused(items) == []
    assert [(post.author, post.text) for post in posts(items)] == [
        (author.strip(), text) for author, text in wanted
    ]


@settings(deadline=None)
@given(st.binary(max_size=300), st.sampled_from(["csv", "jsonl"]))
def test_any_bytes_behind_a_good_start_are_harmless(
    tmp_path_factory: pytest.TempPathFactory, junk: bytes, form: str
) -> None:
    """Junk is refused line by line and never raises; what was read before it stands."""
    start = HEADER + GOOD if form == "csv" else '{"time": "2024-05-01", "text": "x"}\n'
    items = read(tmp_path_factory.getbasetemp() / f"junk.{form}", start.encode() + junk)
    assert isinstance(items[0], Row)


@pytest.mark.skipif(not AIRLINE.exists(), reason="the recorded data is not beside this checkout")
def test_the_recorded_airline_posts_are_all_read() -> None:
    """A real archive of 7,265 posts about six services reads without a refusal."""
    items = read(AIRLINE, columns=Columns(topic="topic"))
    assert refused(items) == []
    assert len(items) == 7_265
    assert len({item.topic for item in items if isinstance(item, Row)}) == 6
