"""The words of a text, and which of them set some texts apart from others."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from math import log, sqrt
from typing import TYPE_CHECKING

from collectors import normalise

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

WORDS = 8
"""Words that are told at most."""

LEAST = 20
"""Texts of ordinary days without which nothing is known of how people usually speak."""

TWICE = 3
"""Texts that must hold a word, so that it is more than one person's."""

SURE = 2.33
"""Standard deviations by which a word must stand out: about one ordinary word in 100 does."""

_PRIOR = 100.0  # words that the prior is worth
_MOSTLY = 2 / 3  # of the texts with a word hold a pair: then the pair says more
_READ = 4_000  # characters of a text
_SHORTEST = 2
_NOISE = re.compile(r"https?://\S+|www\.\S+|[@＠][\w.]+(?:@[\w.-]+)?|&\w+;")  # noqa: RUF001 - handles
_WORD = re.compile(r"\w+")
_STOP = frozenset(
    _WORD.findall(
        "a about after all also am an and any are aren as at be because been before being both "
        "but by can cannot could couldn did didn do does doesn doing don each even ever few for "
        "from get gets got had has hasn have haven having he her here hers him his how i if im in "
        "into is isn it its itself ive just know like ll me more most much my myself of on one "
        "only or other our ours own re really same she should shouldn so some such than that the "
        "their theirs them then there these they this those through to too u ur us ve very was "
        "wasn we well were weren what when where which while who whom why will with won would "
        "wouldn you your yours"
    )
)


def words_of(text: str) -> list[str]:
    """Return the words of ``text`` in their order, in normal form, without links and handles."""
    return _WORD.findall(normalise(_NOISE.sub(" ", text[:_READ])))


def telling_words(
    texts: Iterable[str], usual: Iterable[str], known: Collection[str] = ()
) -> tuple[str, ...]:
    """Return what sets ``texts`` apart from the ``usual`` ones, the most telling first.

    The log-odds ratio of each word with an informative Dirichlet prior, in standard deviations:
    formulae 16, 20 and 22 of Monroe, Colaresi and Quinn, "Fightin' Words" (*Political Analysis* 16,
    2008). A word counts once a text; the prior is how often all the texts hold it. Pairs of words
    that follow each other are words as well; where nearly every text with a word holds the pair,
    the pair stands for it.

    Args:
        texts: What was said in a time of trouble.
        usual: What was said on ordinary days; fewer than ``LEAST`` tell nothing.
        known: Words that are of no interest, such as the topic's own.
    """
    aside = _STOP | {word for each in known for word in words_of(each)}
    here, _ = _count(texts, aside)
    there, number = _count(usual, aside)
    if number < LEAST:
        return ()
    scores = {
        word: score
        for word, score in _scores(here, there).items()
        if here[word] >= TWICE and score >= SURE
    }
    return tuple(_shown(scores, here))


def _count(texts: Iterable[str], aside: Collection[str]) -> tuple[Counter[str], int]:
    """Return how many texts hold each word and each pair, and how many texts there are."""
    found: Counter[str] = Counter()
    number = 0
    for text in texts:
        number += 1
        words = words_of(text)
        kept = {word for word in words if _counts(word, aside)}
        pairs = {
            f"{first} {second}"
            for first, second in pairwise(words)
            if first in kept and second in kept and first != second
        }
        found.update(kept | pairs)
    return found, number


def _counts(word: str, aside: Collection[str]) -> bool:
    return len(word) >= _SHORTEST and word not in aside and not word.isdecimal()


def _scores(here: Counter[str], there: Counter[str]) -> dict[str, float]:
    """Return the standardised log-odds ratio of each word in ``here``."""
    if len(here | there) < 2:  # noqa: PLR2004 - one word alone cannot set anything apart
        return {}
    total_here, total_there = here.total(), there.total()
    scale = _PRIOR / (total_here + total_there)
    scores = {}
    for word, count in here.items():
        prior = scale * (count + there[word])
        one, other = count + prior, there[word] + prior
        ratio = log(one / (total_here + _PRIOR - one)) - log(other / (total_there + _PRIOR - other))
        scores[word] = ratio / sqrt(1 / one + 1 / other)
    return scores


def _shown(scores: dict[str, float], here: Counter[str]) -> Iterator[str]:
    """Yield the most telling words, each word or the pair that stands for it, ``WORDS`` at most."""
    pair_of: dict[str, str] = {}
    for pair in sorted((each for each in scores if " " in each), key=lambda each: -here[each]):
        for word in pair.split(" "):
            if here[pair] >= _MOSTLY * here[word]:
                pair_of.setdefault(word, pair)
    shown: set[str] = set()
    for word in sorted(scores, key=lambda each: (-scores[each], each)):
        if " " in word:
            continue
        term = pair_of.get(word, word)
        if term not in shown:
            shown.add(term)
            yield term
        if len(shown) == WORDS:
            return
