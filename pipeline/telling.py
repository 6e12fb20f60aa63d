"""Which few of many complaints say best what is wrong."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pipeline.words import words_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from signals import StoredMention

ALIKE = 0.7
"""The share of their words (Jaccard's index) above which two texts say the same."""


def most_telling(complaints: Sequence[StoredMention], most: int) -> tuple[StoredMention, ...]:
    """Return at most ``most`` of ``complaints``, which are ordered, in their order.

    Each says something else; what nobody spoke of yet and where nobody was heard yet is preferred,
    but a complaint that something does not work always to one that does not say so.
    """
    left = _distinct(complaints)
    chosen: list[StoredMention] = []
    authors: Counter[str] = Counter()
    sources: Counter[str] = Counter()
    while left and len(chosen) < most:
        best = min(
            left,
            key=lambda each: (
                not each.availability,
                authors[each.author] if each.author else 0,
                sources[each.source],
            ),
        )
        left.remove(best)
        chosen.append(best)
        authors[best.author] += 1
        sources[best.source] += 1
    return tuple(sorted(chosen, key=complaints.index))


def _distinct(complaints: Sequence[StoredMention]) -> list[StoredMention]:
    """Return the first of those that say the same."""
    found: list[tuple[frozenset[str], StoredMention]] = []
    for each in complaints:
        words = frozenset(words_of(each.text))
        if not any(_alike(words, other) for other, _ in found):
            found.append((words, each))
    return [each for _, each in found]


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    return len(one & other) >= ALIKE * len(one | other)
