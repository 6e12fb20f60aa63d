"""Words as vaderSentiment sees them: its lexicon, its modifiers, its idioms.

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
    from collections.abc import Container, Mapping

FILLER = "\x01"  # stands for a blanked character: neither letter, punctuation nor white space

_PUNCTUATION = string.punctuation
_HANDLE = re.compile(r"\W*@\w")  # no e-mail address

_EMOTICON = 2  # characters; vaderSentiment's limit
ENDS = 1  # of a code: the sentence ends with the word

_LONGEST_CACHED = 32  # characters; longer tokens are rarely met twice
_MOST_CACHED = 65_536  # tokens, about 4 MB

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
        code: What phrases call it (see ``Codes``); 0 for a word that no phrase names.
        lower: The word in lower case, without surrounding punctuation; empty if no rule cares.
        valence: Its own weight, None if it has none.
        known: Whether the lexicon has it.
        boost: By how much it strengthens (or weakens, if negative) the words after it.
        negates: Whether it negates the words after it.
        modifies: Whether it boosts or negates, and is no word of the lexicon itself.
        idiomatic: Whether it is part of a phrase that means something else.
        moves: Whether it may move the valences of other words, in whichever way.
        contextual: Whether its own valence hangs on the words around it or on its capitals.
        fixed: Whether nothing moves its valence, since it stands for a whole phrase.
        unavailable: Whether it says that something does not work or cannot be reached.
        upper: Whether it is written in capitals.
        idle: Whether no rule of vaderSentiment cares for it.
        ends: Whether a sentence ends with it, beyond which nothing is moved; vaderSentiment itself
            knows no sentences.
    """

    code: int = 0
    lower: str = ""
    valence: float | None = None
    known: bool = False
    boost: float = 0.0
    negates: bool = False
    modifies: bool = False
    idiomatic: bool = False
    moves: bool = False
    contextual: bool = False
    fixed: bool = False
    unavailable: bool = False
    upper: bool = False
    idle: bool = True
    ends: bool = False


PLAIN = Word()  # stands for any word that no rule cares for


class Vocabulary(dict[str, Word]):
    """What each token means to the rules of vaderSentiment; it reads a token when it first comes.

    Args:
        lexicon: Valence by word in lower case; vaderSentiment's unless given.
    """

    def __init__(self, lexicon: Mapping[str, float] | None = None) -> None:
        """Take the lexicon."""
        super().__init__()
        self._lexicon = stock_analyzer().lexicon if lexicon is None else lexicon
        self._relevant = _MODIFIERS | self._lexicon.keys()

    def __missing__(self, token: str) -> Word:
        """Read a token that was not met before; most tokens of a new text are."""
        bare = token.strip(_PUNCTUATION)
        if len(bare) <= _EMOTICON:
            bare = token
        lower = bare.lower()
        relevant = lower in self._relevant or "n't" in lower
        word = self._word(lower, bare.isupper()) if relevant else PLAIN
        if len(token) <= _LONGEST_CACHED and len(self) < _MOST_CACHED:
            self[token] = word
        return word

    def _word(self, lower: str, upper: bool, code: int = 0) -> Word:  # noqa: FBT001 - hot path
        valence = self._lexicon.get(lower)
        negates = "n't" in lower
        if not negates and lower not in _MODIFIERS:  # as most
            return Word(code, lower, valence, known=True, contextual=upper, upper=upper, idle=False)
        known = valence is not None
        boost = BOOSTER_DICT.get(lower, 0.0)
        negates = negates or lower in _NEGATIONS
        modifies = not known and (negates or boost != 0)
        moves = modifies or lower in _MOVING or lower in _LONGEST
        if boost:
            valence = None
        return Word(
            code,
            lower,
            valence,
            known=known,
            boost=boost,
            negates=negates,
            modifies=modifies,
            idiomatic=lower in _IDIOMATIC,
            moves=moves,
            contextual=upper or lower in _IDIOMATIC or lower == "no",
            upper=upper,
            idle=valence is None and not moves and not upper,
        )


class PostVocabulary(Vocabulary):
    """The same for posts: handles are names, sentences end, and phrases name words.

    Args:
        lexicon: Valence by word in lower case.
        unavailable: Which of them say that something does not work.
        codes: What phrases call a word in lower case, or the filler (see ``Codes``).
    """

    def __init__(
        self,
        lexicon: Mapping[str, float],
        unavailable: Container[str],
        codes: Mapping[str, int],
    ) -> None:
        """Take lexicon and phrases."""
        super().__init__(lexicon)
        self._unavailable = unavailable
        self._codes = codes
        self._known: dict[tuple[bool, str, int], Word] = {}
        self._others: dict[int, Word] = {}

    def __missing__(self, token: str) -> Word:
        """Read a token that was not met before; most tokens of a new text are."""
        if token.isalnum():
            lower = token.lower()
            word = self._read(token, lower, self._codes[lower])
        else:
            word = self._read_marks(token)
        if len(token) <= _LONGEST_CACHED and len(self) < _MOST_CACHED:
            self[token] = word
        return word

    def _read_marks(self, token: str) -> Word:
        """Read a token that does not consist of letters and digits only."""
        ends = ENDS if ends_sentence(token) else 0
        if FILLER in token or ("@" in token and is_handle(token)):
            return self._other(self._codes[FILLER] | ends)
        bare = token.strip(_PUNCTUATION)
        code = self._codes[bare.lower()] | ends
        if len(bare) <= _EMOTICON:
            bare = token
        return self._read(bare, bare.lower(), code)

    def _read(self, bare: str, lower: str, code: int) -> Word:
        """Return the word, which is the same for all tokens that differ by punctuation only."""
        if lower not in self._relevant and "n't" not in lower:
            return self._other(code) if code else PLAIN
        key = bare.isupper(), lower, code
        word = self._known.get(key)
        if word is None:
            word = self._word(lower, key[0], code)
            word.ends = bool(code & ENDS)
            word.unavailable = lower in self._unavailable
            if len(self._known) < _MOST_CACHED:
                self._known[key] = word
        return word

    def _other(self, code: int) -> Word:
        """Return what stands for all words that only phrases name, and by this code."""
        if code not in self._others:
            self._others[code] = Word(code=code, ends=bool(code & ENDS))
        return self._others[code]


def ends_sentence(token: str) -> bool:
    """Return whether a sentence, or what stands before a colon, ends with ``token``."""
    return token.rstrip("\"')]*").endswith((".", "!", "?", ";", ":", "…"))


def is_handle(token: str) -> bool:
    """Return whether ``token`` is a handle such as ``@name`` or ``(@name@instance.example)``."""
    return _HANDLE.match(token) is not None


def strip(token: str) -> str:
    """Return ``token`` without surrounding punctuation, unless it then looks like an emoticon."""
    bare = token.strip(_PUNCTUATION)
    return token if len(bare) <= _EMOTICON else bare


@cache
def stock_analyzer() -> SentimentIntensityAnalyzer:
    """Return vaderSentiment's analyzer, which reads its lexicon files."""
    return SentimentIntensityAnalyzer()
