"""Whether a text is in a language that the lexicon knows: English."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pycld2  # type: ignore[import-untyped]

from sentiment.words import FILLER, is_handle

if TYPE_CHECKING:
    from collections.abc import Sequence

_ENGLISH = frozenset({"en", "un", "und", ""})  # "undetermined" says nothing


def _forms(words: str) -> frozenset[str]:
    """Return each word as it is, with a capital, and in capitals."""
    return frozenset(
        form for word in words.split() for form in (word, word.capitalize(), word.upper())
    )


# Words by which English gives itself away: frequent, and no words of other languages in Latin
# script. They spare most texts the detection, and keep short ones from being taken for Danish.
_GIVEAWAYS = _forms(
    "the and you your this that with it's its i'm i've i'll don't can't are has not but what when "
    "they would why how anyone anybody from there please thanks thank been our their could does "
    "doesn't didn't isn't won't wasn't haven't than because again should who which was after where "
    "every everything nothing never always working since trying getting these those cannot "
    "now out get got going about good great today much very too being were them then here some "
    "any into know think need needs want did only never you're we're they're that's what's i'd"
)
# Words of English that others may have too; two of them tell as well as one giveaway.
_HINTS = _forms(
    "to of my it by will was can new just like up down be as if one for all out back day next last "
    "first us yes see way make take people hour hours minutes worst happy hate wait late money two"
)
_FEW = 4  # words; fewer are a guess for every detector
_LATIN = "\u024f"  # the last letter of the Latin blocks


def is_english(tokens: Sequence[str], tag: str | None) -> bool:
    """Return whether a text is in English, or may be.

    Args:
        tokens: The text, split at white space, without names and addresses.
        tag: The language as its source states it (a BCP 47 tag), if it does.
    """
    if tag is not None:
        return tag.partition("-")[0].lower() in _ENGLISH
    if not _GIVEAWAYS.isdisjoint(tokens) or len(_HINTS.intersection(tokens)) > 1:
        return True
    text = " ".join(token for token in tokens if not is_handle(token)).replace(FILLER, " ")
    if not text.isascii():
        letters = [letter for letter in text if letter.isalpha()]
        if 2 * sum(letter > _LATIN for letter in letters) > len(letters):
            return False
    return len(tokens) < _FEW or _detect(text) in _ENGLISH


def _detect(text: str) -> str:
    """Return the ISO 639-1 code of the language of ``text``, or ``un``."""
    if not text.isprintable():
        text = "".join(letter if letter.isprintable() else " " for letter in text)
    reliable, _, ((_, code, _, _), *_) = pycld2.detect(text.encode("utf-8", "ignore"))
    return str(code) if reliable else "un"
