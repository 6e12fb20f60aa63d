"""Who moved in a ranking within a week, a month and a year, and what is worth telling of it."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from rich.table import Table

import trends
from commands.distros.shown import (
    figure,
    print_document,
    ranking_of,
    say_notes,
    signed,
    title,
)
from commands.terminal import row, say, show
from signals import iso

if TYPE_CHECKING:
    from collections.abc import Mapping

    from storage import Readings
    from trends import Milestone, Move, Ranking


class Over(StrEnum):
    """How long ago the ranking lies that the latest one is compared with."""

    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


_AGO = {
    Over.WEEK: (timedelta(days=7), timedelta(days=2)),
    Over.MONTH: (timedelta(days=30), timedelta(days=7)),
    Over.YEAR: (timedelta(days=365), timedelta(days=30)),
}
"""How long it is, and by how much the ranking compared with may lie nearer or further."""


def show_movers(
    readings: Readings, latest: Ranking, over: Over, limit: int, *, as_json: bool
) -> None:
    """Show the clear moves to ``latest``, with how far they got in each of three times."""
    before = {
        each: ranking_of(readings.ranking(latest.span, latest.day - ago, slack))
        for each, (ago, slack) in _AGO.items()
    }
    compared = {
        each: {move.distro: move for move in trends.moves(ranking, latest)}
        for each, ranking in before.items()
        if ranking is not None and ranking.day < latest.day
    }
    since = before[over] if over in compared else None
    found = trends.movers(compared[over].values())[:limit] if since else ()
    milestones = trends.milestones(since, latest) if since else ()
    if as_json:
        print_document(
            {
                "source": latest.source,
                "span": latest.span,
                "day": iso(latest.day),
                "over": over.value,
                "since": iso(since.day) if since else None,
                "notes": trends.notes(latest),
                "movers": [_mover(move, compared) for move in found],
                "milestones": [_milestone(each) for each in milestones],
            }
        )
        return
    if since is None:
        about = latest.day - _AGO[over][0]
        say(f"no {latest.span} ranking of about {about:%Y-%m-%d} to compare with; see --over")
        return
    head = f"{title(latest)}: who moved in a {over} (since {since.day:%Y-%m-%d})"
    table = Table("rank", "distro", "hits a day", "change", *Over, title=head)
    for move in found:
        moved = (_places(compared.get(each, {}).get(move.distro)) for each in Over)
        place = str(move.after.rank) if move.after else ""
        hits = figure(move.after.hits if move.after else None)
        row(table, place, move.name, hits, signed(move.hits), *moved)
    show(table)
    say("Places risen (+) and fallen (-) by more than chance; in brackets: no more than that.")
    for milestone in milestones[:limit]:
        say(milestone.text)
    say_notes(latest)


def _mover(move: Move, compared: Mapping[Over, Mapping[str, Move]]) -> dict[str, Any]:
    return {
        "distro": move.distro,
        "name": move.name,
        "rank": move.after.rank if move.after else None,
        "hits": move.after.hits if move.after else None,
        **{each.value: _moved(compared.get(each, {}).get(move.distro)) for each in Over},
    }


def _moved(move: Move | None) -> dict[str, Any] | None:
    """Return how far a distro has moved; None where there is nothing to compare with."""
    if move is None or move.before is None:
        return None
    return {
        "rank": move.before.rank,
        "places": move.places,
        "hits": move.hits,
        "noise": round(move.noise, 2),
        "clear": move.is_clear,
    }


def _milestone(milestone: Milestone) -> dict[str, Any]:
    return {
        "id": milestone.id,
        "kind": milestone.kind.value,
        "distro": milestone.distro,
        "name": milestone.name,
        "was": milestone.was,
        "now": milestone.now,
        "clear": milestone.is_clear,
        "top": milestone.top or None,
        "other": milestone.other or None,
        "text": milestone.text,
    }


def _places(move: Move | None) -> str:
    if move is None or move.places is None:
        return ""
    text = signed(move.places)
    return text if move.is_clear or not move.places else f"({text})"
