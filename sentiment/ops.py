"""The engine ``ops``, the default: what people say of the services they use.

vaderSentiment's arithmetic, with four differences: names, handles and addresses do not count; a
lexicon of service talk stands over its own; phrases such as "can't log in" are judged as a whole;
and no word moves another beyond the end of a sentence.
"""

from __future__ import annotations

import hashlib
import re
import string
from typing import TYPE_CHECKING

from sentiment.contract import unscored
from sentiment.language import is_english
from sentiment.lexicon import DIGEST, entries, grammar
from sentiment.masking import mask
from sentiment.phrases import Phrases, Rule
from sentiment.reasons import Weight, reasons
from sentiment.vader import VERSION, polarity
from sentiment.valence import contrast, shares, valences
from sentiment.words import TokenCache, Vocabulary, describe_emoji, stock_analyzer
from signals import Judgement

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sentiment.phrases import Match
    from sentiment.words import Word
    from signals import Reason, Topic

REVISION = 1  # of this module's rules; the data files count by their content

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
        words = stock_analyzer().lexicon | {entry.word: entry.weight for entry in entries()}
        words |= {term: weight for term, weight in own.items() if " " not in term}
        vocabulary = Vocabulary(
            {word: weight for word, weight in words.items() if weight}, posts=True
        )
        self._unavailable = frozenset(entry.word for entry in entries() if entry.availability)
        rules, classes = grammar()
        own_rules = [
            Rule("your lexicon", (term,), weight) for term, weight in own.items() if " " in term
        ]
        phrases = Phrases([*own_rules, *rules], classes)
        self._word = TokenCache(vocabulary.read).__getitem__
        self._code = TokenCache(phrases.code).__getitem__
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
        scored = mask(_part(text.replace("\u2019", "'")), topic)
        described = describe_emoji(scored)
        tokens = described.split()
        words = list(map(self._word, tokens))
        phrases = self._find(list(map(self._code, tokens)))
        if (language or not phrases) and not is_english(tokens, language):
            return unscored(self.name)
        for first, last, _ in phrases:
            words[first : last + 1] = [None] * (last + 1 - first)  # a word is read once only
        places, values, but = valences(tokens, words)
        if phrases:
            places, values = _merge(places, values, phrases)
        if but is not None:
            contrast(places, values, but)
        negative, neutral, positive, compound = shares(values, len(tokens), described)
        availability = negative > 0 and self._says_unavailable(words, places, values, phrases)
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

    def _says_unavailable(
        self,
        words: Sequence[Word | None],
        places: Sequence[int],
        values: Sequence[float],
        phrases: Sequence[Match],
    ) -> bool:
        """Return whether a word or phrase complains that something cannot be used."""
        for phrase in phrases:
            if phrase.rule.availability:
                return True
        for at, value in zip(places, values, strict=True):
            if value < 0 and (word := words[at]) and word.lower in self._unavailable:
                return True
        return False


def _plain(term: str) -> str:
    """Return a word or phrase of the user as tokens are compared: bare, in lower case."""
    return " ".join(word.strip(string.punctuation) for word in term.lower().split())


def _part(text: str) -> str:
    """Return ``text``, of the same length, with a space after dots that join two words."""
    if ".." not in text and "\u2026" not in text:
        return text
    return _DOTS.sub(lambda dots: f"{dots[0][:-1]} ", text)


def _merge(
    places: Sequence[int], values: Sequence[float], phrases: Sequence[Match]
) -> tuple[list[int], list[float]]:
    """Return places and values of words and of phrases (at their last word), in their order."""
    weighed = [(last, rule.weight) for _, last, rule in phrases if rule.weight]
    merged = sorted([*zip(places, values, strict=True), *weighed])
    return [at for at, _ in merged], [value for _, value in merged]


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
