"""Blanks what must not count as praise or complaint: names, handles, addresses.

"United", "brave" and "Discord" are words of a sentiment lexicon, and "RT @x:" would leave the
emoticon "@:" behind if the handle were cut out. So each masked character becomes a filler: places
stay those of the original text, and no word of a lexicon can contain the filler.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from vaderSentiment.vaderSentiment import BOOSTER_DICT

from sentiment.words import stock_analyzer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from signals import Topic

FILLER = "\x01"  # neither letter, punctuation nor white space

_ADDRESS = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
# @name, @name@instance.example (Mastodon), @name.example.social (Bluesky); no e-mail address.
_HANDLE = re.compile(r"@(?<!\w@)\w+(?:[.-]\w+)*(?:@\w+(?:[.-]\w+)*)?")


def mask(text: str, topic: Topic | None = None) -> str:
    """Return ``text``, of the same length, with names, handles and addresses blanked.

    Args:
        text: Any text.
        topic: Its names are blanked as whole words in any case: ``mask``, the name itself, and
            the single words that its query looks for. A single word of a longer name is blanked
            where it is written with a capital ("Brave" of "Brave Browser", not "brave").
    """
    if "://" in text or "www." in text:
        text = _ADDRESS.sub(_blank, text)
    if "@" in text:
        text = _HANDLE.sub(_blank, text)
    if topic is None:
        return text
    in_any_case, as_written = _names(topic)
    lower = _lower(text)
    spans = [span for name in in_any_case if name in lower for span in _whole_words(lower, name)]
    spans += [span for name in as_written if name in text for span in _whole_words(text, name)]
    return _blank_spans(text, spans) if spans else text


@lru_cache(maxsize=1_024)
def _names(topic: Topic) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what is blanked in any case (given in lower case), and what as it is written."""
    terms = (*topic.query.any_of, *topic.query.all_of)
    names = {topic.name, *topic.mask, *(term for term in terms if not any(map(str.isspace, term)))}
    parts = {word for word in topic.name.split() if word[0].isupper() and _weighs(word.lower())}
    return (
        tuple(sorted({_lower(name.strip()) for name in names} - {""})),
        tuple(sorted(parts | {word.upper() for word in parts})),
    )


def _lower(text: str) -> str:
    """Return ``text`` in lower case and of the same length: only the dotted I would grow."""
    return text.replace("\u0130", "I").lower()


def _weighs(lower: str) -> bool:
    """Return whether a word would move the score if it were not blanked."""
    return lower in stock_analyzer().lexicon or lower in BOOSTER_DICT


def _whole_words(text: str, name: str) -> Iterator[tuple[int, int]]:
    """Yield where ``name`` stands in ``text`` with no letter or digit of its own kind beside it."""
    at = text.find(name)
    while at >= 0:
        end = at + len(name)
        begins_inside = name[0].isalnum() and text[at - 1 : at].isalnum()
        ends_inside = name[-1].isalnum() and text[end : end + 1].isalnum()
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
    return FILLER * (match.end() - match.start())
