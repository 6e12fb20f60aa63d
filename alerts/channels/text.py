"""Text from the network made fit to be told: bounded, visible, harmless.

What a post says may be written to ping a room, to hide a link or to break a layout. Here it becomes
plain visible text; each kind of channel then escapes it in its own way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

ADDRESS = 1_000
"""Longer addresses are left out."""

_ELLIPSIS = "…"
_REMARK = 40
_APART = "\u200b"  # a zero-width space: nothing to see, but no address and no ping either
_ADDRESS_CHARACTERS = "%/:=&?~#+!$,;'@()*[]-._"


def clean(text: str, size: int) -> str:
    """Return ``text`` without control characters or half letters, of at most ``size`` characters.

    Characters that change how others are read (bidirectional marks, zero-width ones) become spaces.
    """
    short = text if len(text) <= size else f"{text[: size - 1]}{_ELLIPSIS}"
    return "".join(c if c.isprintable() or c == "\n" else " " for c in short)


def line(text: str, size: int) -> str:
    """Return ``text`` as ``clean`` does, on one line, its white space collapsed."""
    # Cut first, so that a huge text costs nothing; runs of white space may shorten it further.
    visible = "".join(c if c.isprintable() else " " for c in text[: size * 4])
    return clean(" ".join(visible.split()), size)


def inert(text: str) -> str:
    """Return ``text`` so that no program makes a link or a ping of it; it looks the same."""
    return text.replace("://", f":{_APART}//").replace("@", f"@{_APART}")


def address(url: str, size: int = ADDRESS) -> str:
    """Return ``url`` in ASCII if it is a web address that a person may follow; nothing otherwise.

    An address with a user name in front of its host is left out: it is made to look like another.
    """
    if not url.isprintable() or len(url) > size:
        return ""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    if parts.scheme not in {"http", "https"} or not parts.netloc or "@" in parts.netloc:
        return ""
    ascii_only = quote(url, safe=_ADDRESS_CHARACTERS)
    return ascii_only if len(ascii_only) <= size else ""


def characters(text: str) -> int:
    """Return the length in UTF-16 code units: at least what any service counts as characters."""
    return len(text.encode("utf-16-le")) // 2


def octets(text: str) -> int:
    """Return the length in bytes of UTF-8."""
    return len(text.encode())


def fitting(
    lines: Iterable[str], size: int, measure: Callable[[str], int] = characters
) -> list[str]:
    """Return as many of the first lines as fit into ``size`` when joined by line breaks."""
    kept: list[str] = []
    for each in lines:
        size -= measure(each) + 1
        if size < -1:
            break
        kept.append(each)
    return kept


def listing(
    lines: Sequence[str], size: int, measure: Callable[[str], int] = characters
) -> list[str]:
    """Return the first lines as ``fitting`` does, and a last one that says how many are missing."""
    shown = fitting(lines, size - _REMARK, measure)
    missing = len(lines) - len(shown)
    return [*shown, f"{_ELLIPSIS} and {missing} more"] if missing else shown
