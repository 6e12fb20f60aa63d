"""One ranking: all distros of one source, over one span, on one day."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from signals import Reading

_SPAN = re.compile(r"(\d{1,3})([dwmy])")
_YEAR = re.compile(r"\d{4}")
_DAYS = {"d": 1.0, "w": 7.0, "m": 365 / 12, "y": 365.0}
# The rankings of years and of a week are on DistroWatch's front page, which lists no more.
_FRONT_PAGE = 100


@dataclass(frozen=True, slots=True)
class Ranking:
    """A ranking. Build it by ``Ranking.of``.

    Attributes:
        source: Who published it.
        span: The period averaged over.
        day: The UTC day it was published for.
        readings: Its distros, the first place first.
    """

    source: str
    span: str
    day: datetime
    readings: tuple[Reading, ...]
    _by_distro: Mapping[str, Reading] = field(repr=False, compare=False)
    _hits: tuple[int, ...] = field(repr=False, compare=False)

    @classmethod
    def of(cls, readings: Iterable[Reading]) -> Ranking:
        """Return the ranking that ``readings``, in any order, make up.

        Raises:
            ValueError: There is none, or they are not of one source, span and day.
        """
        ordered = tuple(sorted(readings, key=lambda reading: reading.rank))
        kinds = {(reading.source, reading.span, reading.day) for reading in ordered}
        if len(kinds) != 1:
            raise ValueError(f"a ranking is of one source, span and day, not of {len(kinds)}")
        ((source, span, day),) = kinds
        return cls(
            source,
            span,
            day,
            ordered,
            {reading.distro: reading for reading in ordered},
            tuple(sorted(reading.hits for reading in ordered if reading.hits is not None)),
        )

    def __len__(self) -> int:
        """Return how many distros it lists."""
        return len(self.readings)

    def get(self, distro: str) -> Reading | None:
        """Return the reading of a distro; None if it is not listed."""
        return self._by_distro.get(distro)

    @property
    def is_whole(self) -> bool:
        """Whether it lists all distros, so that one that lacks was not ranked at all."""
        return self.source != "distrowatch" or len(self.readings) > _FRONT_PAGE

    @property
    def is_year(self) -> bool:
        """Whether it averages over a calendar year."""
        return _YEAR.fullmatch(self.span) is not None

    @property
    def title(self) -> str:
        """What to call it: ``2010``, or ``6m, 2025-11-20``."""
        return self.span if self.is_year else f"{self.span}, {self.day:%Y-%m-%d}"

    def between(self, low: float, high: float) -> int:
        """Return how many distros have from ``low`` to ``high`` hits, both included."""
        return bisect_right(self._hits, high) - bisect_left(self._hits, low)


@cache
def days(span: str) -> float:
    """Return how many days ``span`` averages over: 7 for ``1w``, 365 for a year.

    Raises:
        ValueError: It is no span.
    """
    if _YEAR.fullmatch(span):
        return _DAYS["y"]
    if (match := _SPAN.fullmatch(span)) is None or not int(match[1]):
        raise ValueError(f"{span!r} is no span; write for example 6m, 1w or 2014")
    return int(match[1]) * _DAYS[match[2]]
