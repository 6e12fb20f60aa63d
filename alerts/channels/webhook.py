"""``kind = "webhook"``: a JSON body, signed by the Standard Webhooks specification."""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Literal

import httpx
import standardwebhooks
from pydantic import AfterValidator, Field, HttpUrl, SecretStr, ValidationError

import settings
from alerts.channels.contract import SendFailed
from alerts.channels.payload import payload
from signals import seconds

if TYPE_CHECKING:
    from signals import Change, Evidence, Notification

_PREFIX = "whsec_"
_KEY_BYTES = range(24, 65)  # Standard Webhooks, "Signature scheme": 192 to 512 bits
_HEADER = re.compile(r"[A-Za-z0-9-]{1,100}")
_OWN_HEADERS = frozenset({"content-length", "content-type", "host", "transfer-encoding"})
_TRANSIENT = frozenset(
    {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
)


def _web_address(value: SecretStr) -> SecretStr:
    try:
        HttpUrl(value.get_secret_value())
        httpx.URL(value.get_secret_value())
    except (ValidationError, httpx.InvalidURL):
        raise ValueError("is no web address; write for example https://example.org/hook") from None
    return value


def _signing_secret(value: SecretStr) -> SecretStr:
    _key(value)
    return value


def _key(secret: SecretStr) -> bytes:
    """Return the bytes of a secret in the form of Standard Webhooks."""
    text = secret.get_secret_value().removeprefix(_PREFIX)
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) not in _KEY_BYTES:
        raise ValueError(
            "is no signing secret: it must be whsec_ and 24 to 64 random bytes in base64; "
            'make one with: echo "whsec_$(head -c 32 /dev/urandom | base64)"'
        )
    return key


def _headers(value: dict[str, SecretStr]) -> dict[str, SecretStr]:
    for name, secret in value.items():
        own = name.lower() in _OWN_HEADERS or name.lower().startswith("webhook-")
        if own or not _HEADER.fullmatch(name):
            raise ValueError(f"{name!r} cannot be set as a header")
        text = secret.get_secret_value()
        if not (text.isascii() and text.isprintable()):
            raise ValueError(f"the value of {name!r} must be printable ASCII")
    return value


class WebhookSettings(settings.Channel):
    """A ``[[channels]]`` table of this kind.

    Attributes:
        kind: The constant ``webhook``.
        url: Where to send; kept secret, since its path or query often is one.
        secret: What to sign with, ``whsec_...``; without it messages are not signed.
        headers: More headers, e.g. ``Authorization``; their values are kept secret.
        timeout: How long one attempt may take.
    """

    kind: Literal["webhook"]
    url: Annotated[settings.Secret, AfterValidator(_web_address)]
    secret: Annotated[settings.Secret, AfterValidator(_signing_secret)] | None = None
    headers: Annotated[dict[str, settings.Secret], AfterValidator(_headers)] = Field(
        default_factory=dict
    )
    timeout: settings.Duration = timedelta(seconds=15)


class Webhook:
    """See ``alerts.Channel``."""

    def __init__(self, options: WebhookSettings) -> None:
        """Prepare to send; nothing is connected to yet."""
        self.name = options.name
        self._url = httpx.URL(options.url.get_secret_value())
        self._signer = standardwebhooks.Webhook(_key(options.secret)) if options.secret else None
        self._headers = {name: value.get_secret_value() for name, value in options.headers.items()}
        self._timeout = options.timeout.total_seconds()

    def render(self, change: Change, evidence: Evidence, page_url: str) -> str:
        """Return the body, as described in ``docs/webhook.md``."""
        return payload(change, evidence, page_url)

    async def send(self, notification: Notification, now: datetime) -> None:
        """POST the body once. Redirects are not followed, and the answer's body is not read.

        Raises:
            SendFailed: The answer was not a 2xx, or there was none.
        """
        headers = {"user-agent": "hubbub"} | self._headers | self._signed(notification, now)
        try:
            async with (
                asyncio.timeout(self._timeout),
                httpx.AsyncClient(timeout=None) as client,  # noqa: S113 - the line above bounds it
                client.stream(
                    "POST", self._url, content=notification.body, headers=headers
                ) as response,
            ):
                failure = self._failure(response, now)
        except TimeoutError:
            failure = SendFailed(f"{self._where}: no answer within {self._timeout:g} s")
        except httpx.HTTPError as error:
            failure = SendFailed(f"{self._where}: cannot be reached ({type(error).__name__})")
        if failure is not None:
            raise failure

    @property
    def _where(self) -> str:
        return f"channel {self.name} ({self._url.host})"

    def _signed(self, notification: Notification, now: datetime) -> dict[str, str]:
        """Return the headers that identify and sign this attempt."""
        headers = {
            "content-type": "application/json",
            "webhook-id": notification.id,
            "webhook-timestamp": str(seconds(now)),
        }
        if self._signer is not None:
            headers["webhook-signature"] = self._signer.sign(
                notification.id, now.astimezone(UTC), notification.body
            )
        return headers

    def _failure(self, response: httpx.Response, now: datetime) -> SendFailed | None:
        """Classify an answer (Standard Webhooks, "Delivery success and failure")."""
        status = response.status_code
        if response.is_success:
            return None
        remedy, permanent = "it will be tried again", False
        if response.is_redirect:
            remedy = "redirects are not followed: set url to the final address"
        elif status == HTTPStatus.GONE:
            remedy, permanent = "the receiver wants no more: set enabled = false", True
        elif response.is_client_error and status not in _TRANSIENT:
            remedy, permanent = "check url, headers and secret", True
        return SendFailed(
            f"{self._where}: answered {status}; {remedy}",
            permanent=permanent,
            retry_after=_retry_after(response.headers.get("retry-after", ""), now),
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
