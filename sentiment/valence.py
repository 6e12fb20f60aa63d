"""The arithmetic of vaderSentiment 3.3.2, in linear time and with the same order of operations.

Source of every rule: C.J. Hutto and E. Gilbert, "VADER: A Parsimonious Rule-based Model for
Sentiment Analysis of Social Media Text", ICWSM 2014, as its package computes it. Where the package
differs from the paper the package holds, since scores must be reproducible with it.
"""

from __future__ import annotations

import heapq
import itertools
from typing import TYPE_CHECKING

from vaderSentiment.vaderSentiment import (
    BOOSTER_DICT,
    C_INCR,
    N_SCALAR,
    SPECIAL_CASES,
    SentimentIntensityAnalyzer,
    normalize,
)

from sentiment.words import PLAIN, Word

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Constants that the package states inside its functions only.
_REACH = 3  # words before another that can move its valence
_SECOND, _THIRD = 0.95, 0.9  # what a booster keeps two and three words before
_NEVER_SO = 1.25
_BEFORE_BUT, _AFTER_BUT = 0.5, 1.5
_MOST = 4  # exclamation or question marks that count

_NO = "no"
_SO = frozenset({"so", "this"})
_OR = frozenset({"or", "nor"})
_amplifiers = SentimentIntensityAnalyzer
_EXCLAMATIONS: Mapping[int, float] = {
    count: _amplifiers._amplify_ep("!" * count)  # noqa: SLF001 - its only home
    for count in range(_MOST + 1)
}
_QUESTIONS: Mapping[int, float] = {
    count: _amplifiers._amplify_qm("?" * count)  # noqa: SLF001 - its only home
    for count in range(_MOST + 1)
}


def valences(
    tokens: Sequence[str], words: Sequence[Word]
) -> tuple[list[int], list[float], int | None]:
    """Weigh each word of a text.

    Args:
        tokens: The text, split at white space.
        words: What each token means.

    Returns:
        Where the words stand that have a valence; their valences, moved by what stands around
        them; and where the first "but" stands, if anywhere.
    """
    places: list[int] = []
    values: list[float] = []
    moved: list[int] = []  # which of the values may depend on other words
    but = None
    shouting = False
    last = -_REACH - 1
    for at, word in enumerate(words):
        if word.idle:
            continue
        if word.upper:
            shouting = True
        if word.valence is not None:
            if (word.contextual or at - last <= _REACH) and not word.fixed:
                moved.append(len(places))
            places.append(at)
            values.append(word.valence)
        if word.moves:
            last = at
            if but is None and word.lower == "but":
                but = at
    if moved:
        mixed_case = shouting and 0 < sum(map(str.isupper, tokens)) < len(tokens)
        for index in moved:
            values[index] = _weigh(words, places[index], mixed_case)
    return places, values, but


def _weigh(words: Sequence[Word], at: int, mixed_case: bool) -> float:  # noqa: FBT001 - hot path
    """Return the valence of the word at ``at``, moved by what stands around it.

    ``mixed_case`` says whether some words of the text, but not all, are in capitals.
    """
    word = words[at]
    first, second, third = _window(words, at)
    following = words[at + 1] if word.contextual and at + 1 < len(words) else PLAIN
    if word.lower == "kind" and following.lower == "of":
        return 0.0
    valence = word.valence or 0.0
    if _NO in (first.lower, second.lower) or (third.lower == _NO and first.lower in _OR):
        valence *= N_SCALAR
    elif word.lower == _NO and following.known:
        valence = 0.0
    if word.upper and mixed_case:
        valence += C_INCR if valence > 0 else -C_INCR
    if first.modifies:
        valence += _boost(first, valence, mixed_case)
        if first.negates:
            valence *= N_SCALAR
    if second.modifies:
        valence += _boost(second, valence, mixed_case) * _SECOND
        valence *= _negation(second, (first,))
    if at >= _REACH and not third.known:
        valence += _boost(third, valence, mixed_case) * _THIRD
        valence *= _NEVER_SO if first.lower in _SO else _negation(third, (second, first))
        valence = _idiom(words, at, valence)
    if first.lower == "least" and not first.known and second.lower not in ("at", "very"):
        valence *= N_SCALAR
    return valence


def _window(words: Sequence[Word], at: int) -> tuple[Word, Word, Word]:
    """Return the three words before, the nearest first, as far as the sentence goes."""
    first = words[at - 1] if at > 0 else PLAIN
    if first.ends:
        return PLAIN, PLAIN, PLAIN
    second = words[at - 2] if at > 1 else PLAIN
    if second.ends:
        return first, PLAIN, PLAIN
    third = words[at - 3] if at >= _REACH else PLAIN
    return first, second, PLAIN if third.ends else third


def _negation(negation: Word, between: tuple[Word, ...]) -> float:
    """Return the factor of a negation; ``between`` stands between it and what it negates."""
    if negation.lower == "never" and between[0].lower in _SO:
        return _NEVER_SO
    if negation.lower == "without" and any(word.lower == "doubt" for word in between):
        return 1.0
    return float(N_SCALAR) if negation.negates else 1.0


def _boost(word: Word, valence: float, mixed_case: bool) -> float:  # noqa: FBT001 - hot path
    """Return by how much a degree adverb (``very``, ``hardly``) moves ``valence``."""
    if not word.boost:
        return 0.0
    boost = -word.boost if valence < 0 else word.boost
    if word.upper and mixed_case:
        boost += C_INCR if valence > 0 else -C_INCR
    return boost


def _idiom(words: Sequence[Word], at: int, valence: float) -> float:
    """Return ``valence``, or that of an idiom (``the bomb``, ``yeah right``) around ``at``."""
    near = words[at - 3 : at + 3]
    if not any(one.idiomatic and two.idiomatic for one, two in itertools.pairwise(near)):
        return valence
    third, second, first, word, *following = [word.lower for word in near]
    before = f"{first} {word}"
    pair, further_pair, triple = (
        f"{second} {first}",
        f"{third} {second}",
        f"{third} {second} {first}",
    )
    for phrase in (before, f"{second} {before}", pair, triple, further_pair):
        if phrase in SPECIAL_CASES:
            valence = SPECIAL_CASES[phrase]
            break
    after = word
    for next_word in following:
        after += f" {next_word}"
        valence = SPECIAL_CASES.get(after, valence)
    for phrase in (triple, further_pair, pair):
        valence += BOOSTER_DICT.get(phrase, 0.0)
    return valence


def contrast(places: Sequence[int], values: list[float], but: int) -> None:
    """Weaken what stands before "but", strengthen what follows it; in place.

    Like the package, it scales not each value in turn but the first one equal to it. A heap of
    places for each value finds that one without a search.

    Args:
        places: Where the words stand that have a valence.
        values: Their valences.
        but: Where the first "but" stands.
    """
    equal: dict[float, list[int]] = {}
    for index, value in enumerate(values):
        equal.setdefault(value, []).append(index)
    for index in range(len(values)):
        value = values[index]
        first = equal[value][0]
        if value == 0 or places[first] == but:
            continue
        heapq.heappop(equal[value])
        values[first] = value * (_BEFORE_BUT if places[first] < but else _AFTER_BUT)
        heapq.heappush(equal.setdefault(values[first], []), first)


def emphasis(text: str) -> float:
    """Return how much the exclamation and question marks of ``text`` add to its strength."""
    return (
        _EXCLAMATIONS[min(text.count("!"), _MOST)] + _QUESTIONS[min(text.count("?"), _MOST)]
        if "!" in text or "?" in text
        else 0.0
    )


def shares(values: Sequence[float], count: int, text: str) -> tuple[float, float, float, float]:
    """Return the package's four numbers: the negative, neutral, positive shares and the compound.

    Args:
        values: The final valence of each word that has one, in the order of the text.
        count: How many words the text has.
        text: The text, whose exclamation and question marks give emphasis.
    """
    if not values:
        return 0.0, 1.0 if count else 0.0, 0.0, 0.0
    positive = negative = 0.0
    neutral = count
    for value in values:
        if value > 0:
            positive += value + 1  # a neutral word counts as 1, so the others weigh 1 more
            neutral -= 1
        elif value < 0:
            negative -= value - 1
            neutral -= 1
    strength = emphasis(text)
    total = sum(values)
    if total > 0:
        total += strength
    elif total < 0:
        total -= strength
    if positive > negative:
        positive += strength
    elif positive < negative:
        negative += strength
    whole = positive + negative + neutral
    return (
        round(negative / whole, 3) if negative else 0.0,
        round(neutral / whole, 3),
        round(positive / whole, 3) if positive else 0.0,
        round(normalize(total), 4),
    )
