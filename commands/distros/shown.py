"""What all views of rankings share."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import typer

import trends
from commands.terminal import say
from trends import Ranking

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from signals import Reading


def ranking_of(readings: Sequence[Reading]) -> Ranking | None:
    """Return the ranking that ``readings`` make up; None if there are none."""
    return Ranking.of(readings) if readings else None


def title(ranking: Ranking) -> str:
    """Return what to call a ranking, with its source."""
    return f"{ranking.source}, {ranking.title}"


def say_notes(*rankings: Ranking) -> None:
    """Say what must be said of figures of these rankings."""
    for note in trends.notes(*rankings):
        say(note)


def figure(hits: int | None) -> str:
    """Return hits for people; what is unknown is no zero."""
    return f"{hits:,}" if hits is not None else "unknown"


def signed(number: int | None) -> str:
    """Return a difference with its sign; nothing if there is none to tell."""
    return "" if number is None else f"{number:+,}" if number else "0"


def print_document(document: Mapping[str, Any] | Iterable[Any]) -> None:
    """Print a document for programs."""
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False))
