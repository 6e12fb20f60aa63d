"""The engine ``ops``, the default: what people say of the services they use.

vaderSentiment's arithmetic, with four differences: names, handles and addresses do not count; a
lexicon of service talk stands over its own; phrases such as "can't log in" are judged as a whole;
and no word moves another beyond the end of a sentence.
"""

from __future__ import annotations

import hashlib
import re
import string
from functools import cache
from typing import TYPE_CHECKING

from sentiment.contract import unscored
from sentiment.emoji import describe_emoji
from sentiment.language import is_english
from sentiment.lexicon import DIGEST, entries, grammar
from sentiment.masking import mask
from sentiment.phrases import Phrases, Rule
from sentiment.reasons import Weight, reasons
from sentiment.vader import VERSION, polarity
from sentiment.valence import contrast, shares, valences
from sentiment.words import PLAIN, PostVocabulary, Word, stock_analyzer, strip
from signals import Judgement

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sentiment.phrases import Match
    from signals import Reason, Topic

REVISION = 2  # of this module's rules; the data files count by their content

_DOTS = re.compile(r"(?:\.{2,}|\u2026)(?=[@#]?[^\W\d_])")  # in "it is down...what now"


class Ops:
    """The ear of an operator.

    Args:
        lexicon: Words and phrases of the user with their weights on vaderSentiment's scale from
            -4 to 4; they take the place of built-in ones.
    """

    def __init__(self, lexicon: Mapping[str, float] | None = None) -> None:
        """Prepare words and phrases."""
        own = {_plain(term): float(weight) for term, weight in (lexicon or {}).items()}
        digest = hashlib.sha256(f"{DIGEST}{sorted(own.items())}".encode()).hexdigest()
        self.name = f"ops-{REVISION}.{digest[:8]}+vader-{VERSION}"
        phrases = _phrases(tuple((term, own[term]) for term in own if " " in term))
        words = stock_analyzer().lexicon | {entry.word: entry.weight for entry in entries()}
        words |= {term: weight for term, weight in own.items() if " " not in term}
        self._word = PostVocabulary(
            {word: weight for word, weight in words.items() if weight},
            frozenset(entry.word for entry in entries() if entry.availability),
            phrases.codes,
        ).__getitem__
        self._find = phrases.find

    def score(
        self,
        text: str,
        topic: Topic | None = None,
        language: str | None = None,
        *,
        explain: bool = False,
    ) -> Judgement:
        """Return the judgement of ``text`` (see ``Scorer``)."""
        scored = mask(_prepared(text), topic)
        described = describe_emoji(scored)
        tokens = described.split()
        words = list(map(self._word, tokens))
        phrases = self._find([word.code for word in words])
        if not is_english(tokens, language, phrases=bool(phrases)):
            return unscored(self.name)
        for first, last, rule in phrases:
            words[first:last] = [PLAIN] * (last - first)
            words[last] = _as_word(rule, ends=words[last].ends)
        places, values, but = valences(tokens, words)
        if but is not None:
            contrast(places, values, but)
        negative, neutral, positive, compound = shares(values, len(tokens), described)
        availability = negative > 0 and _says_unavailable(words, places, values)
        why: tuple[Reason, ...] = ()
        if explain:
            why = reasons(text, scored, _weights(places, values, phrases))
        return Judgement(
            polarity(compound),
            compound,
            negative,
            neutral,
            positive,
            availability,
            why,
            self.name,
        )


@cache
def _phrases(own: tuple[tuple[str, float], ...]) -> Phrases:
    """Return the built-in phrases and, before them, those of the user with their weights."""
    rules, classes = grammar()
    return Phrases(
        [*(Rule("your lexicon", (term,), weight) for term, weight in own), *rules], classes
    )


def _says_unavailable(
    words: Sequence[Word], places: Sequence[int], values: Sequence[float]
) -> bool:
    """Return whether a word or phrase complains that something cannot be used."""
    for at, value in zip(places, values, strict=True):
        if value < 0 and words[at].unavailable:
            return True
    return False


@cache
def _as_word(rule: Rule, *, ends: bool) -> Word:
    """Return what stands in the text in the place of a phrase: it is judged as a whole."""
    return Word(
        valence=rule.weight or None,
        fixed=True,
        unavailable=rule.availability,
        idle=not rule.weight,
        ends=ends,
    )


def _plain(term: str) -> str:
    """Return a word or phrase of the user as tokens are compared: bare, in lower case."""
    words = describe_emoji(term.replace("\u2019", "'")).lower().split()
    if len(words) == 1:
        return strip(words[0])
    return " ".join(filter(None, (word.strip(string.punctuation) for word in words)))


def _prepared(text: str) -> str:
    """Return ``text``, of the same length, with plain apostrophes and without dots in words."""
    if not text.isascii():
        text = text.replace("\u2019", "'")
    elif ".." not in text:
        return text  # as most
    return _DOTS.sub(lambda dots: f"{dots[0][:-1]} ", text)


def _weights(
    places: Sequence[int], values: Sequence[float], phrases: Sequence[Match]
) -> list[Weight]:
    ending = {phrase.last: phrase for phrase in phrases}
    return [
        Weight(ending[at].first, at, value, ending[at].rule.name)
        if at in ending
        else Weight(at, at, value)
        for at, value in zip(places, values, strict=True)
    ]
