"""Two rankings side by side, then and now."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.table import Table

import trends
from commands.distros.shown import figure, print_document, say_notes
from commands.terminal import row, say, show
from signals import iso
from trends import Relation

if TYPE_CHECKING:
    from signals import Reading
    from trends import Move, Ranking, Succession

_WORDS = {
    Relation.RENAMED: "renamed",
    Relation.MERGED: "merged into",
    Relation.SUCCEEDED: "succeeded by",
    Relation.FORKED: "forked into",
}


def show_both(before: Ranking, after: Ranking, limit: int, *, as_json: bool) -> None:
    """Show the first places of either ranking, in the order of the later one."""
    found = [
        move
        for move in trends.moves(before, after)
        if any(each and each.rank <= limit for each in (move.before, move.after))
    ]
    if as_json:
        print_document(
            {
                "source": after.source,
                "before": {"span": before.span, "day": iso(before.day), "distros": len(before)},
                "after": {"span": after.span, "day": iso(after.day), "distros": len(after)},
                "notes": trends.notes(before, after),
                "moves": [
                    {
                        "distro": move.distro,
                        "name": move.name,
                        "before": _place(move.before),
                        "after": _place(move.after),
                        "places": move.places,
                        "hits": move.hits,
                        "noise": round(move.noise, 2),
                        "clear": move.is_clear,
                        "change": _change(move, before, after),
                        "lineage": [asdict(each) for each in _lineage(move, before, after)],
                    }
                    for move in found
                ],
            }
        )
        return
    title = f"{before.source}: {before.title} and {after.title}"
    table = Table("distro", before.title, "hits a day", after.title, "hits a day", title=title)
    table.add_column("change")
    for move in found:
        cells = (
            cell
            for each in (move.before, move.after)
            for cell in ((str(each.rank), figure(each.hits)) if each else ("", ""))
        )
        row(table, move.name, *cells, _change(move, before, after))
    show(table)
    told = (each for move in found for each in _lineage(move, before, after))
    for succession in dict.fromkeys(told):
        say(_told(succession, before, after))
    say_notes(before, after)


def _change(move: Move, before: Ranking, after: Ranking) -> str:
    """Say what happened to a distro between two rankings."""
    if move.before is None and move.after is not None:
        return f"{_absent(before, 'new')}, now {move.after.rank}"
    if move.after is None and move.before is not None:
        return f"was {move.before.rank}, now {_absent(after, 'not listed')}"
    if move.before is None or move.after is None or not move.places:
        return "stayed"
    verb = "rose" if move.places > 0 else "fell"
    chance = "" if move.is_clear else ", as by chance"
    return f"{verb} from {move.before.rank} to {move.after.rank}{chance}"


def _absent(ranking: Ranking, word: str) -> str:
    """Say where a distro is that ``ranking`` lacks."""
    return word if ranking.is_whole else f"not among the first {len(ranking)}"


def _lineage(move: Move, before: Ranking, after: Ranking) -> tuple[Succession, ...]:
    """Return what became of a distro, or what it came from, in the time between two rankings."""
    years = range(before.day.year, after.day.year + 1)
    found = (*trends.successors(move.distro), *trends.predecessors(move.distro))
    return tuple(
        each
        for each in found
        if each.year in years and (before.get(each.before) or after.get(each.after))
    )


def _told(succession: Succession, before: Ranking, after: Ranking) -> str:
    earlier, later = before.get(succession.before), after.get(succession.after)
    was = f"{earlier.name} (was {earlier.rank})" if earlier else succession.before
    now = f"{later.name} (now {later.rank})" if later else succession.after
    return (
        f"{was}: {_WORDS[succession.relation]} {now} in {succession.year}; see {succession.source}"
    )


def _place(reading: Reading | None) -> dict[str, Any] | None:
    return {"rank": reading.rank, "hits": reading.hits} if reading else None
