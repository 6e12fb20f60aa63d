"""Words as vaderSentiment sees them: its lexicon, its modifiers, its idioms, its emoji.

Everything is read from the installed vaderSentiment when the program runs; nothing is copied.
"""

from __future__ import annotations

import re
import string
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from vaderSentiment.vaderSentiment import (
    BOOSTER_DICT,
    NEGATE,
    SPECIAL_CASES,
    SentimentIntensityAnalyzer,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

_LONGEST_CACHED = 32  # characters; longer tokens are rarely met twice
_MOST_CACHED = 65_536  # tokens, about 4 MB

_LAST_BASIC = "\uffff"  # what follows are the astral planes

_NEGATIONS = frozenset(NEGATE)
_PHRASES = [phrase for phrase in [*SPECIAL_CASES, *BOOSTER_DICT] if " " in phrase]
_IDIOMATIC = frozenset(word for phrase in _PHRASES for word in phrase.split())
_LONGEST = frozenset(max(phrase.split(), key=len) for phrase in _PHRASES)
_MOVING = frozenset({"least", "no", "so", "this"})
# Words that a rule looks for beside others.
_SOUGHT = frozenset({"at", "but", "doubt", "kind", "nor", "of", "or"})
_MODIFIERS = _NEGATIONS | BOOSTER_DICT.keys() | _IDIOMATIC | _MOVING | _SOUGHT


@dataclass(frozen=True, slots=True, eq=False)
class Word:
    """One token of a text, as far as the rules care.

    Attributes:
        lower: The word in lower case, without surrounding punctuation; empty if no rule cares.
        valence: Its own weight, None if it has none.
        known: Whether the lexicon has it.
        boost: By how much it strengthens (or weakens, if negative) the words after it.
        negates: Whether it negates the words after it.
        modifies: Whether it boosts or negates, and is no word of the lexicon itself.
        moves: Whether it may move the valence of the words after it, in whichever way.
        idiomatic: Whether it means something else beside certain words.
        upper: Whether it is written in capitals.
    """

    lower: str = ""
    valence: float | None = None
    known: bool = False
    boost: float = 0.0
    negates: bool = False
    modifies: bool = False
    moves: bool = False
    idiomatic: bool = False
    upper: bool = False


PLAIN = Word()  # stands for any word that no rule cares for


class Vocabulary(dict[str, Word | None]):
    """What each token means, None if no rule cares for it; it learns tokens as they come.

    Args:
        lexicon: Valence by word in lower case; vaderSentiment's unless given.
    """

    def __init__(self, lexicon: Mapping[str, float] | None = None) -> None:
        """Begin without any token."""
        super().__init__()
        self._lexicon = stock_analyzer().lexicon if lexicon is None else lexicon

    def __missing__(self, token: str) -> Word | None:
        """Read a token that was not met before."""
        bare = strip(token)
        lower = bare.lower()
        word = None
        if lower in self._lexicon or lower in _MODIFIERS or "n't" in lower:
            word = self._read(lower, upper=bare.isupper())
        if len(token) <= _LONGEST_CACHED and len(self) < _MOST_CACHED:
            self[token] = word
        return word

    def _read(self, lower: str, *, upper: bool) -> Word:
        known = lower in self._lexicon
        boost = BOOSTER_DICT.get(lower, 0.0)
        negates = lower in _NEGATIONS or "n't" in lower
        modifies = not known and (negates or boost != 0)
        return Word(
            lower=lower,
            valence=None if lower in BOOSTER_DICT else self._lexicon.get(lower),
            known=known,
            boost=boost,
            negates=negates,
            modifies=modifies,
            moves=modifies or lower in _MOVING or lower in _LONGEST,
            idiomatic=lower in _IDIOMATIC or lower == "no",
            upper=upper,
        )


def strip(token: str) -> str:
    """Return ``token`` without surrounding punctuation, unless it then looks like an emoticon."""
    bare = token.strip(string.punctuation)
    return token if len(bare) <= 2 else bare  # noqa: PLR2004 - vaderSentiment's limit


@cache
def stock_analyzer() -> SentimentIntensityAnalyzer:
    """Return vaderSentiment's analyzer, which reads its lexicon files."""
    return SentimentIntensityAnalyzer()


def describe_emoji(text: str) -> str:
    """Return ``text`` with each emoji replaced by its description, as vaderSentiment does."""
    return text if text.isascii() else _emojis()[0].sub(_description, text)


def origins(text: str) -> list[int]:
    """Return, for each character of ``describe_emoji(text)``, its place in ``text``."""
    places: list[int] = []
    end = 0
    for match in _emojis()[0].finditer(text):
        places.extend(range(end, match.start()))
        places.extend([match.start()] * len(_description(match)))
        end = match.end()
    places.extend(range(end, len(text)))
    return places


@cache
def _emojis() -> tuple[re.Pattern[str], dict[str, str]]:
    """Return a pattern that finds possible emoji, and the description of each real one.

    The astral ones are found by their range: ``re`` scans a class of 1,000 of them one by one.
    """
    described = {emoji: text for emoji, text in stock_analyzer().emojis.items() if len(emoji) == 1}
    basic = "".join(emoji for emoji in described if emoji <= _LAST_BASIC)
    astral = [emoji for emoji in described if emoji > _LAST_BASIC]
    return re.compile(f"[{re.escape(basic)}{min(astral)}-{max(astral)}]"), described


def _description(match: re.Match[str]) -> str:
    emoji = match[0]
    description = _emojis()[1].get(emoji)
    if description is None:
        return emoji
    at = match.start()
    return description if at == 0 or match.string[at - 1] == " " else f" {description}"
