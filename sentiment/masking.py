"""Blanks what must not count as praise or complaint: the topic's names, and addresses.

"United", "brave" and "Discord" are words of a sentiment lexicon, and to cut a name out of "@x:"
would leave the emoticon "@:" behind. So each masked character becomes a filler: places stay those
of the original text, and no word of a lexicon can contain the filler.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vaderSentiment.vaderSentiment import BOOSTER_DICT

from sentiment.lexicon import entries
from sentiment.words import FILLER, stock_analyzer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from signals import Topic

Names = tuple[tuple[str, ...], tuple[str, ...]]

_KNOWN: dict[str, tuple[Topic, Names]] = {}
_MOST_KNOWN = 1_024

ADDRESS = re.compile(r"[hHwW](?i:(?:ttps?://)|(?:ww\.))\S+")  # a set first is found fastest


def mask(text: str, topic: Topic | None = None) -> str:
    """Return ``text``, of the same length, with names and addresses blanked.

    Args:
        text: Any text.
        topic: Its names are blanked as whole words in any case: ``mask``, and, unless they are
            words of complaint, the name itself and the single words that its query looks for. A
            word of a longer name is blanked where it is written with a capital ("Brave" of "Brave
            Browser", not "brave").
    """
    if "://" in text or "www." in text:
        text = ADDRESS.sub(_blank, text)
    if topic is None:
        return text
    in_any_case, as_written = _names(topic)
    spans: list[tuple[int, int]] = []
    lower = text.lower() if text.isascii() else _lower(text)
    for name in in_any_case:
        if name in lower:
            spans += _whole_words(lower, name)
    for name in as_written:
        if name in text:
            spans += _whole_words(text, name)
    return _blank_spans(text, spans) if spans else text


def _names(topic: Topic) -> Names:
    """Return what is blanked in any case (given in lower case), and what as it is written."""
    known = _KNOWN.get(topic.name)
    if known is not None and known[0] is topic:  # its hash would take longer than all the rest
        return known[1]
    if len(_KNOWN) == _MOST_KNOWN:
        _KNOWN.clear()
    names = _read_names(topic)
    _KNOWN[topic.name] = topic, names
    return names


def _read_names(topic: Topic) -> Names:
    terms = (topic.name, *topic.query.any_of, *topic.query.all_of)
    complaints = {"down"} | {entry.word for entry in entries() if entry.weight < 0}
    names = {_lower(term) for term in terms if term == topic.name or len(term.split()) == 1}
    names = names - complaints | {_lower(name) for name in topic.mask}
    parts = {word for word in topic.name.split() if word[0].isupper() and _weighs(word.lower())}
    parts = {part for part in parts if part.lower() not in complaints | names}
    return (
        tuple(sorted({name.strip() for name in names} - {""})),
        tuple(sorted(parts | {part.upper() for part in parts})),
    )


def _lower(text: str) -> str:
    """Return ``text`` in lower case and of the same length: only the dotted I would grow."""
    return text.replace("\u0130", "I").lower()


def _weighs(lower: str) -> bool:
    """Return whether a word would move the score if it were not blanked."""
    return lower in stock_analyzer().lexicon or lower in BOOSTER_DICT


def _whole_words(text: str, name: str) -> Iterator[tuple[int, int]]:
    """Yield where ``name`` stands in ``text`` as words of their own, and not as a handle."""
    at = text.find(name)
    while at >= 0:
        end = at + len(name)
        before, after = text[at - 1 : at], text[end : end + 1]
        begins_inside = before == "@" or (before.isalnum() and name[0].isalnum())
        ends_inside = after.isalnum() and name[-1].isalnum()
        if not begins_inside and not ends_inside:
            yield at, end
        at = text.find(name, end)


def _blank_spans(text: str, spans: list[tuple[int, int]]) -> str:
    pieces: list[str] = []
    done = 0
    for start, end in sorted(spans):
        if end > done:
            pieces += text[done:start], FILLER * (end - max(start, done))
            done = end
    return "".join([*pieces, text[done:]])


def _blank(match: re.Match[str]) -> str:
    return FILLER * len(match[0])
