"""Points as line protocol, the one format that InfluxDB 1, 2 and 3 all take.

See https://docs.influxdata.com/influxdb3/core/reference/line-protocol/. The same input gives the
same bytes, so that a point may be sent again without being counted again.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

Value = int | float | str | bool

NANOSECONDS = 1_000_000_000
"""In a second."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_KEY = re.compile(r"(?:\\.|[^\\ ])+")
_RESERVED = "time"
_SMALLEST, _LARGEST = -(2**63), 2**63 - 1
# Where InfluxDB 1 and 2 begin and end: https://docs.influxdata.com/influxdb/v1/troubleshooting/frequently-asked-questions/
_FIRST, _LAST = _SMALLEST + 2, _LARGEST - 1
_LONGEST_TAG = 1_024  # InfluxDB 1 and 2 take 64 KB for the measurement and all tags together
_LONGEST_STRING = 65_536

# Line breaks end a line, and InfluxDB 3 takes no other control character either; half a surrogate
# pair has no UTF-8.
_UNPRINTABLE: dict[int, str] = {
    **dict.fromkeys([*range(0x20), *range(0x7F, 0xA0)], " "),
    **dict.fromkeys(range(0xD800, 0xE000), "\N{REPLACEMENT CHARACTER}"),
}
# A backslash in a tag cannot be escaped: before a comma, a space or the end it always escapes what
# follows. Its full-width form looks the same and takes no other tag's place.
_IN_TAG = str.maketrans({",": r"\,", "=": r"\=", " ": r"\ ", "\\": "\N{FULLWIDTH REVERSE SOLIDUS}"})
_IN_STRING = str.maketrans({'"': r"\"", "\\": r"\\"})


def point(measurement: str, tags: Mapping[str, str], fields: Mapping[str, Value], time: int) -> str:
    r"""Return one line of line protocol, without its line break.

    Tags and fields stand in the caller's order: InfluxDB 3 sorts a table by its tags in the order
    of the first write, so the tag that most queries filter by belongs first. Control characters
    become spaces, a ``\`` in a tag becomes its full-width form, text is cut at 64 KB (a tag at
    1 KB), and a tag without a value is left out, as all versions ask.

    Args:
        measurement: Its name. Names are letters, digits and underscores.
        tags: What the point is about.
        fields: What was measured; at least one.
        time: Nanoseconds since 1970 in UTC.

    Raises:
        ValueError: There is no field, a number is not finite or beyond 64 bits, the time is out
            of range (1677 to 2262), or a name is unusable, reserved or both a tag and a field.
    """
    if not fields:
        raise ValueError(f"a point of {measurement} needs at least one field")
    if not _FIRST <= time <= _LAST:
        raise ValueError(f"a point of {measurement} lies outside the years 1677 to 2262: {time} ns")
    for name in (measurement, *tags, *fields):
        if _NAME.fullmatch(name) is None or name == _RESERVED:
            raise ValueError(f"{name!r} cannot name a measurement, a tag or a field")
    if both := tags.keys() & fields.keys():
        raise ValueError(f"{', '.join(sorted(both))} cannot be a tag and a field of {measurement}")
    values = ",".join(f"{name}={_field(name, value)}" for name, value in fields.items())
    return f"{key(measurement, tags)} {values} {time}"


def key(measurement: str, tags: Mapping[str, str]) -> str:
    """Return how the lines of one series begin; tags as InfluxDB gives them back do as well."""
    return measurement + "".join(f",{name}={_tag(value)}" for name, value in tags.items() if value)


def identity(line: str) -> tuple[str, int]:
    """Return what makes ``line``, which ``point`` made, the point that it is: its key and time."""
    begin, _, time = line.rpartition(" ")
    found = _KEY.match(begin)
    assert found is not None  # noqa: S101 - every line begins with its measurement
    return found[0], int(time)


def _tag(value: str) -> str:
    return _cut(value.translate(_UNPRINTABLE), _LONGEST_TAG).translate(_IN_TAG)


def _field(name: str, value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        if not _SMALLEST <= value <= _LARGEST:
            raise ValueError(f"{name} does not fit into 64 bits: {value}")
        return f"{int(value)}i"
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{name} is not a finite number: {value}")
        # InfluxDB 3 reads no negative number whose exponent follows a whole one, such as -1e-05.
        number = repr(float(value))
        return number if "." in number else number.replace("e", ".0e")
    text = _cut(value.translate(_UNPRINTABLE), _LONGEST_STRING)
    return f'"{text.translate(_IN_STRING)}"'


def _cut(text: str, longest: int) -> str:
    """Return ``text`` cut to ``longest`` bytes of UTF-8, at a whole character."""
    return text.encode()[:longest].decode(errors="ignore")
