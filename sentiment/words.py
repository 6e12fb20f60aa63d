"""Words as vaderSentiment sees them: its lexicon, its modifiers, its idioms, its emoji.

Everything is read from the installed vaderSentiment when the program runs; nothing is copied.
"""

from __future__ import annotations

import re
import string
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, TypeVar

from vaderSentiment.vaderSentiment import (
    BOOSTER_DICT,
    NEGATE,
    SPECIAL_CASES,
    SentimentIntensityAnalyzer,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")

FILLER = "\x01"  # stands for a blanked character: neither letter, punctuation nor white space

_PUNCTUATION = string.punctuation
_HANDLE = re.compile(r"\W*@\w")  # no e-mail address

_LONGEST_CACHED = 32  # characters; longer tokens are rarely met twice
_MOST_CACHED = 65_536  # tokens, about 4 MB

_LAST_BASIC = "\uffff"  # what follows are the astral planes

_NEGATIONS = frozenset(NEGATE)
_PHRASES = [phrase for phrase in [*SPECIAL_CASES, *BOOSTER_DICT] if " " in phrase]
_IDIOMATIC = frozenset(word for phrase in _PHRASES for word in phrase.split())
_LONGEST = frozenset(max(phrase.split(), key=len) for phrase in _PHRASES)
_MOVING = frozenset({"but", "least", "no", "so", "this"})
# Words that a rule looks for beside others.
_SOUGHT = frozenset({"at", "doubt", "kind", "nor", "of", "or"})
_MODIFIERS = _NEGATIONS | BOOSTER_DICT.keys() | _IDIOMATIC | _MOVING | _SOUGHT


@dataclass(slots=True, eq=False)  # not frozen: that would make it four times slower to make
class Word:
    """One token of a text, as far as the rules care; never changed.

    Attributes:
        lower: The word in lower case, without surrounding punctuation; empty if no rule cares.
        valence: Its own weight, None if it has none.
        known: Whether the lexicon has it.
        boost: By how much it strengthens (or weakens, if negative) the words after it.
        negates: Whether it negates the words after it.
        modifies: Whether it boosts or negates, and is no word of the lexicon itself.
        idiomatic: Whether it is part of a phrase that means something else.
        moves: Whether it may move the valences of other words, in whichever way.
        contextual: Whether its own valence hangs on the words around it or on its capitals.
        upper: Whether it is written in capitals.
        ends: Whether a sentence ends with it, beyond which nothing is moved; vaderSentiment itself
            knows no sentences.
    """

    lower: str = ""
    valence: float | None = None
    known: bool = False
    boost: float = 0.0
    negates: bool = False
    modifies: bool = False
    idiomatic: bool = False
    moves: bool = False
    contextual: bool = False
    upper: bool = False
    ends: bool = False


PLAIN = Word()  # stands for any word that no rule cares for


class TokenCache(dict[str, T]):
    """What each token means; it reads a token when it first comes.

    Args:
        read: Says what a token means.
    """

    def __init__(self, read: Callable[[str], T]) -> None:
        """Begin without any token."""
        super().__init__()
        self._read = read

    def __missing__(self, token: str) -> T:
        """Read a token that was not met before."""
        meaning = self._read(token)
        if len(token) <= _LONGEST_CACHED and len(self) < _MOST_CACHED:
            self[token] = meaning
        return meaning


class Vocabulary:
    """The words that the rules of vaderSentiment care for.

    Args:
        lexicon: Valence by word in lower case; vaderSentiment's unless given.
        posts: Whether handles are names and sentences end; vaderSentiment knows neither.
    """

    def __init__(self, lexicon: Mapping[str, float] | None = None, *, posts: bool = False) -> None:
        """Take the lexicon."""
        self._lexicon = stock_analyzer().lexicon if lexicon is None else lexicon
        self._posts = posts
        self._relevant = _MODIFIERS | self._lexicon.keys()

    def read(self, token: str) -> Word | None:
        """Return what a token means; None if no rule cares."""
        bare = strip(token)
        lower = bare.lower()
        relevant = lower in self._relevant or "n't" in lower
        if not self._posts:
            return self._word(lower, upper=bare.isupper(), ends=False) if relevant else None
        ends = ends_sentence(token)
        if relevant and not is_handle(token):
            return self._word(lower, upper=bare.isupper(), ends=ends)
        return Word(ends=True) if ends else None

    def _word(self, lower: str, *, upper: bool, ends: bool) -> Word:
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
            idiomatic=lower in _IDIOMATIC,
            moves=modifies or lower in _MOVING or lower in _LONGEST,
            contextual=upper or lower in _IDIOMATIC or lower == "no",
            upper=upper,
            ends=ends,
        )


def ends_sentence(token: str) -> bool:
    """Return whether a sentence, or what stands before a colon, ends with ``token``."""
    return token.rstrip("\"')]*").endswith((".", "!", "?", ";", ":", "…"))


def is_handle(token: str) -> bool:
    """Return whether ``token`` is a handle such as ``@name`` or ``(@name@instance.example)``."""
    return _HANDLE.match(token) is not None


def strip(token: str) -> str:
    """Return ``token`` without surrounding punctuation, unless it then looks like an emoticon."""
    bare = token.strip(_PUNCTUATION)
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
