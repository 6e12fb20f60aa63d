"""A small reader of line protocol, written from InfluxData's description of it.

See https://docs.influxdata.com/influxdb/v2/reference/syntax/line-protocol/.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

Value = int | float | str | bool

_PAIR = re.compile(r"((?:\\.|[^,=\\])+)=((?:\\.|[^,\\])*)")
_FIELD = re.compile(r'([A-Za-z0-9_]+)=("(?:\\.|[^"\\])*"|[^," ]+)(?:,|$)')
_LINE = re.compile(
    r"(?P<measurement>[A-Za-z0-9_]+)(?P<tags>(?:\\.|[^ \\])*)"
    r' (?P<fields>(?:"(?:\\.|[^"\\])*"|[^" ])+) (?P<time>-?\d+)'
)


@dataclass(frozen=True, slots=True)
class Line:
    """One point as a server would read it; ``time`` in nanoseconds."""

    measurement: str
    tags: tuple[tuple[str, str], ...]
    fields: dict[str, Value]
    time: int

    @property
    def key(self) -> tuple[str, tuple[tuple[str, str], ...], int]:
        """What makes two points the same point."""
        return self.measurement, tuple(sorted(self.tags)), self.time

    def tag(self, name: str) -> str:
        """Return a tag's value; empty without it."""
        return dict(self.tags).get(name, "")


def read_line(line: str) -> Line:
    """Return the point that ``line`` writes.

    Raises:
        ValueError: It is no line protocol.
    """
    if (match := _LINE.fullmatch(line)) is None:
        raise ValueError(f"no line protocol: {line!r}")
    tags = tuple(
        (_plain(name), _plain(value)) for name, value in _PAIR.findall(match["tags"].lstrip(","))
    )
    fields = {name: _value(raw) for name, raw in _FIELD.findall(match["fields"])}
    return Line(match["measurement"], tags, fields, int(match["time"]))


def _plain(text: str) -> str:
    return re.sub(r"\\([,= ])", r"\1", text)


def _value(raw: str) -> Value:
    if raw.startswith('"'):
        return re.sub(r"\\(.)", r"\1", raw[1:-1])
    if raw in {"true", "false"}:
        return raw == "true"
    return int(raw[:-1]) if raw.endswith("i") else float(raw)
