"""Query parameters as typed values; what is wrong with one is said by its name."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import signals

if TYPE_CHECKING:
    from collections.abc import Mapping

_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)


class BadParameter(ValueError):
    """A query parameter that cannot be used; the message is one sentence for the caller.

    Attributes:
        parameter: Its name.
    """

    def __init__(self, parameter: str, message: str) -> None:
        """Begin the message with the parameter's name."""
        super().__init__(f"{parameter}: {message}")
        self.parameter = parameter


def instant(query: Mapping[str, str], name: str) -> datetime | None:
    """Return an ISO 8601 time, read as UTC where it names no zone; None if absent or empty.

    Raises:
        BadParameter: It is no time, or lies outside 1970 to 2200.
    """
    if not (text := query.get(name, "")):
        return None
    try:
        value = datetime.fromisoformat(text)
        value = value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise BadParameter(
            name, f"{text[:40]!r} is no time; write for example 2026-11-24T13:05:00Z"
        ) from None
    if not _EARLIEST <= value < _LATEST:
        raise BadParameter(name, f"{text[:40]!r} does not lie between 1970 and 2200")
    return value


def level(query: Mapping[str, str], name: str) -> signals.Level | None:
    """Return ``minute``, ``hour`` or ``day`` as a level; None if absent or empty.

    Raises:
        BadParameter: It is another word.
    """
    if not (text := query.get(name, "")):
        return None
    known = {value.name.lower(): value for value in signals.Level}
    if text not in known:
        raise BadParameter(name, f"{text[:40]!r} is none of {', '.join(known)}")
    return known[text]


def polarity(query: Mapping[str, str], name: str) -> signals.Polarity | None:
    """Return a polarity; None, which means all of them, if absent or empty.

    Raises:
        BadParameter: It is another word.
    """
    if not (text := query.get(name, "")):
        return None
    try:
        return signals.Polarity(text)
    except ValueError:
        known = ", ".join(signals.Polarity)
        raise BadParameter(name, f"{text[:40]!r} is none of {known}") from None


def count(query: Mapping[str, str], name: str, default: int, most: int) -> int:
    """Return a whole number from 1 to ``most``.

    Raises:
        BadParameter: It is no such number.
    """
    text = query.get(name, "") or str(default)
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most))):
        raise BadParameter(name, f"{text[:40]!r} is no whole number from 1 to {most}")
    if not 1 <= int(text) <= most:
        raise BadParameter(name, f"{text} does not lie between 1 and {most}")
    return int(text)
