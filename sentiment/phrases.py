"""Finds phrases of service talk ("can't log in", "back up again") in one pass over the words.

Each form of a phrase is one bit of an integer. For each place in a phrase, a word leaves only those
bits that it fits; what is left after the last place are the forms that begin here (bit parallelism:
R. Baeza-Yates and G. Gonnet, "A New Approach to Text Searching", 1992). No phrase leaves its
sentence or is longer than a dozen words, so the work is linear in the text.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from sentiment.codes import NAME, SHAPES, Codes
from sentiment.patterns import START, read
from sentiment.words import ENDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sentiment.patterns import Element


_AT_ONCE = 3  # words that are looked at before a phrase is followed


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """A phrase and what it says; equal to itself only.

    Attributes:
        name: What explanations call it.
        patterns: The phrase in its forms (see ``phrases.toml`` for the notation).
        weight: Its valence, in the place of those of its words.
        availability: Whether it says that something does not work or cannot be reached.
    """

    name: str
    patterns: tuple[str, ...]
    weight: float
    availability: bool = False


class Match(NamedTuple):
    """A phrase in a text: its first and last word, and its rule."""

    first: int
    last: int
    rule: Rule


class Phrases:
    """Rules, ready to be searched for.

    Attributes:
        codes: The code of each word, as ``find`` wants it.

    Args:
        rules: Where two could match from a word on, the earlier one does.
        classes: Sets of words that patterns name as ``<class>``.

    Raises:
        ValueError: A pattern cannot be read.
    """

    def __init__(self, rules: Iterable[Rule], classes: Mapping[str, Iterable[str]]) -> None:
        """Read the rules."""
        named = {f"<{name}>": frozenset(words) for name, words in classes.items()}
        named |= {shape: frozenset({shape}) for shape in (NAME, *SHAPES)}
        self._forms = [
            (rule, form)
            for rule in rules
            for pattern in rule.patterns
            for form in read(pattern, named)
        ]
        longest = max([_AT_ONCE, *(len(form.elements) for _, form in self._forms)])
        places: list[defaultdict[Element, int]] = [defaultdict(int) for _ in range(longest)]
        guards: defaultdict[Element, int] = defaultdict(int)
        whole = [0] * longest  # the forms that end at each place
        for number, (_, form) in enumerate(self._forms):
            bit = 1 << number
            for place, element in enumerate(form.elements):
                places[place][element] |= bit
            whole[len(form.elements) - 1] |= bit
            if form.before is not None:
                guards[form.before] |= bit
        words = {word for place in (*places, guards) for each in place for word in each.words}
        self.codes = Codes(words, {word for each in places[0] for word in each.words})
        fitting, pending = [], []
        done = 0
        for elements, ending in zip(places, whole, strict=True):
            fitting.append(self.codes.fitting(elements, done, done | ending))
            done |= ending
            pending.append(~done)
        self._first, self._second, self._third = fitting[:_AT_ONCE]
        self._further = list(zip(pending[_AT_ONCE - 1 :], fitting[_AT_ONCE:], strict=False))
        before = self.codes.fitting(guards)
        start = before[self.codes[START]]
        free = ~sum(guards.values())
        self._before = [(start if code & ENDS else bits) | free for code, bits in enumerate(before)]
        self._entry = next((code for code, bits in enumerate(self._first) if bits), 0)

    def find(self, codes: list[int]) -> list[Match]:
        """Return the phrases of a text, in their order; none overlaps another.

        Args:
            codes: The code of each of its words, with ``ENDS`` where a sentence ends.
        """
        if not codes:
            return []
        codes = [*codes, ENDS, ENDS]  # so that one can look two words ahead, and one back
        codes[-3] |= ENDS
        entry, before = self._entry, self._before
        first, second, third = self._first, self._second, self._third
        found: list[Match] = []
        end = 0
        for at, code in enumerate(codes):
            if code < entry or at < end:
                continue
            alive = first[code] & second[codes[at + 1]]
            if not alive:
                continue  # by far the most frequent case
            alive &= third[codes[at + 2]] & before[codes[at - 1]]
            if alive and (match := self._follow(codes, at, alive)):
                found.append(match)
                end = match.last + 1
        return found

    def _follow(self, codes: list[int], first: int, alive: int) -> Match | None:
        """Return the phrase that begins at ``first``, where the first words fit these forms."""
        at = first + _AT_ONCE
        for pending, fitting in self._further:
            if not alive & pending:
                break
            alive &= fitting[codes[at]]
            at += 1
        if not alive:
            return None
        rule, form = self._forms[(alive & -alive).bit_length() - 1]  # the lowest bit: the earliest
        return Match(first, first + len(form.elements) - form.extra - 1, rule)
