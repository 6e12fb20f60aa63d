"""Times, amounts and addresses as a person reads them; the templates' filters."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import signals

if TYPE_CHECKING:
    from datetime import datetime

_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_DAYS_EXACT = 7


def duration(length: timedelta) -> str:
    """Return a length of time in its one or two largest units, e.g. ``3 h 10 min``."""
    if length < _MINUTE:
        return f"{max(int(length.total_seconds()), 0)} s"
    if length < _HOUR:
        return f"{length // _MINUTE} min"
    if length < _DAY:
        hours, rest = divmod(length, _HOUR)
        return f"{hours} h {rest // _MINUTE} min" if rest >= _MINUTE else f"{hours} h"
    days, rest = divmod(length, _DAY)
    hours = rest // _HOUR
    return f"{days:,} d {hours} h" if hours and days < _DAYS_EXACT else f"{days:,} d"


def ago(instant: datetime, now: datetime) -> str:
    """Return how long ago ``instant`` was, e.g. ``2 min ago``."""
    length = now - instant
    return "just now" if length < _MINUTE else f"{_coarse(length)} ago"


def clock(instant: datetime, now: datetime) -> str:
    """Return ``13:05``, with the day where it is not today's, and the year where not this one's."""
    if instant.date() == now.date():
        return f"{instant:%H:%M}"
    day = f"{instant.day} {instant:%b}"
    if instant.year != now.year:
        return f"{day} {instant.year}, {instant:%H:%M}"
    return f"{day}, {instant:%H:%M}"


def amount(value: float) -> str:
    """Return a count, with one decimal where it is a small fraction."""
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:.1f}"  # noqa: PLR2004 - below ten, the decimal tells


def segment(name: str) -> str:
    """Return free text as one segment of a URL's path."""
    return quote(name, safe="")


def web_url(url: str) -> str:
    """Return ``url`` if a browser may be sent there (http or https), else nothing."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme in {"http", "https"} and parts.netloc else ""


def stamp(instant: datetime) -> str:
    """Return ``2026-11-24 13:05 UTC``."""
    return f"{signals.iso(instant)[:16].replace('T', ' ')} UTC"


def _coarse(length: timedelta) -> str:
    for unit, word in ((_DAY, "d"), (_HOUR, "h")):
        if length >= unit:
            return f"{length // unit:,} {word}"
    return f"{length // _MINUTE} min"
