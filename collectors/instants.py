"""Reads the ways in which archives write an instant."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from signals import from_seconds

if TYPE_CHECKING:
    from collections.abc import Callable

_EPOCH = re.compile(r"\d{9,14}(?:\.\d{1,9})?")
_MILLISECONDS_FROM = 1e11  # as seconds this would be the year 5138
_LONGEST = 64  # characters
_READERS: tuple[Callable[[str], datetime], ...] = (datetime.fromisoformat, parsedate_to_datetime)


def read_instant(value: object) -> datetime | None:
    """Return the instant that ``value`` means, in UTC, or None if it is none.

    Understood are ISO 8601 (no zone means UTC), seconds or milliseconds since 1970 as a number or
    as text, and the dates of e-mail (RFC 2822).
    """
    if isinstance(value, str) and not _EPOCH.fullmatch(value := value.strip()):
        return _read_text(value.removesuffix(" UTC"))
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = float(value)
        return from_seconds(number / 1_000 if number >= _MILLISECONDS_FROM else number)
    except (ValueError, OverflowError, OSError):
        return None


def _read_text(text: str) -> datetime | None:
    if len(text) > _LONGEST:
        return None
    for read in _READERS:
        try:
            when = read(text)
            return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
        except (ValueError, OverflowError, TypeError, IndexError):
            continue
    return None
