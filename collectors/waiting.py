"""What the headers of an answer say about waiting, in every style that is in use."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_LONGEST_WAIT = 86_400.0  # a header that asks for more is not believed
_EPOCH_LIKE = 1e9  # seconds; a larger number is a point in time, not a time to wait
# Mastodon, GitHub, Reddit, Discourse; X; the IETF's draft-ietf-httpapi-ratelimit-headers-03.
_PREFIXES = ("x-ratelimit", "x-rate-limit", "ratelimit")


@dataclass(frozen=True, slots=True)
class Quota:
    """What a host says is left of what it allows.

    Attributes:
        remaining: Requests that are left; Reddit counts parts of them.
        limit: Requests that it allows at a time, if it says so.
        reset: Seconds until all of them are left again, if it says so.
    """

    remaining: float
    limit: float | None = None
    reset: float | None = None

    @property
    def is_used_up(self) -> bool:
        """Whether not one more request is left."""
        return self.remaining < 1


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that ``Retry-After`` asks for (RFC 9110 section 10.2.3), if it does."""
    value = headers.get("retry-after", "").strip()
    if (seconds := _number(value)) is not None:
        return _believable(seconds)
    return _until(value, headers)


def reset_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds until ``X-RateLimit-Reset``, if it is there.

    Three styles are in use: ISO 8601 (Mastodon), seconds since 1970 (X, GitHub, Discord) and
    seconds left (Reddit, the IETF's draft).
    """
    value = _header(headers, "reset")
    if (seconds := _number(value)) is not None:
        return _believable(seconds - _clock(headers) if seconds > _EPOCH_LIKE else seconds)
    return _until(value, headers)


def quota(headers: Mapping[str, str]) -> Quota | None:
    """Return what the host says is left, if it says so."""
    remaining = _number(_header(headers, "remaining"))
    if remaining is None:
        return None
    return Quota(remaining, _number(_header(headers, "limit")), reset_after(headers))


def _header(headers: Mapping[str, str], name: str) -> str:
    found = (headers.get(f"{prefix}-{name}", "") for prefix in _PREFIXES)
    return next((value.strip() for value in found if value), "")


def _number(value: str) -> float | None:
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _until(value: str, headers: Mapping[str, str]) -> float | None:
    """Return the seconds until the date ``value``, ISO 8601 or as in mail."""
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            instant = read(value)
        except ValueError:
            continue
        if instant.tzinfo is None:
            instant = instant.replace(tzinfo=UTC)
        return _believable(instant.timestamp() - _clock(headers))
    return None


def _clock(headers: Mapping[str, str]) -> float:
    """Return the server's own idea of the time, so that its dates mean what it meant by them."""
    try:
        return parsedate_to_datetime(headers.get("date", "")).timestamp()
    except (ValueError, OverflowError):
        return time.time()


def _believable(seconds: float) -> float:
    return min(max(seconds, 0.0), _LONGEST_WAIT)
