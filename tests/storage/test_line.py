"""Line protocol: what is written is what a real InfluxDB gives back."""

from __future__ import annotations

import itertools
import math
import unicodedata
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from signals import State
from storage.influx import Influx
from storage.line import identity, key, point
from tests.support.influx import Front

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.influx import Influxd

MIDNIGHT = 1_764_028_800 * 10**9
_numbers = itertools.count()

hostile = st.text(
    st.one_of(
        st.sampled_from(["\\", '"', ",", "=", " ", "\n", "\r", "\t", "\0", "#", "'", "\x85", "i"]),
        st.characters(codec=None),
    ),
    max_size=40,
)
values = st.one_of(
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    hostile,
)


@pytest.fixture(scope="module")
def influx(influxd: Influxd) -> Iterator[Influx]:
    """Return a connection to a database that all the examples of this module share."""
    front = Front(influxd).start()
    with Influx(front.settings()) as connection:
        yield connection
    front.stop()


def printable(text: str) -> str:
    """Return ``text`` as the rules of the module say that it is stored."""
    replacements = {"Cc": " ", "Cs": "\N{REPLACEMENT CHARACTER}"}
    return "".join(replacements.get(unicodedata.category(c), c) for c in text)


def store(influx: Influx, tags: dict[str, str], fields: dict[str, Any]) -> tuple[Any, Any]:
    """Write a point; return the tags and fields that InfluxDB gives back."""
    measurement = f"example_{next(_numbers)}"
    influx.write([point(measurement, tags, fields, MIDNIGHT)])
    (series,) = influx.query(f"SELECT * FROM {measurement} GROUP BY *")
    (row,) = series.rows
    stored = dict(zip(series.columns, row, strict=True))
    assert stored.pop("time") == MIDNIGHT
    return {k: v for k, v in series.tags.items() if v}, stored


@given(
    tags=st.dictionaries(st.sampled_from(["topic", "source", "span"]), hostile),
    fields=st.dictionaries(st.sampled_from("abcd"), values, min_size=1),
)
@hypothesis_settings(deadline=None)
def test_whatever_is_written_is_read_back(
    influx: Influx, tags: dict[str, str], fields: dict[str, Any]
) -> None:
    """Hostile tags, strings and extreme numbers come back from InfluxDB as they were."""
    read_tags, read_fields = store(influx, tags, fields)
    assert read_tags == {
        name: printable(value).replace("\\", "\N{FULLWIDTH REVERSE SOLIDUS}")
        for name, value in tags.items()
        if value
    }
    back = {name: read_tags.get(name, "") for name in tags}
    assert identity(point("m", tags, fields, MIDNIGHT)) == (key("m", back), MIDNIGHT)
    # JSON has one kind of number: a whole float is read as an integer of the same shortest digits.
    floats = {name: float(read_fields[name]) for name in fields if type(fields[name]) is float}
    assert {**read_fields, **floats} == {
        name: printable(value) if isinstance(value, str) else value
        for name, value in fields.items()
    }


@given(texts=st.lists(hostile, min_size=1))
def test_no_text_makes_a_second_line(texts: list[str]) -> None:
    """Whatever a tag or a string holds, a point stays one line of valid UTF-8."""
    for text in texts:
        line = point("m", {"t": text}, {"f": text}, 0)
        assert len(line.encode().splitlines()) == 1
        assert line.isprintable() or not any(unicodedata.category(c) == "Cc" for c in line)


def test_one_point_reads_as_documented() -> None:
    """Tags and fields keep the caller's order, and each type has its own form."""
    line = point(
        "mention_1m",
        {"topic": "My, bank", "source": "hn"},
        {"total": 3, "score_sum": -0.5, "ok": True, "state": State.CONFIRMED, "text": 'a "b" \\'},
        MIDNIGHT,
    )
    assert line == (
        r"mention_1m,topic=My\,\ bank,source=hn"
        r' total=3i,score_sum=-0.5,ok=true,state=2i,text="a \"b\" \\"'
        " 1764028800000000000"
    )


@pytest.mark.parametrize(
    ("number", "written"),
    [(-1e-05, "-1.0e-05"), (1e22, "1.0e+22"), (1.5e-07, "1.5e-07"), (2.0, "2.0"), (-0.0, "-0.0")],
)
def test_a_float_is_written_so_that_every_version_reads_it(number: float, written: str) -> None:
    """An exponent never follows a whole number, which InfluxDB 3 would not read."""
    assert point("m", {}, {"f": number}, 0) == f"m f={written} 0"


def test_a_tag_without_a_value_is_left_out() -> None:
    """All versions forbid empty tag values."""
    assert point("m", {"a": "", "b": "x"}, {"f": 1}, 0) == "m,b=x f=1i 0"


def test_a_tag_may_end_in_a_backslash(influx: Influx) -> None:
    """A backslash at the end of a tag does not swallow the comma after it."""
    tags, fields = store(influx, {"topic": "C:\\", "source": "\\"}, {"f": 1})
    assert tags == {"topic": "C:＼", "source": "＼"}  # noqa: RUF001 - full-width on purpose
    assert fields == {"f": 1}


def test_long_text_is_cut_at_a_whole_character(influx: Influx) -> None:
    """A string is cut to 64 KB and a tag to 1 KB of UTF-8, and InfluxDB takes both."""
    tags, fields = store(influx, {"topic": "x" + "é" * 5_000}, {"text": "x" + "é" * 50_000})
    assert tags == {"topic": "x" + "é" * 511}
    assert fields == {"text": "x" + "é" * 32_767}


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_none_is_refused(number: float) -> None:
    """InfluxDB has neither NaN nor infinity."""
    with pytest.raises(ValueError, match="score is not a finite number"):
        point("spike", {}, {"score": number}, 0)


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1])
def test_an_integer_beyond_64_bits_is_refused(number: int) -> None:
    """InfluxDB's integers have 64 bits."""
    with pytest.raises(ValueError, match="end_ms does not fit into 64 bits"):
        point("event", {}, {"end_ms": number}, 0)


def test_a_point_without_fields_is_refused() -> None:
    """A point has at least one field."""
    with pytest.raises(ValueError, match="a point of spike needs at least one field"):
        point("spike", {"topic": "x"}, {}, 0)


@pytest.mark.parametrize("time", [2**63 - 1, -(2**63) + 1])
def test_a_time_out_of_range_is_refused(time: int) -> None:
    """Nanoseconds since 1970 end in 1677 and 2262."""
    with pytest.raises(ValueError, match="outside the years 1677 to 2262"):
        point("spike", {}, {"score": 1.0}, time)


@pytest.mark.parametrize("time", [2**63 - 2, -(2**63) + 2])
def test_the_outermost_times_are_stored(influx: Influx, time: int) -> None:
    """The range that a point may have is the one that InfluxDB takes."""
    measurement = f"example_{next(_numbers)}"
    influx.write([point(measurement, {}, {"f": 1}, time)])
    (series,) = influx.query(
        f"SELECT f FROM {measurement} WHERE time >= {-(2**63) + 2} AND time <= {2**63 - 2}"
    )
    assert series.rows == ((time, 1),)


@pytest.mark.parametrize("name", ["", "#m", "a b", "a,b", "a=b", "a\n", "_field", "time", "é"])
def test_an_unusable_name_is_refused(name: str) -> None:
    """Names of measurements, tags and fields are plain, and none is reserved."""
    for measurement, tag, field in [(name, "t", "f"), ("m", name, "f"), ("m", "t", name)]:
        with pytest.raises(ValueError, match="cannot name"):
            point(measurement, {tag: "x"}, {field: 1}, 0)


def test_a_name_cannot_be_a_tag_and_a_field() -> None:
    """InfluxDB 3 has one column for a name."""
    with pytest.raises(ValueError, match="source cannot be a tag and a field of collector"):
        point("collector", {"source": "hn"}, {"source": 1}, 0)
