"""Numbers for the words that phrases name, which are compared faster than words."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from sentiment.words import FILLER

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping

    from sentiment.patterns import Element

NAME = "<name>"
SHAPES = ("<number>", "<span>", "<genitive>", "<fail>")

_NUMBER = re.compile(r"\d[\d.,:/]*")
_SPAN = re.compile(r"\d[\d.,]*\+?-?(?:h|hrs?|hours?|m|mins?|minutes?|d|days?|w|wks?|weeks?)")
_FAIL = re.compile(r"\w{2,}(?:fails?|sucks?|sux)")
_FAILS = ("fail", "fails", "suck", "sucks", "sux")
_OTHER = ""  # any word that no phrase names


class Codes(dict[str, int]):
    """The code of each word in lower case, or with the filler: an even number, 0 if none names it.

    The same number plus ``ENDS`` stands for the word where a sentence ends with it.

    Args:
        words: Those that phrases name.
        first: Those with which a phrase begins; they get the highest numbers.
    """

    def __init__(self, words: Iterable[str], first: Container[str]) -> None:
        """Number the words."""
        super().__init__({_OTHER: 0})
        self._shaped: dict[str, list[str]] = {shape: [] for shape in (NAME, *SHAPES)}
        self._names: dict[str, tuple[str, ...]] = {}  # of the words that have a shape
        high: list[str] = []
        for word in sorted({*words, *self._shaped}):
            shape = _shape(word)
            if shape:
                self._shaped[shape].append(word)
                self._names[word] = word, shape
            if word in first or shape in first:
                high.append(word)
            else:
                self[word] = 2 * len(self)
        for word in high:
            self[word] = 2 * len(self)

    def __missing__(self, word: str) -> int:
        """Return the code of the shape of a word that no phrase names; 0 if it has none."""
        shape = _shape(word)
        return self[shape] if shape else 0

    def fitting(self, elements: Mapping[Element, int], done: int = 0, whole: int = -1) -> list[int]:
        """Return, by code, the bits of those ``elements`` that the word may be.

        Args:
            elements: The bits of each.
            done: Bits that stay whatever the word is.
            whole: The only bits that stay where a sentence ends.
        """
        negated = sum(bits for element, bits in elements.items() if element.negated)
        ending = sum(bits for element, bits in elements.items() if element.ends)
        meant: defaultdict[str, int] = defaultdict(int)
        excluded: defaultdict[str, int] = defaultdict(int)
        for element, bits in elements.items():
            for word in element.words:
                (excluded if element.negated else meant)[word] |= bits
        found = [negated & ~ending | done, (negated | done) & whole] * len(self)
        affected = {*meant, *excluded}
        affected.update(*(words for shape, words in self._shaped.items() if shape in affected))
        for word in affected:
            fits = negated
            for name in self._names.get(word, (word,)):
                if name in excluded:
                    fits &= ~excluded[name]
                if name in meant:
                    fits |= meant[name]
            code = self[word]
            found[code : code + 2] = fits & ~ending | done, (fits | done) & whole
        return found


def _shape(word: str) -> str | None:
    if word.isalpha() and not word.endswith(_FAILS):
        return None  # as most words
    if word[:1].isdigit():
        return (
            "<number>" if _NUMBER.fullmatch(word) else "<span>" if _SPAN.fullmatch(word) else None
        )
    if word.endswith("'s"):
        return "<genitive>" if word[0].isalpha() else None
    if word.endswith(_FAILS):
        return "<fail>" if _FAIL.fullmatch(word) else None
    return NAME if FILLER in word else None
