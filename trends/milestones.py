"""What is worth telling of two rankings: top tens entered and left, arrivals, overtakings."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from math import hypot, log
from typing import TYPE_CHECKING

from trends import noise
from trends.moves import moves

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from signals import Reading
    from trends.moves import Move
    from trends.ranking import Ranking

TOPS = (10, 20, 100)
"""The first so many places, entering and leaving which is a milestone."""


class Kind(StrEnum):
    """What happened."""

    ENTERED = "entered"
    LEFT = "left"
    NEW = "new"
    VANISHED = "vanished"
    OVERTOOK = "overtook"


@dataclass(frozen=True, slots=True)
class Milestone:
    """Something worth telling.

    Attributes:
        kind: What happened.
        distro: To which distro.
        name: What it is called.
        ranking: The later ranking.
        was: Its place before; None if it was not listed.
        now: Its place now; None if it is not listed.
        is_clear: Whether it is more than chance explains.
        top: Of an entry or exit: the first so many places.
        other: Of an overtaking: the distro that is now behind.
        other_name: What that is called.
    """

    kind: Kind
    distro: str
    name: str
    ranking: Ranking
    was: int | None
    now: int | None
    is_clear: bool
    top: int = 0
    other: str = ""
    other_name: str = ""

    @property
    def id(self) -> str:
        """Stable identity: the same milestone of the same day is never told twice."""
        about = self.other or (f"{self.top}" if self.top else "")
        of = f"{self.ranking.source}:{self.ranking.span}:{self.ranking.day:%Y-%m-%d}"
        return f"{of}:{self.distro}:{self.kind}" + (f":{about}" if about else "")

    @property
    def text(self) -> str:
        """One sentence without its full stop: ``Gentoo left the top 20 (from 18 to 37)``."""
        what = {
            Kind.ENTERED: f"entered the top {self.top}",
            Kind.LEFT: f"left the top {self.top}",
            Kind.NEW: "is new",
            Kind.VANISHED: "is no longer listed",
            Kind.OVERTOOK: f"overtook {self.other_name}",
        }[self.kind]
        if self.was and self.now:
            where = f"from {self.was} to {self.now}"
        else:
            where = f"at {self.now}" if self.now else f"was at {self.was}"
        return f"{self.name} {what} ({where})"


def milestones(
    before: Ranking, after: Ranking, *, tops: Sequence[int] = TOPS, within: int = 20
) -> tuple[Milestone, ...]:
    """Return all milestones between two rankings; those of the first places come first.

    Args:
        before: The earlier ranking.
        after: The later one, of the same source.
        tops: Which entries and exits to tell.
        within: Overtakings are told only of those that are now among the first so many, and only
            where they are clear.
    """
    found = moves(before, after)
    told = chain(
        _crossings(found, before, after, tops),
        _arrivals(found, before, after),
        (each for each in _overtakings(found, before, after, within) if each.is_clear),
    )
    return tuple(sorted(told, key=_order))


def crossings(before: Ranking, after: Ranking, tops: Sequence[int] = TOPS) -> Iterator[Milestone]:
    """Yield who entered and left the first so many places.

    A ranking that lists fewer than so many distros says nothing of those that it lacks.
    """
    return _crossings(moves(before, after), before, after, tops)


def arrivals(before: Ranking, after: Ranking) -> Iterator[Milestone]:
    """Yield who is new and who vanished, as far as both rankings list all distros."""
    return _arrivals(moves(before, after), before, after)


def overtakings(
    before: Ranking, after: Ranking, *, within: int | None = None, distro: str | None = None
) -> Iterator[Milestone]:
    """Yield who stands before whom it stood behind.

    Args:
        before: The earlier ranking.
        after: The later one.
        within: Only of those that are now among the first so many.
        distro: Only where it overtook, or was overtaken.
    """
    for each in _overtakings(moves(before, after), before, after, within):
        if distro is None or distro in {each.distro, each.other}:
            yield each


def _crossings(
    found: Sequence[Move], before: Ranking, after: Ranking, tops: Sequence[int]
) -> Iterator[Milestone]:
    for top in tops:
        for move in found:
            was, now = _is_among(top, move.before, before), _is_among(top, move.after, after)
            if was is None or now is None or was == now:
                continue
            clear = move.is_clear or move.places is None
            kind = Kind.ENTERED if now else Kind.LEFT
            yield _milestone(kind, move, after, is_clear=clear, top=top)


def _arrivals(found: Sequence[Move], before: Ranking, after: Ranking) -> Iterator[Milestone]:
    if not (before.is_whole and after.is_whole):
        return
    for move in found:
        if move.before is None:
            yield _milestone(Kind.NEW, move, after, is_clear=True)
        elif move.after is None:
            yield _milestone(Kind.VANISHED, move, after, is_clear=True)


def _overtakings(
    found: Sequence[Move], before: Ranking, after: Ranking, within: int | None
) -> Iterator[Milestone]:
    both = [move for move in found if move.places is not None]
    for at, ahead in enumerate(both):
        if within is not None and _rank(ahead.after) > within:
            return
        for behind in both[at + 1 :]:
            if _rank(ahead.before) > _rank(behind.before):
                clear = _is_clear(ahead, behind, before, after)
                yield _milestone(Kind.OVERTOOK, ahead, after, is_clear=clear, other=behind)


def _is_clear(ahead: Move, behind: Move, before: Ranking, after: Ranking) -> bool:
    """Return whether the lead changed by more than chance explains."""
    swing = 0.0
    for one, two, sign in ((ahead.after, behind.after, 1), (ahead.before, behind.before, -1)):
        if one is None or two is None:
            return False
        swing += sign * _lead(one, two)
    chance = hypot(
        *(
            noise.scatter(move.after.hits if move.after else None, before, after)
            for move in (ahead, behind)
        )
    )
    return swing > noise.SURE * chance


def _lead(one: Reading, two: Reading) -> float:
    """Return by how much ``one`` leads, as the logarithm of the ratio of hits, or of ranks."""
    if one.hits and two.hits:
        return log(one.hits / two.hits)
    return log(two.rank / one.rank)


def _is_among(top: int, reading: Reading | None, ranking: Ranking) -> bool | None:
    """Return whether ``reading`` is among the first ``top``; None if ``ranking`` cannot say."""
    if reading is not None:
        return reading.rank <= top
    return False if ranking.is_whole or len(ranking) >= top else None


def _rank(reading: Reading | None) -> int:
    return reading.rank if reading else 0


def _milestone(  # noqa: PLR0913 - as many as a milestone has parts
    kind: Kind,
    move: Move,
    after: Ranking,
    *,
    is_clear: bool,
    top: int = 0,
    other: Move | None = None,
) -> Milestone:
    return Milestone(
        kind,
        move.distro,
        move.name,
        after,
        move.before.rank if move.before else None,
        move.after.rank if move.after else None,
        is_clear,
        top,
        other.distro if other else "",
        other.name if other else "",
    )


def _order(milestone: Milestone) -> tuple[object, ...]:
    kinds = list(Kind)
    place = milestone.now or milestone.was or 0
    return kinds.index(milestone.kind), milestone.top, place, milestone.distro, milestone.other
