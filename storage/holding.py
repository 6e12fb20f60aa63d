"""What InfluxDB holds: the points that the journal's are compared with."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from signals import Level
from storage.expecting import WINDOW, Place
from storage.influx import InfluxError
from storage.line import NANOSECONDS, key
from storage.rollup import COLUMNS, SCORE_UNIT
from storage.sealing import MEASUREMENTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from storage.influx import Influx
    from storage.points import Kind

FIELDS = ("positive", "negative", "neutral", "unscored", "copies", "authors", "score_sum")
"""The fields of a bucket that are compared; ``total`` follows from them."""

SENT = tuple(at for at, name in enumerate(COLUMNS) if name != "negative_copies")
"""Where their values are among ``rollup.COLUMNS``."""

_NARROWEST = Level.HOUR * NANOSECONDS
_Rows = tuple[tuple[Any, ...], ...]


@dataclass(slots=True)
class Held:
    """What InfluxDB holds of a bucket.

    Attributes:
        counts: The sums over its points, by ``rollup.COLUMNS``.
        offsets: By how many nanoseconds each of its points follows its start.
    """

    counts: list[int] = field(default_factory=lambda: [0] * len(COLUMNS))
    offsets: set[int] = field(default_factory=set)


def buckets(influx: Influx, level: Level, window: int) -> dict[Place, Held]:
    """Return what ``influx`` holds of a window, corrections added up.

    Raises:
        InfluxError: It does not answer.
    """
    start, end = window * NANOSECONDS, (window + WINDOW[level]) * NANOSECONDS
    width = level * NANOSECONDS
    found: defaultdict[Place, Held] = defaultdict(Held)
    tags = ("topic", "source")
    for begin, rows in _points(influx, MEASUREMENTS[level], FIELDS, tags, (start, end - 1)):
        for time, *values, score in rows:
            held = found[begin, time // width * width]
            held.offsets.add(time % width)
            for at, value in zip(SENT, (*values, round((score or 0) * SCORE_UNIT)), strict=True):
                held.counts[at] += value or 0
    return dict(found)


def places(influx: Influx, kind: Kind, wanted: Iterable[Place]) -> set[Place]:
    """Return at which places ``influx`` holds points of ``kind``, at least among those ``wanted``.

    Raises:
        InfluxError: It does not answer.
    """
    days: dict[int, list[int]] = defaultdict(list)
    for _, time in wanted:
        days[time // (Level.DAY * NANOSECONDS)].append(time)
    return {
        (begin, row[0])
        for times in days.values()
        for begin, rows in _points(
            influx, kind.measurement, (kind.field,), kind.tags, (min(times), max(times))
        )
        for row in rows
    }


def _points(
    influx: Influx,
    measurement: str,
    fields: tuple[str, ...],
    tags: tuple[str, ...],
    stretch: tuple[int, int],
) -> Iterator[tuple[str, _Rows]]:
    """Yield key and points of each series between two instants in nanoseconds, both included.

    Where InfluxDB 3 Core finds them in more files than it opens for one query, it is asked for half
    of the time.
    """
    start, end = stretch
    try:
        found = influx.query(
            f"SELECT {_list(fields)} FROM {_list((measurement,))}"  # noqa: S608 - constants
            f" WHERE time >= {start} AND time <= {end} GROUP BY {_list(tags)}"
        )
    except InfluxError as error:
        if "file limit" not in error.reason or end - start <= _NARROWEST:
            raise
        middle = (start + end) // 2
        for half in ((start, middle), (middle + 1, end)):
            yield from _points(influx, measurement, fields, tags, half)
        return
    for series in found:
        yield key(measurement, {name: series.tags.get(name, "") for name in tags}), series.rows


def _list(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
