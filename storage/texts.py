"""Texts from the network, bounded to what the journal keeps."""

from __future__ import annotations

MAX_TEXT = 20_000
"""Characters of a text that are kept."""

MAX_LINE = 2_000
"""Characters of an address, a title or an identity that are kept."""


def storable(text: str, longest: int = MAX_TEXT) -> str:
    """Return the beginning of ``text``, without halves of surrogate pairs, which have no UTF-8."""
    if len(text) > longest:
        text = text[:longest]
    return text if text.isascii() else text.encode(errors="replace").decode()


def storable_line(text: str) -> str:
    """Return the beginning of an address, a title or an identity, likewise."""
    return storable(text, MAX_LINE)
