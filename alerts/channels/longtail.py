"""``kind = "apprise"``: any of the services that the library Apprise knows, by its address.

It is for the long tail: Apprise says neither why a message was not taken nor how long to wait, and
it can tell no repetition. It is an optional extra, imported only where a channel needs it. It is
told that the text is plain.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import logging
import warnings
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

import settings
from alerts.channels.contract import SendFailed
from alerts.channels.message import Tone, headline
from alerts.channels.payload import text
from alerts.channels.text import line, listing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from alerts.channels.message import Message

_TITLE = 200
_BODY = 3_000
_TYPES = {Tone.BAD: "failure", Tone.UNSURE: "warning", Tone.CALM: "info", Tone.GOOD: "success"}


class AppriseSettings(settings.Channel):
    """A ``[[channels]]`` table of this kind.

    Attributes:
        kind: The constant ``apprise``.
        url: The service's address in the form of Apprise, e.g. ``matrix://...``; a secret.
        timeout: How long one attempt may take.
    """

    kind: Literal["apprise"]
    url: settings.Secret
    timeout: settings.Duration = timedelta(seconds=60)


class Apprise:
    """See ``contract.Sender``."""

    def __init__(self, options: AppriseSettings) -> None:
        """Prepare to send; nothing is connected to yet.

        Raises:
            ValueError: Apprise is not installed, or does not know the address.
        """
        self._services = _service(options.url.get_secret_value())
        self._where = f"channel {options.name}"
        self._timeout = options.timeout.total_seconds()

    def render(self, messages: Sequence[Message]) -> str:
        """Return title, text and type, as JSON."""
        document = {
            "title": line(headline(messages), _TITLE),
            "body": "\n".join(listing(_lines(messages), _BODY)),
            "notify_type": _TYPES[messages[-1].tone],
        }
        return text(document)

    async def send(self, body: str, identity: str, now: datetime) -> None:  # noqa: ARG002 - Apprise knows no ids and signs nothing
        """Hand the message to Apprise, in a thread since it blocks."""
        try:
            async with asyncio.timeout(self._timeout):
                taken = await asyncio.to_thread(
                    self._services.notify, **json.loads(body), body_format="text"
                )
        except TimeoutError:
            raise SendFailed(f"{self._where}: no answer within {self._timeout:g} s") from None
        except Exception as error:  # noqa: BLE001 - a plug-in of Apprise may raise anything
            raise SendFailed(f"{self._where}: Apprise failed ({type(error).__name__})") from None
        if not taken:
            raise SendFailed(f"{self._where}: Apprise says that it was not taken")


def _service(url: str) -> Any:  # noqa: ANN401 - Apprise may not be installed
    """Return what notifies the service at ``url``."""
    with warnings.catch_warnings():
        # What Apprise imports may be deprecated in this Python; that is no news for our users.
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            library: Any = importlib.import_module("apprise")
        except ModuleNotFoundError:
            remedy = 'pip install "hubbub[apprise]"'
            raise ValueError(f'kind = "apprise" needs an extra: {remedy}') from None
        logging.getLogger("apprise").setLevel(logging.CRITICAL)  # it tells of addresses
        asset = library.AppriseAsset(app_id="hubbub", app_desc="hubbub", async_mode=False)
        service = library.Apprise(asset=asset)
        if not service.add(url):
            raise ValueError("url: Apprise knows no such address")
    return service


def _lines(messages: Sequence[Message]) -> list[str]:
    if len(messages) > 1:
        return [message.sentence for message in messages]
    (message,) = messages
    facts = [f"{fact.label}: {fact.value}" for fact in message.facts]
    posts = [f"“{post.text}” ({post.source}, {post.time})" for post in message.posts]
    return [message.sentence, *facts, *posts, message.url]
