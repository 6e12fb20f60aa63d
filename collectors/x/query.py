"""From the terms of topics to queries of X's search.

Syntax: https://docs.x.com/x-api/posts/search/integrate/build-a-query. A space is AND and binds
before OR; a phrase stands in quotes; ``-`` excludes. A query may have 512 characters.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from signals import Topic

LONGEST = 512
"""Characters a query may have; that of large customers may be longer."""

_FRAME = "({}) -is:retweet"
_ROOM = LONGEST - len(_FRAME.format(""))
_OR = " OR "
_BARE = re.compile(r"[#@]?\w+")
_OPERATORS = frozenset({"or", "and"})


def queries(topics: Sequence[Topic]) -> tuple[str, ...]:
    """Return as few queries as have room for the terms of all ``topics``.

    Raises:
        ValueError: There are no terms, or a topic has too many that all have to be there or not.
    """
    found: list[str] = []
    for clause in dict.fromkeys(clause for topic in topics for clause in _clauses(topic)):
        if found and len(found[-1]) + len(_OR) + len(clause) <= _ROOM:
            found[-1] += _OR + clause
        else:
            found.append(clause)
    if not found:
        raise ValueError("its topics have no terms to search for")
    return tuple(_FRAME.format(each) for each in found)


def _clauses(topic: Topic) -> Iterator[str]:
    """Yield a clause for each of the terms of ``topic`` of which one is enough."""
    query = topic.query
    common = [*_operands(query.all_of), *(f"-{each}" for each in _operands(query.none_of))]
    for term in _operands(query.any_of) or ([""] if query.all_of else []):
        clause = " ".join(part for part in (term, *common) if part)
        if len(clause) > _ROOM:
            raise ValueError(
                f"the topic {topic.name!r} asks for more than the {LONGEST} characters that X "
                "allows; listen for it elsewhere, and say topics = [...] here"
            )
        yield clause


def _operands(terms: Iterable[str]) -> list[str]:
    """Return ``terms`` as the search understands them: words as they are, all else as phrases."""
    words = (" ".join(term.replace('"', " ").split()) for term in terms)
    return [
        word if _BARE.fullmatch(word) and word.lower() not in _OPERATORS else f'"{word}"'
        for word in words
        if word
    ]
