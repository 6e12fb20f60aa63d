"""Why a text scored as it did: the words that moved the sum, and where they stand."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, NamedTuple

from sentiment.emoji import describe_emoji, origins
from sentiment.valence import emphasis
from sentiment.words import strip
from signals import Reason

if TYPE_CHECKING:
    from collections.abc import Iterable

_TOKEN = re.compile(r"\S+")
_MARK = re.compile(r"[!?]")


class Weight(NamedTuple):
    """What some words of a text added to the sum of its valences.

    Attributes:
        first: The place of the first of them among the words of the text.
        last: The place of the last of them.
        weight: What they added.
        rule: Why.
    """

    first: int
    last: int
    weight: float
    rule: str = "lexicon"


def reasons(text: str, scored: str, weights: Iterable[Weight]) -> tuple[Reason, ...]:
    """Return a reason for each weight that is not zero, in the order of the text.

    Args:
        text: As it was posted.
        scored: As it was scored: of the same length, perhaps with names blanked.
        weights: What moved the sum.
    """
    described = describe_emoji(scored)
    places = origins(scored)

    def reason(start: int, end: int, weight: float, rule: str) -> Reason:
        start, end = places[start], places[end - 1] + 1
        return Reason(text[start:end], start, end, weight, rule)

    spans = [_bare(token) for token in _TOKEN.finditer(described)]
    found = [
        reason(spans[first][0], spans[last][1], weight, rule)
        for first, last, weight, rule in weights
        if weight
    ]
    total = sum(reason.weight for reason in found)
    strength = emphasis(described)
    if total and strength and (mark := _MARK.search(described)):
        weight = math.copysign(strength, total)
        found.append(reason(mark.start(), mark.end(), weight, "emphasis"))
    return tuple(sorted(found, key=lambda reason: (reason.start, reason.end)))


def _bare(token: re.Match[str]) -> tuple[int, int]:
    """Return where the word in ``token`` stands, without the punctuation around it."""
    bare = strip(token[0])
    start = token.start() + token[0].find(bare)
    return start, start + len(bare)
