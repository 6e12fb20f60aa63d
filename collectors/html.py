"""From a fragment of HTML, as social networks send posts, to the plain text a reader sees."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

LONGEST = 20_000
"""Characters of a post that are kept; longer ones are cut."""

_LONGEST_MARKUP = 2 * LONGEST
_UNSEEN = ("script", "style", "template", "noscript", "head", "title", "iframe", "object")
_BLOCKS = (
    "p",
    "div",
    "li",
    "ul",
    "ol",
    "blockquote",
    "pre",
    "tr",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
)
# Control characters, and halves of surrogate pairs, which no UTF-8 can carry.
_UNPRINTABLE = dict.fromkeys((*range(9), *range(11, 32), *range(127, 160), *range(0xD800, 0xE000)))


def to_text(fragment: str, *, without: Sequence[str] = ()) -> str:
    """Return what a reader of ``fragment`` sees, one paragraph a line.

    Inline elements leave no gaps: Mastodon writes ``#<span>tag</span>``, and cuts an address into
    ``<span class="invisible">`` parts, which are joined again to the whole address.

    Args:
        fragment: The markup.
        without: Names of elements to leave out, e.g. those in which a site quotes other people.
    """
    fragment = fragment[:_LONGEST_MARKUP].translate(_UNPRINTABLE)
    if "<" not in fragment:
        return tidy(html.unescape(fragment))
    # PLC0415: slow to import, and most commands read no markup.
    from bs4 import BeautifulSoup  # noqa: PLC0415

    # The element around it tells Beautiful Soup that even a bare address is meant as markup.
    soup = BeautifulSoup(f"<div>{fragment}</div>", "lxml")
    for element in soup([*_UNSEEN, *without]):
        element.decompose()
    for line_break in soup("br"):
        line_break.replace_with("\n")
    for block in soup(_BLOCKS):
        block.insert(0, "\n")
        block.append("\n")
    return tidy(soup.get_text())


def tidy(text: str) -> str:
    """Return plain ``text`` bounded, without control characters and superfluous white space."""
    lines = text[:_LONGEST_MARKUP].translate(_UNPRINTABLE).splitlines()
    return "\n".join(line for each in lines if (line := " ".join(each.split())))[:LONGEST]
