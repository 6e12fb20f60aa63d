"""Finds phrases of service talk ("can't log in", "back up again") in one pass over the words.

All phrases together form one automaton over words, whose states are made when they are first met
(R. Cox, "Regular Expression Matching Can Be Simple And Fast", 2007). It is entered at the words
with which a phrase can begin and never leaves a sentence. No phrase is longer than a dozen words,
so the work is linear in the text.
"""

from __future__ import annotations

import re
import string
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from sentiment.patterns import START, read
from sentiment.words import FILLER, ends_sentence, is_handle

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# What a word is that no phrase names.
_OTHER, _NAME = "<other>", "<name>"
_SHAPES = {
    "<number>": re.compile(r"\d[\d.,:/]*"),
    "<span>": re.compile(r"\d[\d.,]*\+?-?(?:h|hrs?|hours?|m|mins?|minutes?|d|days?|w|wks?|weeks?)"),
    "<genitive>": re.compile(r"[^\W\d].*'s"),
    "<fail>": re.compile(r"\w{2,}(?:fails?|sucks?|sux)"),
}
_FAILS = ("fail", "fails", "suck", "sucks", "sux")

_ENDS = 1  # of a code: the sentence ends with the word
_MOST_STATES = 20_000  # then the automaton is made anew


@dataclass(frozen=True, slots=True)
class Rule:
    """A phrase and what it says.

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


@dataclass(slots=True)
class _State:
    """Where in which phrases one may be after some words.

    Attributes:
        begun: Forms that may go on, each with the number of its elements that were met.
        done: The first form that is complete; None if none is.
        wanted: The words with one of which a form goes on; None if any word may do.
        following: The state after each further word, as far as met.
    """

    begun: tuple[tuple[int, int], ...] = ()
    done: int | None = None
    wanted: frozenset[str] | None = frozenset()
    following: dict[int, _State] = field(default_factory=dict)


_DEAD = _State()


class Phrases:
    """Rules, ready to be searched for.

    Attributes:
        code: Returns the code of a token, as ``find`` wants it.

    Args:
        rules: Where two could match from a word on, the earlier one does.
        classes: Sets of words that patterns name as ``<class>``.

    Raises:
        ValueError: A pattern cannot be read.
    """

    def __init__(self, rules: Iterable[Rule], classes: Mapping[str, Iterable[str]]) -> None:
        """Read the rules."""
        named = {f"<{name}>": frozenset(words) for name, words in classes.items()}
        named |= {shape: frozenset({shape}) for shape in (_NAME, *_SHAPES)}
        self._forms = [
            (rule, form)
            for rule in rules
            for pattern in rule.patterns
            for form in read(pattern, named)
        ]
        self._anchored: defaultdict[str, list[int]] = defaultdict(list)
        for number, (_, form) in enumerate(self._forms):
            for word in form.elements[0].words:
                self._anchored[word].append(number)
        words = frozenset().union(*(form.words() for _, form in self._forms))
        self._codes = _Codes(words, self._anchored)
        self.code = self._codes.of
        self._entered: dict[int | tuple[int, int], _State] = {}
        self._states: dict[tuple[tuple[tuple[int, int], ...], int | None], _State] = {}

    def find(self, codes: list[int]) -> list[Match]:
        """Return the phrases of a text, in their order; none overlaps another.

        Args:
            codes: What ``code`` says of each token of the text.
        """
        if codes:
            codes[-1] |= _ENDS
        first_anchor = self._codes.first_anchor
        entered = self._entered
        found: list[Match] = []
        end = 0
        for at, code in enumerate(codes):
            if code < first_anchor or at < end:
                continue
            state = entered.get(code) or self._enter(codes[at - 1] if at else _ENDS, code)
            if state is _DEAD:
                continue
            if state.done is None and state.following.get(codes[at + 1]) is _DEAD:
                continue  # by far the most frequent case
            if match := self._follow(codes, at, state):
                found.append(match)
                end = match.last + 1
        return found

    def _follow(self, codes: list[int], first: int, state: _State) -> Match | None:
        """Return the phrase that begins at ``first``, where ``state`` was entered."""
        best = state.done
        last = at = first
        while state.begun:
            at += 1
            if at == len(codes):
                break
            code = codes[at]
            following = state.following.get(code)
            if following is None:
                following = state.following[code] = self._step(state, code)
            if following is _DEAD:
                break
            state = following
            if state.done is not None and (best is None or state.done < best):
                best, last = state.done, at
        if best is None:
            return None
        rule, form = self._forms[best]
        return Match(first, last - form.extra, rule)

    def _enter(self, before: int, code: int) -> _State:
        """Return the state after a word with which phrases can begin.

        Args:
            before: The code of the word before it.
            code: Its own code.
        """
        if (before, code) in self._entered:
            return self._entered[before, code]
        names = frozenset({START}) if before & _ENDS else self._codes.names(before)
        anchored = {number for name in self._codes.names(code) for number in self._anchored[name]}
        guards = {number: self._forms[number][1].before for number in anchored}
        begun = [number for number, guard in guards.items() if guard is None or guard.allows(names)]
        state = self._step(self._state([(number, 0) for number in sorted(begun)], None), code)
        self._entered[(before, code) if any(guards.values()) else code] = state
        return state

    def _step(self, state: _State, code: int) -> _State:
        """Return the state after one more word."""
        names, ends = self._codes.names(code), code & _ENDS
        if state.wanted is not None and state.wanted.isdisjoint(names):
            return _DEAD
        going: list[tuple[int, int]] = []
        for number, met in state.begun:
            elements = self._forms[number][1].elements
            if (elements[met].ends and not ends) or not elements[met].allows(names):
                continue
            if met + 1 == len(elements):
                # Forms are in order: those that follow could not win any more.
                return self._state(going, number)
            if not ends:
                going.append((number, met + 1))
        return self._state(going, None) if going else _DEAD

    def _state(self, begun: list[tuple[int, int]], done: int | None) -> _State:
        """Return the state with these forms; the same one each time."""
        key = (tuple(begun), done)
        if key not in self._states:
            if len(self._states) == _MOST_STATES:
                self._states.clear()
                self._entered.clear()
            next_elements = [self._forms[number][1].elements[met] for number, met in begun]
            wanted = None
            if not any(element.negated for element in next_elements):
                wanted = frozenset().union(*(element.words for element in next_elements))
            self._states[key] = _State(*key, wanted)
        return self._states[key]


class _Codes:
    """Numbers for words, which the automaton handles faster than words.

    Args:
        words: Those that phrases name.
        anchors: Those with which a phrase can begin; they get the highest numbers.
    """

    def __init__(self, words: Iterable[str], anchors: Mapping[str, object]) -> None:
        """Give each word its number."""
        named = {word: _names(word) for word in {_OTHER, _NAME, START, *_SHAPES, *words}}
        ordered = sorted(named, key=lambda word: (not named[word].isdisjoint(anchors), word))
        self._names = [named[word] for word in ordered]
        self._codes = {word: 2 * number for number, word in enumerate(ordered)}
        self.first_anchor = 2 * sum(names.isdisjoint(anchors) for names in self._names)

    def of(self, token: str) -> int:
        """Return twice the number of the word, and one more if a sentence ends with it."""
        word = token.strip(string.punctuation).lower()
        if FILLER in word or is_handle(token):
            word = _NAME
        code = self._codes.get(word)
        if code is None:
            code = self._codes[_shape(word) or _OTHER]
        return code | ends_sentence(token)

    def names(self, code: int) -> frozenset[str]:
        """Return what patterns may call the word with this code."""
        return self._names[code >> 1]


def _names(word: str) -> frozenset[str]:
    shape = _shape(word)
    return frozenset({word, shape} if shape else {word})


def _shape(word: str) -> str | None:
    if word.isalpha() and not word.endswith(_FAILS):
        return None  # as most words
    return next((shape for shape, form in _SHAPES.items() if form.fullmatch(word)), None)
