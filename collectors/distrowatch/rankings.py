"""Past rankings out of a CSV, for the years and days that nobody collected.

Columns, in any order and case: ``rank``; ``name``, or ``distro`` (also ``slug``), or both;
``year``, or ``day`` (also ``date``) and ``span``; and, if it is known, ``hits`` (also ``hpd``).
Others are passed over. A row that cannot be used is yielded as ``Refused`` and never stops the
rest.
"""

from __future__ import annotations

import csv
import re
from bisect import insort
from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from collectors.archive import Refused
from collectors.distrowatch.pages import FIRST_YEAR, SOURCE, SPANS
from collectors.unpacking import ArchiveError, BadRow, Lines, unpack
from signals import Reading
from trends import distro_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_ALIASES = {"slug": "distro", "date": "day", "hpd": "hits"}
_DAILY = frozenset({*SPANS.values(), "1w"})
_YEAR = re.compile(r"\d{4}")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_RANK = re.compile(r"[1-9]\d{0,4}")
_HITS = re.compile(r"\d{1,3}(?:,\d{3})+|\d{1,9}")
_DISTRO = re.compile(r"[a-z0-9][a-z0-9._+-]{0,63}")
_LONGEST_NAME = 100


def read_rankings(
    path: Path, now: datetime, known: Mapping[str, str] | None = None
) -> Iterator[Reading | Refused]:
    """Yield each row of a CSV (``,``, ``;`` or tab; also ``.gz`` and ``.zst``), in its order.

    A year's readings are dated on its last day.

    Args:
        path: The file.
        now: The present; what is not over yet is refused.
        known: Slugs by name in lower case, for rows that have a name only.

    Raises:
        ArchiveError: It cannot be read, is of another format or lacks a column.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise ArchiveError(f"{path}: cannot read it: {error.strerror}") from None
    with file:
        try:
            lines = Lines(unpack(file), path)
            start = lines.peek()
            rows = csv.reader(lines, delimiter=max(",;\t", key=start.count), strict=True)
            header = [_column(name) for name in next(rows, ())]
            _require(header)
        except (BadRow, csv.Error, OSError) as problem:
            raise ArchiveError(f"{path}: {problem}") from None
        checks = _Checks()
        while True:
            line = lines.number + 1
            lines.problem = ""
            try:
                cells = next(rows, None)
                if cells is None:
                    return
                if not cells:
                    continue
                if lines.problem:
                    raise BadRow(lines.problem)  # noqa: TRY301 - one way to refuse
                if len(cells) != len(header):
                    raise BadRow(f"{len(cells)} cells where the header has {len(header)}")  # noqa: TRY301 - likewise
                row = dict(zip(header, (" ".join(cell.split()) for cell in cells), strict=True))
                reading = _reading(row, now, known or {})
                checks.take(reading, line)
                yield reading
            except BadRow as bad:
                yield Refused(line, str(bad))
            except csv.Error as error:
                yield Refused(line, f"broken CSV: {error}; is a quote missing?")


def _column(name: str) -> str:
    lowered = name.strip().lower()
    return _ALIASES.get(lowered, lowered)


def _require(header: list[str]) -> None:
    found = set(header)
    if (
        "rank" in found
        and found & {"name", "distro"}
        and ("year" in found or {"day", "span"} <= found)
    ):
        return
    listed = ", ".join(repr(name[:40]) for name in header[:30]) or "nothing"
    raise BadRow(
        "a past ranking needs the columns rank, name or distro, and year, or day and span; "
        f"found {listed}"
    )


def _reading(row: Mapping[str, str], now: datetime, known: Mapping[str, str]) -> Reading:
    """Return the reading that a row is, or raise ``BadRow``."""
    span, day = _when(row, now)
    rank, hits = row["rank"], row.get("hits", "")
    if not _RANK.fullmatch(rank):
        raise BadRow(f"the rank {rank[:20]!r} is no place")
    if hits and not _HITS.fullmatch(hits):
        raise BadRow(f"the hits {hits[:20]!r} are no whole number")
    name = row.get("name") or row.get("distro", "")
    if len(name) > _LONGEST_NAME:
        raise BadRow(f"the name has more than {_LONGEST_NAME} characters")
    distro = row.get("distro", "").lower() or distro_of(name, known)
    if not _DISTRO.fullmatch(distro):
        raise BadRow(f"{(row.get('distro') or name)[:40]!r} is no distro; add a column distro")
    return Reading(
        distro, name, SOURCE, span, day, int(rank), int(hits.replace(",", "")) if hits else None
    )


def _when(row: Mapping[str, str], now: datetime) -> tuple[str, datetime]:
    """Return the span of a row and the day it is dated on."""
    if year := row.get("year", ""):
        if not _YEAR.fullmatch(year) or not FIRST_YEAR <= int(year) < now.year:
            raise BadRow(f"the year {year[:20]!r} is none from {FIRST_YEAR} to {now.year - 1}")
        return year, datetime(int(year), 12, 31, tzinfo=UTC)
    text, span = row.get("day", ""), row.get("span", "")
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        day = None
    if day is None or not _DAY.fullmatch(text) or day.year < FIRST_YEAR or day > now:
        raise BadRow(f"the day {text[:20]!r} is none from {FIRST_YEAR} until today, as 2014-12-31")
    if span not in _DAILY:
        raise BadRow(f"the span {span[:20]!r} is none of {', '.join(sorted(_DAILY))}")
    return span, day


class _Checks:
    """Refuses what contradicts the rows before it."""

    def __init__(self) -> None:
        self._distros: dict[tuple[str, datetime, str], int] = {}
        self._ranks: dict[tuple[str, datetime, int], int] = {}
        self._hits: defaultdict[tuple[str, datetime], list[tuple[int, int]]] = defaultdict(list)

    def take(self, reading: Reading, line: int) -> None:
        """Remember a reading, or raise ``BadRow``."""
        of = reading.span, reading.day
        if before := self._distros.get((*of, reading.distro)):
            raise BadRow(f"{reading.distro} is ranked on line {before} already")
        if before := self._ranks.get((*of, reading.rank)):
            raise BadRow(f"the rank {reading.rank} is given on line {before} already")
        if reading.hits is not None:
            # Ranks are unique, so that the neighbours in order of rank are those to compare with.
            ordered = self._hits[of]
            insort(ordered, (reading.rank, reading.hits))
            at = ordered.index((reading.rank, reading.hits))
            near = [hits for _, hits in ordered[max(at - 1, 0) : at + 2]]
            if near != sorted(near, reverse=True):
                ordered.pop(at)
                raise BadRow(f"the hits {reading.hits} do not fit between those of its neighbours")
        self._distros[*of, reading.distro] = self._ranks[*of, reading.rank] = line
