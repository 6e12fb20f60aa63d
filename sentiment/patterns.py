"""Reads the notation of ``phrases.toml``: a pattern becomes plain sequences of sets of words."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Words = frozenset[str]


@dataclass(frozen=True, slots=True)
class Element:
    """One word of a phrase.

    Attributes:
        words: Those it may be.
        negated: Whether it may be any word but those.
        ends: Whether a sentence must end with it.
    """

    words: Words
    negated: bool = False
    ends: bool = False

    def allows(self, names: Words) -> bool:
        """Return whether it may be the word that has these names."""
        return self.words.isdisjoint(names) == self.negated


@dataclass(frozen=True, slots=True)
class Sequence:
    """One form of a phrase, without options and gaps.

    Attributes:
        elements: Its words, the anchor first.
        before: What the word before the anchor must be; None if that does not matter.
        extra: How many of the last elements were only looked at and belong to no phrase.
    """

    elements: tuple[Element, ...]
    before: Element | None = None
    extra: int = 0


ANY = Element(frozenset(), negated=True)
START = "<start>"  # stands before the first word of a sentence


def read(pattern: str, classes: Mapping[str, Words]) -> list[Sequence]:
    """Return the forms of ``pattern``.

    Args:
        pattern: A phrase in the notation that ``phrases.toml`` explains.
        classes: The words of each class, by ``<name>``.

    Raises:
        ValueError: The pattern names no such class, or its anchor is no word.
    """
    parts = pattern.split()
    anchor = next((at for at, part in enumerate(parts) if part.startswith("!")), 0)
    if anchor > 1 or parts[anchor][0] in "*~$^_":
        raise ValueError(f"{pattern!r}: a phrase begins with a word, and one may stand before")
    before = _before(parts[0], classes) if anchor else None
    parts[anchor] = parts[anchor].removeprefix("!")
    return [
        Sequence(elements, before, extra) for elements, extra in _forms(parts[anchor:], classes)
    ]


def _before(part: str, classes: Mapping[str, Words]) -> Element:
    if part == "^":
        return Element(frozenset({START}))
    return Element(_words(part.removeprefix("~"), classes), negated=part.startswith("~"))


def _forms(
    parts: list[str], classes: Mapping[str, Words]
) -> Iterator[tuple[tuple[Element, ...], int]]:
    """Yield each form of what follows from the first of ``parts``, and how much of it is extra."""
    if not parts:
        yield (), 0
        return
    part, following = parts[0], list(_forms(parts[1:], classes))
    name = part.lstrip("~").removesuffix("?")
    words = frozenset() if part[0] in "*$_" else _words(name, classes)
    for elements, extra in following:
        if part.startswith("*"):
            for length in range(int(part[1:]) + 1):
                yield (ANY,) * length + elements, extra
        elif part.startswith("~"):
            if elements:
                yield (_without(elements[0], words), *elements[1:]), extra
            else:
                yield (_END,), 0
                yield (Element(words, negated=True),), 1
        elif part == "$":
            yield (_END,), 0
        else:
            element = ANY if part == "_" else Element(words)
            if elements[:1] == (_END,):
                yield (replace(element, ends=True),), extra
            else:
                yield (element, *elements), extra
            if part.endswith("?"):
                yield elements, extra


_END = Element(frozenset(), ends=True)  # a mark for the word before: a sentence ends with it


def _without(element: Element, unwanted: Words) -> Element:
    if element.negated:
        return replace(element, words=element.words | unwanted)
    return replace(element, words=element.words - unwanted)


def _words(part: str, classes: Mapping[str, Words]) -> Words:
    if part in classes:
        return classes[part]
    words: set[str] = set()
    for word in part.split("|"):
        if word.startswith("<") and word not in classes:
            raise ValueError(f"no class is called {word}")
        words |= classes.get(word, {word})
    return frozenset(words)
