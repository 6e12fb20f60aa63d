"""Which topics a text mentions.

Texts and terms are brought to one form (Unicode NFKC, case-folded, white space collapsed), all
terms are found in one pass (Aho-Corasick), and each hit must then stand alone:

==================  ============================================================================
Term                Matches
==================  ============================================================================
``linux``           the word, also as ``#linux``, ``@linux`` or in ``linux.org``; not ``linuxmint``
``#linux``          the hashtag only
``"linux mint"``    the words with any white space between them, with or without the quotes
``C++``, ``.NET``   as written; a digit may follow a symbol (``C++17``), a letter may not
``github.com``      the host and its subdomains (``www.``, ``status.``), with any path; not
                    ``notgithub.com``, ``my-github.com``, ``github.com.evil.net``
``github.com/psf``  the host or a subdomain of it, with this path; a scheme is ignored
``微软``, ``🔥``     anywhere: scripts without spaces and emoji know no word boundary
==================  ============================================================================
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING
from unicodedata import category, name, normalize

from ahocorasick_rs import AhoCorasick

from settings import SettingsError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from signals import Topic

# Characters that are not seen: soft hyphens, joiners, direction marks, variation selectors, tags.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\ufe00-\ufe0f\ufeff\U000e0000-\U000e0fff]+"
)
# Putting n combining marks in order takes n^2 steps, and no word has this many.
_MARKS = re.compile(
    r"((?:[^\w\s\x00-\x7f]|[\uff9e\uff9f]){64})(?:[^\w\s\x00-\x7f]|[\uff9e\uff9f])+"
)
_UNSPACED = (  # how the Unicode names of characters begin that need no space between words
    *("CJK ", "IDEOGRAPHIC ", "HIRAGANA ", "KATAKANA", "BOPOMOFO ", "HANGUL ", "YI "),
    *("THAI ", "LAO ", "KHMER ", "MYANMAR ", "TIBETAN "),
)
_QUOTES = '"\u201c\u201d\u201e\u00ab\u00bb'
_ADDRESS = re.compile(
    r"(?:https?://)?(?:www\.)?(?P<host>(?:[\w-]+\.)+(?:[^\W\d_]{2,}|xn--[\w-]+))(?P<path>/\S*)?"
)
# What follows a host and makes it another one: ``.evil.net``, ``-evil.net``. Labels end at 63.
_LONGER_HOST = re.compile(r"(?:-[\w-]{0,63})?\.\w")


@dataclass(frozen=True, slots=True)
class _Term:
    """One thing to find.

    Attributes:
        text: It, in normal form.
        starts_host: Whether it starts with a host name.
        ends_host: Whether it is a host name without a path.
    """

    text: str
    starts_host: bool = False
    ends_host: bool = False

    def stands_alone(self, text: str, start: int, end: int) -> bool:
        """Return whether the hit at ``text[start:end]`` is not a part of something else."""
        first, last = self.text[0], self.text[-1]
        before, after = text[start - 1 : start], text[end : end + 1]
        if before and _bounded(first) and _joins(before):
            return False
        if after and _bounded(last) and _joins(after) and (_joins(last) or not after.isdigit()):
            return False
        if self.starts_host and before == "-":
            return False
        return not (self.ends_host and _LONGER_HOST.match(text, end))


class Matcher:
    """Finds the topics that texts mention, in time linear in the text."""

    def __init__(self, topics: Sequence[Topic]) -> None:
        """Prepare the search for all terms of all ``topics``.

        A topic without any-of and all-of terms is never mentioned: there is nothing to listen for.

        Raises:
            SettingsError: A term holds nothing that could be found.
        """
        if found := problems(topics):
            raise SettingsError("\n".join(found))
        self._topics = tuple(topics)
        numbers: dict[_Term, int] = {}

        def numbered(terms: Sequence[str]) -> frozenset[int]:
            return frozenset(numbers.setdefault(_term(term), len(numbers)) for term in terms)

        self._queries = [
            (numbered(query.any_of), numbered(query.all_of), numbered(query.none_of))
            for query in (topic.query for topic in topics)
        ]
        self._terms = tuple(numbers)
        self._automaton = AhoCorasick([term.text for term in numbers], store_patterns=False)
        self._users: defaultdict[int, list[int]] = defaultdict(list)
        for at, (any_of, all_of, _) in enumerate(self._queries):
            for number in any_of | all_of:
                self._users[number].append(at)

    def match(self, text: str) -> tuple[Topic, ...]:
        """Return the topics that ``text`` mentions, in the order in which they were given."""
        text = normalise(text)
        found: set[int] = set()
        for number, start, end in self._automaton.find_matches_as_indexes(text, overlapping=True):
            if number not in found and self._terms[number].stands_alone(text, start, end):
                found.add(number)
        if not found:
            return ()
        candidates = {at for number in found for at in self._users.get(number, ())}
        return tuple(self._topics[at] for at in sorted(candidates) if self._holds(at, found))

    def _holds(self, at: int, found: set[int]) -> bool:
        any_of, all_of, none_of = self._queries[at]
        return (
            none_of.isdisjoint(found)
            and all_of <= found
            and (not any_of or not any_of.isdisjoint(found))
        )


def problems(topics: Sequence[Topic]) -> list[str]:
    """Return one line for each term that could never be found, e.g. ``""`` or a lone space."""
    return [
        f"topic {topic.name!r}: {key}: the term {term!r} is empty; write a word or remove it"
        for topic in topics
        for key, terms in (
            ("any", topic.query.any_of),
            ("all", topic.query.all_of),
            ("none", topic.query.none_of),
        )
        for term in terms
        if not _term(term).text
    ]


def normalise(text: str) -> str:
    """Return ``text`` in the form in which terms are compared.

    That is NFKC with case folding (Unicode Standard Annex 15 and section 3.13 of the Unicode
    Standard), without invisible characters, and with each stretch of white space as one space.
    Its length may differ from that of ``text``: never use places in one for the other.
    """
    if text.isascii():
        return " ".join(text.lower().split())
    text = _MARKS.sub(r"\1", _INVISIBLE.sub("", text))
    return " ".join(normalize("NFKC", normalize("NFKC", text).casefold()).split())


def _term(written: str) -> _Term:
    """Return what a term of the settings stands for."""
    text = normalise(written).strip(_QUOTES + " ")
    if address := _ADDRESS.fullmatch(text):
        path = (address["path"] or "").rstrip("/")
        return _Term(address["host"] + path, starts_host=True, ends_host=not path)
    return _Term(text)


@lru_cache(maxsize=4_096)
def _joins(char: str) -> bool:
    """Return whether ``char`` would make a longer word of a word beside it."""
    if char.isascii():
        return char.isalnum() or char == "_"
    if name(char, "").startswith(_UNSPACED):
        return False
    return char.isalnum() or category(char).startswith("M")


def _bounded(edge: str) -> bool:
    """Return whether a term with this edge needs a boundary there; emoji and CJK do not."""
    return edge.isascii() or _joins(edge)
