"""One attempt to POST a message over HTTP, and what the answer means.

The classes of answers are those of Standard Webhooks 1.0.0, "Delivery success and failure"; they
fit every service here. Redirects are not followed: a message, and what signs it, goes to the
configured address alone.
"""

from __future__ import annotations

import asyncio
import json
import re
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any

import httpx
from pydantic import AfterValidator, HttpUrl, SecretStr, ValidationError

import settings
from alerts.channels.contract import SendFailed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

_TRANSIENT = frozenset(
    {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
)
_MOST_READ = 4_096
_LONGEST = 1e9  # seconds; more is nonsense


def _web_address(value: SecretStr) -> SecretStr:
    try:
        HttpUrl(value.get_secret_value())
        httpx.URL(value.get_secret_value())
    except (ValidationError, httpx.InvalidURL):
        raise ValueError("is no web address; write for example https://example.org/hook") from None
    return value


SecretUrl = Annotated[settings.Secret, AfterValidator(_web_address)]
"""An address that is kept secret, since its path or query often is one."""


class Endpoint:
    """Where a channel posts to."""

    def __init__(
        self, channel: str, url: SecretStr | str, timeout: timedelta, keys: str = "url"
    ) -> None:
        """Prepare to post; nothing is connected to yet.

        Args:
            channel: The channel's name, for errors.
            url: The address.
            timeout: How long one attempt may take.
            keys: The keys of the channel's table to check when the message is refused.
        """
        self._url = httpx.URL(url.get_secret_value() if isinstance(url, SecretStr) else url)
        self._where = f"channel {channel} ({self._url.host})"
        self._timeout = timeout.total_seconds()
        self._keys = keys

    async def post(
        self, body: str, identity: str, now: datetime, headers: Mapping[str, str] | None = None
    ) -> None:
        """POST ``body``, a JSON text, once.

        Args:
            body: What to send.
            identity: The message's id. It is sent as ``Idempotency-Key``, by which a relay may tell
                repetitions (draft-ietf-httpapi-idempotency-key-header).
            now: The time of this attempt.
            headers: More headers.

        Raises:
            SendFailed: The answer was not a 2xx, or there was none.
        """
        own = {
            "user-agent": "hubbub",
            "content-type": "application/json",
            "idempotency-key": identity,
        }
        try:
            async with (
                asyncio.timeout(self._timeout),
                httpx.AsyncClient(timeout=None) as client,  # noqa: S113 - the line above bounds it
                client.stream(
                    "POST",
                    self._url,
                    content=body.encode(),
                    headers=own | dict(headers or {}) | {"accept-encoding": "identity"},
                ) as response,
            ):
                failure = await self._failure(response, now)
        except TimeoutError:
            failure = SendFailed(f"{self._where}: no answer within {self._timeout:g} s")
        except httpx.HTTPError as error:
            failure = SendFailed(f"{self._where}: cannot be reached ({type(error).__name__})")
        if failure is not None:
            raise failure

    async def _failure(self, response: httpx.Response, now: datetime) -> SendFailed | None:
        """Classify an answer; its body is read only if it may say how long to wait."""
        status = response.status_code
        if response.is_success:
            return None
        remedy, permanent = "it will be tried again", False
        if response.is_redirect:
            remedy = "redirects are not followed: set the final address"
        elif status == HTTPStatus.GONE:
            remedy, permanent = "the receiver wants no more: set enabled = false", True
        elif response.is_client_error and status not in _TRANSIENT:
            remedy, permanent = f"check {self._keys}", True
        wait = _retry_after(response.headers.get("retry-after", ""), now)
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            wait = max((each for each in (wait, await _asked_in(response)) if each), default=wait)
        return SendFailed(
            f"{self._where}: answered {status}; {remedy}", permanent=permanent, retry_after=wait
        )


def _retry_after(value: str, now: datetime) -> float | None:
    """Return the seconds that a ``Retry-After`` header asks for (RFC 9110, section 10.2.3)."""
    if re.fullmatch(r"[0-9]{1,9}", value):
        return float(value)
    try:
        until = parsedate_to_datetime(value)
    except ValueError:
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(0.0, (until - now).total_seconds())


async def _asked_in(response: httpx.Response) -> float | None:
    """Return the ``retry_after`` of a JSON body, which Discord gives in fractions of a second."""
    content = b""
    async for chunk in response.aiter_raw():
        content += chunk
        if len(content) > _MOST_READ:
            return None
    document: Any = None
    with suppress(ValueError, RecursionError):
        document = json.loads(content)
    asked = document.get("retry_after") if isinstance(document, dict) else None
    if not isinstance(asked, int | float) or isinstance(asked, bool):
        return None
    return float(asked) if 0 <= asked <= _LONGEST else None
