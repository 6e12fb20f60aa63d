"""A process that records numbered collections, to be killed or watched at its work.

``python -m tests.support.recorder JOURNAL UNTIL [SOURCE]`` goes on from the cursor and prints the
number of each collection that it has stored.
"""

from __future__ import annotations

import random
import sys
from datetime import timedelta
from pathlib import Path

from signals import Collection, Mention, Span
from storage import Journal
from tests.support.mentions import NOON, SOURCE, START, heard, mention

PAGE = 20
"""Mentions in a collection; the first half of them was in the collection before."""


def mentions(number: int, source: str = SOURCE) -> list[Mention]:
    """Return what collection ``number`` brings, the same each time."""
    first = number * PAGE // 2
    return [_mention(identity, source) for identity in range(first, first + PAGE)]


def collection(number: int, source: str = SOURCE) -> Collection:
    """Return collection ``number``; its cursor is the number of the next one."""
    start = START + number * 60
    return heard((start, start + 60), source=source, cursor=str(number + 1))


def record(path: Path, until: int, source: str = SOURCE) -> None:
    """Record the collections from the cursor up to ``until``."""
    with Journal(path) as journal:
        journal.declare(["GitHub", "Fedora"], source)
        for number in range(int(journal.cursor(source) or 0), until):
            now = NOON + timedelta(minutes=number + 30)
            journal.record(collection(number, source), mentions(number, source), now=now)
            print(number, flush=True)  # noqa: T201 - tells the parent how far it is


def watched(until: int) -> Span:
    """Return the time that the collections up to ``until`` cover."""
    return Span(NOON, NOON + timedelta(minutes=until))


def _mention(identity: int, source: str) -> Mention:
    dice = random.Random(identity)
    return mention(
        str(identity),
        START + identity * 3 + dice.randrange(120),
        round(dice.uniform(-1, 1), 4),
        f"author {dice.randrange(30)}",
        topic=dice.choice(["GitHub", "Fedora"]),
        source=source,
    )


if __name__ == "__main__":
    record(Path(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:])
