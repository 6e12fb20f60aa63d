"""``kind = "webhook"``: JSON to any receiver, signed by the Standard Webhooks specification.

The body has one of three formats; a second signature, Grafana's, can be added for receivers that
expect it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Literal, Self

import standardwebhooks
from pydantic import AfterValidator, Field, SecretStr, model_validator

import settings
from alerts.channels.alertmanager import alertmanager, grafana
from alerts.channels.payload import payload
from alerts.channels.posting import Endpoint, SecretUrl
from signals import seconds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alerts.channels.message import Message

_PREFIX = "whsec_"
_KEY_BYTES = range(24, 65)  # Standard Webhooks, "Signature scheme": 192 to 512 bits
_HEADER = re.compile(r"[A-Za-z0-9-]{1,100}")
_OWN_HEADERS = frozenset(
    {"accept-encoding", "content-length", "content-type", "host", "transfer-encoding"}
)


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


def _header_name(name: str) -> str:
    own = name.lower() in _OWN_HEADERS or name.lower().startswith("webhook-")
    if own or not _HEADER.fullmatch(name):
        raise ValueError(f"{name!r} cannot be set as a header")
    return name


def _headers(value: dict[str, SecretStr]) -> dict[str, SecretStr]:
    for name, secret in value.items():
        _header_name(name)
        text = secret.get_secret_value()
        if not (text.isascii() and text.isprintable()):
            raise ValueError(f"the value of {name!r} must be printable ASCII")
    return value


HeaderName = Annotated[str, AfterValidator(_header_name)]


class WebhookSettings(settings.Channel):
    """A ``[[channels]]`` table of this kind.

    Attributes:
        kind: The constant ``webhook``.
        url: Where to send; kept secret, since its path or query often is one.
        format: Which shape the body has.
        secret: What to sign with, ``whsec_...``; without it messages are not signed.
        hmac_secret: What to sign with in Grafana's way.
        hmac_header: The header of that signature.
        hmac_timestamp_header: The header of the time that it then covers; none leaves it out.
        headers: More headers, e.g. ``Authorization``; their values are kept secret.
        timeout: How long one attempt may take.
    """

    kind: Literal["webhook"]
    url: SecretUrl
    format: Literal["hubbub", "alertmanager", "grafana"] = "hubbub"
    secret: Annotated[settings.Secret, AfterValidator(_signing_secret)] | None = None
    hmac_secret: settings.Secret | None = None
    hmac_header: HeaderName = "X-Grafana-Alerting-Signature"
    hmac_timestamp_header: HeaderName | None = None
    headers: Annotated[dict[str, settings.Secret], AfterValidator(_headers)] = Field(
        default_factory=dict
    )
    timeout: settings.Duration = timedelta(seconds=15)

    @model_validator(mode="after")
    def _hmac_is_used(self) -> Self:
        if self.hmac_secret is not None and not self.hmac_secret.get_secret_value():
            raise ValueError("hmac_secret must not be empty")
        if self.hmac_timestamp_header and self.hmac_secret is None:
            raise ValueError("hmac_timestamp_header signs nothing without hmac_secret: set both")
        return self


class Webhook:
    """See ``contract.Sender``."""

    def __init__(self, options: WebhookSettings) -> None:
        """Prepare to send; nothing is connected to yet."""
        self._options = options
        self._endpoint = Endpoint(
            options.name, options.url, options.timeout, "url, headers and secret"
        )
        self._signer = standardwebhooks.Webhook(_key(options.secret)) if options.secret else None
        self._headers = {name: value.get_secret_value() for name, value in options.headers.items()}

    def render(self, messages: Sequence[Message]) -> str:
        """Return the body in the configured format."""
        if self._options.format == "alertmanager":
            return alertmanager(self._options.name, messages)
        if self._options.format == "grafana":
            return grafana(self._options.name, messages)
        return payload(messages)

    async def send(self, body: str, identity: str, now: datetime) -> None:
        """POST the body, identified and signed for this attempt."""
        headers = {
            **self._headers,
            "webhook-id": identity,
            "webhook-timestamp": str(seconds(now)),
            **self._standard(body, identity, now),
            **self._grafana(body, now),
        }
        await self._endpoint.post(body, identity, now, headers)

    def _standard(self, body: str, identity: str, now: datetime) -> dict[str, str]:
        """Return the signature of Standard Webhooks 1.0.0, "Signature scheme"."""
        if self._signer is None:
            return {}
        return {"webhook-signature": self._signer.sign(identity, now.astimezone(UTC), body)}

    def _grafana(self, body: str, now: datetime) -> dict[str, str]:
        """Return the signature of Grafana's webhook notifier, "HMAC signature"."""
        options = self._options
        if options.hmac_secret is None:
            return {}
        headers, signed = {}, body
        if options.hmac_timestamp_header:
            headers[options.hmac_timestamp_header] = str(seconds(now))
            signed = f"{seconds(now)}:{body}"
        key = options.hmac_secret.get_secret_value().encode()
        headers[options.hmac_header] = hmac.new(key, signed.encode(), hashlib.sha256).hexdigest()
        return headers
