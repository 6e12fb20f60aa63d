"""Frames of both protocols, packed or not, well formed or hostile."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any

import msgspec
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from collectors.bluesky.frames import LARGEST, OddFrame, Reader, Record, read_record
from collectors.html import LONGEST
from tests.collectors.cases import RECORDED
from tests.collectors.cases.bluesky import events

READER = Reader()
FOLDER = RECORDED / "social/bluesky"


def dictionary() -> bytes:
    """Return a Zstandard dictionary of our own, trained on the payload."""
    samples: list[bytes | bytearray | memoryview] = [
        f"{event} {at}".encode() for at in range(200) for event in events()
    ]
    return zstandard.train_dictionary(4_000, samples, dict_id=7).as_bytes()


DICTIONARY = dictionary()


def packed(data: bytes, **options: Any) -> bytes:
    """Return ``data`` as a host packs it."""
    known = zstandard.ZstdCompressionDict(DICTIONARY)
    return zstandard.ZstdCompressor(dict_data=known, **options).compress(data)


def record(value: Any) -> Record:
    """Return a post."""
    return msgspec.convert(value, Record)


@pytest.mark.parametrize("protocol", ["v1", "v2"])
def test_both_protocols_say_the_same(protocol: str) -> None:
    """The same events in either protocol are the same frames."""
    frames = [READER.read(event.encode()) for event in events(protocol)]
    told = [
        (frame.did[-4:], frame.time_us % 1_000_000, frame.commit.operation if frame.commit else "")
        for frame in frames
        if frame.time_us
    ]
    assert [each[2] for each in told] == [
        *("create", "create", "", "create", "create", "create", "create", "delete", "update"),
        *("", ""),
    ]
    assert told[0] == ("ada1", 1, "create")
    commit = frames[0 if protocol == "v1" else 1].commit
    assert commit is not None
    assert commit.rkey == "3maaaaaaaaa2a"
    assert read_record(commit).text == "Forgebox is down again, is it only me?"


def test_the_end_of_a_stream() -> None:
    """An error frame says why the stream ends."""
    frame = READER.read(b'{"$type":"error","error":"ConsumerTooSlow","message":"too slow"}')
    assert frame.error == "ConsumerTooSlow"


@pytest.mark.parametrize(
    "raw",
    [
        *(b"", b"null", b"[]", b"{}", b'"text"', b"{", b'{"time_us": -1}', b'{"time_us": "1"}'),
        *(b'{"time_us": 1e300}', b'{"time_us": 1, "did": "\xff\xfe"}'),
        *(b"<html>Please log in</html>", b"\x00" * 100, b'{"payload": {"time": "yesterday"}}'),
        b'{"payload": {"time": "2026-11-24T13:00:00"}}',  # without a zone
        b'{"x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
)
def test_odd_frames(raw: bytes) -> None:
    """What is no event is refused, with a reason in plain words."""
    with pytest.raises(OddFrame) as caught:
        READER.read(raw)
    assert str(caught.value).isprintable()


@given(st.binary(max_size=300))
def test_any_bytes(raw: bytes) -> None:
    """Bytes are a frame or odd, never a crash."""
    for reader in (READER, Reader(DICTIONARY)):
        for each in (raw, b"\x28\xb5\x2f\xfd" + raw):
            try:
                reader.read(each)
            except OddFrame:
                continue


_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["uri", "tag", "title", "features"]), inner, max_size=3)
    ),
    max_leaves=6,
)
_records = st.dictionaries(
    st.sampled_from(["text", "langs", "tags", "facets", "embed", "external", "media"]), _values
)


@given(_records)
def test_any_record(value: dict[str, Any]) -> None:
    """Anything in the place of anything is a post or odd."""
    event = {"time_us": 1, "commit": {"record": value}}
    try:
        frame = READER.read(json.dumps(event).encode())
        assert frame.commit is not None
        text = read_record(frame.commit).readable()
    except OddFrame:
        return
    assert text.startswith(str(value.get("text", "")))


def test_what_a_reader_sees() -> None:
    """Links stand whole, with the title of the page and tags that the text does not show."""
    link = {"uri": "https://status.example/incidents/42"}
    assert record({"text": "hello"}).readable() == "hello"
    shown = record(
        {
            "text": "down: status.example/inc... #Outage",
            "tags": ["forgebox"],
            "facets": [
                {"features": [{"$type": "app.bsky.richtext.facet#link", **link}]},
                {"features": [{"$type": "app.bsky.richtext.facet#tag", "tag": "Outage"}]},
                {"features": [{"$type": "app.bsky.richtext.facet#mention", "did": "did:plc:x"}]},
            ],
            "embed": {"external": {**link, "title": "Pushes are failing", "description": "no"}},
        }
    )
    assert shown.readable().split("\n") == [
        "down: status.example/inc... #Outage",
        "Pushes are failing",
        "https://status.example/incidents/42",
        "#forgebox",
    ]
    quoting = {"embed": {"record": {"uri": "at://x"}, "media": {"external": {"title": "A page"}}}}
    assert record({"text": "this", **quoting}).readable() == "this\nA page"


def test_a_huge_record_is_cut() -> None:
    """However many links and tags there are, what is read of them is bounded."""
    features = [{"uri": f"https://example.org/{at}"} for at in range(20_000)]
    huge = record(
        {"text": "x" * 900_000, "facets": [{"features": features}], "tags": ["y" * 9_000] * 9_000}
    )
    assert len(huge.readable()) < 10 * LONGEST


@pytest.mark.parametrize("options", [{}, {"write_content_size": False}])
def test_packed_frames(options: dict[str, Any]) -> None:
    """A frame that is packed with the dictionary is unpacked, whether or not it states its size."""
    reader = Reader(DICTIONARY)
    assert reader.dictionary_id == 7
    for event in events():
        plain = event.encode()
        assert reader.read(packed(plain, **options)) == reader.read(plain)


@pytest.mark.parametrize("options", [{}, {"write_content_size": False}])
def test_a_bomb_takes_no_memory(options: dict[str, Any]) -> None:
    """A few bytes that would unpack to a gigabyte are refused before they do."""
    bomb = packed(b" " * 300_000_000, **options)
    assert len(bomb) < 50_000
    reader = Reader(DICTIONARY)
    tracemalloc.start()
    try:
        with pytest.raises(OddFrame):
            reader.read(bomb)
        assert tracemalloc.get_traced_memory()[1] < 3 * LARGEST
    finally:
        tracemalloc.stop()


def test_wrong_packing() -> None:
    """Frames packed with another dictionary, damaged ones, and ones nobody asked for are odd."""
    plain = events()[0].encode()
    with pytest.raises(OddFrame, match="nobody asked"):
        READER.read(packed(plain))
    for raw in (packed(plain)[:-4], zstandard.compress(b"{"), b"\x28\xb5\x2f\xfd"):
        with pytest.raises(OddFrame):
            Reader(DICTIONARY).read(raw)
    with pytest.raises(ValueError, match="no Zstandard dictionary"):
        Reader(b"<html>not here</html>")


@pytest.mark.skipif(not RECORDED.exists(), reason="recorded frames are not beside this checkout")
def test_recorded_frames() -> None:
    """Every real event is read, and comes through real dictionaries unchanged."""
    raws = (FOLDER / "jetstream-v1-2026-07-04.jsonl").read_bytes().splitlines()
    frames = [READER.read(raw) for raw in raws]
    assert len(frames) == 152
    assert sum(frame.commit is None for frame in frames) == 2
    for name in ("jetstream-v1.zdict", "jetstream-v2-20260811.zdict"):
        blob = (FOLDER / name).read_bytes()
        pack = zstandard.ZstdCompressor(dict_data=zstandard.ZstdCompressionDict(blob)).compress
        reader = Reader(blob)
        assert [reader.read(pack(raw)) for raw in raws] == frames


@pytest.mark.skipif(not RECORDED.exists(), reason="recorded frames are not beside this checkout")
def test_recorded_posts() -> None:
    """Every real post is read with its links."""
    posts = []
    for raw in (FOLDER / "jetstream-v1-2026-07-04.jsonl").read_bytes().splitlines():
        commit = READER.read(raw).commit
        if commit and commit.collection == "app.bsky.feed.post" and commit.operation == "create":
            posts.append(read_record(commit).readable())
    assert len(posts) == 17
    assert any("https://www.youtube.com/watch?v=V5lDo-jw8mA" in text for text in posts)
