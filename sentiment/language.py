"""Whether a text is in a language that the lexicon knows: English."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING

import pycld2  # type: ignore[import-untyped]

from sentiment.words import FILLER, is_handle

if TYPE_CHECKING:
    from collections.abc import Sequence

_ENGLISH = frozenset({"en", "un", "und", ""})  # "undetermined" says nothing


def _each(words: str) -> frozenset[str]:
    return frozenset(words.split())


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
    "any into know think need needs want did only never you're we're they're that's what's i'd "
    "really things something tonight tomorrow yesterday looking watching before while through "
    "feels another enough already someone everybody nobody better little morning months years "
    "always ever whose both without within broken crashed crashing awful terrible worst horrible "
    "sucks stuck waiting hours customer"
)
# Words of English that others may have too; two of them tell as well as one giveaway.
_HINTS = _forms(
    "to of my it by will was can new just like up down be as if one for all out back day next last "
    "first us yes see way make take people hour hours minutes worst happy hate wait late money two"
)
# Frequent words of other languages that English has not. They tell even two or three words apart,
# which are a guess for every detector.
_FOREIGN = _each(
    "nicht ist und der das ein eine ich wir für auf auch noch schon wieder geht keine kein seit "
    "warum oder sind zu vom zum nur wenn gerade heute immer le les des une pas je ne avec dans "
    "qui cette c'est mais sont vous nous rien ça depuis encore à pourquoi toujours marche merci "
    "chez el los las del que por para una está esta pero más muy desde porque cuando otra hoy "
    "hola funciona nada todo esto qué servicio il che è della sono questo anche perché più "
    "ancora niente funziona não nao é uma você isso meu minha tá caiu ainda consigo het een "
    "niet geen ik voor dit bij maar ook nog weer naar werkt och inte det är för på ikke jeg "
    "igen funkar nede nie się działa znowu nem és není nejde nefunguje ei toimi radi tidak bisa "
    "yang gak nggak udah wala mga hindi bir çok için yok değil este și không"
)
_FEW = 4  # words; fewer are a guess for every detector
_PUNCTUATION = string.punctuation
_LATIN = "\u024f"  # the last letter of the Latin blocks


def is_english(tokens: Sequence[str], tag: str | None, *, phrases: bool = False) -> bool:
    """Return whether a text is in English, or may be.

    Args:
        tokens: The text, split at white space, without names and addresses.
        tag: The language as its source states it (a BCP 47 tag), if it does.
        phrases: Whether it holds a phrase of English.
    """
    if tag is not None:
        return tag.partition("-")[0].lower() in _ENGLISH
    if not _GIVEAWAYS.isdisjoint(tokens) or len(_HINTS.intersection(tokens)) > 1:
        return True
    few = len(tokens) < _FEW
    words = [token.strip(_PUNCTUATION).lower() for token in tokens] if few else tokens
    foreign = not _FOREIGN.isdisjoint(words)
    if phrases and not foreign:
        return True
    text = " ".join(token for token in tokens if not is_handle(token)).replace(FILLER, " ")
    if not text.isascii():
        letters = [letter for letter in text if letter.isalpha()]
        if 2 * sum(letter > _LATIN for letter in letters) > len(letters):
            return False
    return not foreign if few else _detect(text) in _ENGLISH


def _detect(text: str) -> str:
    """Return the ISO 639-1 code of the language of ``text``, or ``un``."""
    if not text.isprintable():
        text = "".join(letter if letter.isprintable() else " " for letter in text)
    reliable, _, ((_, code, _, _), *_) = pycld2.detect(text.encode("utf-8", "ignore"))
    return str(code) if reliable else "un"
