"""Who moved between two rankings, by how many places and hits, and whether chance explains it."""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING

from trends import noise

if TYPE_CHECKING:
    from collections.abc import Iterable

    from signals import Reading
    from trends.ranking import Ranking


@dataclass(frozen=True, slots=True)
class Move:
    """One distro in two rankings.

    Attributes:
        distro: Its slug.
        before: Where it stood; None if the earlier ranking does not list it.
        after: Where it stands; None if the later ranking does not list it.
        noise: How many places chance moves it, as a standard deviation.
    """

    distro: str
    before: Reading | None
    after: Reading | None
    noise: float

    @property
    def name(self) -> str:
        """What it is called, or was called last."""
        known = self.after or self.before
        return known.name if known else self.distro

    @property
    def places(self) -> int | None:
        """How many places it rose, negative if it fell; None if it is not in both rankings."""
        if self.before is None or self.after is None:
            return None
        return self.before.rank - self.after.rank

    @property
    def hits(self) -> int | None:
        """How many hits a day it gained; None if one of the figures is unknown."""
        if self.before is None or self.after is None:
            return None
        if self.before.hits is None or self.after.hits is None:
            return None
        return self.after.hits - self.before.hits

    @property
    def is_clear(self) -> bool:
        """Whether it moved by more places than chance explains."""
        return self.places is not None and abs(self.places) > noise.SURE * self.noise

    @property
    def strength(self) -> float:
        """How far it rose on a scale where 30 to 10 is as far as 3 to 1; negative if it fell."""
        if self.before is None or self.after is None:
            return 0.0
        return log(self.before.rank / self.after.rank)


def moves(before: Ranking, after: Ranking) -> tuple[Move, ...]:
    """Return every distro of either ranking, in the order of the later one; the lost come last.

    Raises:
        ValueError: The rankings are of different sources, which have nothing to compare.
    """
    if before.source != after.source:
        raise ValueError(f"{before.source} and {after.source} count different things")
    kept = [_move(before, after, before.get(reading.distro), reading) for reading in after.readings]
    lost = [
        _move(before, after, reading, None)
        for reading in before.readings
        if after.get(reading.distro) is None
    ]
    return (*kept, *lost)


def movers(found: Iterable[Move]) -> tuple[Move, ...]:
    """Return the clear moves, the strongest first, up or down."""
    clear = (move for move in found if move.is_clear)
    return tuple(sorted(clear, key=lambda move: (-abs(move.strength), move.distro)))


def _move(before: Ranking, after: Ranking, was: Reading | None, now: Reading | None) -> Move:
    """Return a move; its noise is that of the end at which chance moves more."""
    distro = now.distro if now else was.distro if was else ""
    chance = max(
        noise.places(reading, ranking, noise.scatter(reading.hits, before, after))
        for reading, ranking in ((was, before), (now, after))
        if reading is not None
    )
    return Move(distro, was, now, chance)
