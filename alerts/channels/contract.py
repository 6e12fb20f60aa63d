"""What every channel promises, and how it says that it could not send."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime

    from signals import Change, Evidence, Notification


class SendFailed(Exception):
    """A message was not taken. The text is one sentence for the operator, without secrets.

    Attributes:
        permanent: Whether trying again would be of no use.
        retry_after: Seconds that the receiver asked to be left alone, if it did.
    """

    def __init__(
        self, message: str, *, permanent: bool = False, retry_after: float | None = None
    ) -> None:
        """Keep what the next attempt depends on beside the message."""
        super().__init__(message)
        self.permanent = permanent
        self.retry_after = retry_after


class Channel(Protocol):
    """A way to tell people.

    Attributes:
        name: What the user calls it; unique.
    """

    @property
    def name(self) -> str:
        """Return what the user calls it."""
        ...

    def render(self, change: Change, evidence: Evidence, page_url: str) -> str:
        """Return the message's body. It is rendered once and stored, then sent as often as need be.

        Args:
            change: What happened.
            evidence: What was heard.
            page_url: Where a person can see more; empty if there is no page.
        """
        ...

    async def send(self, notification: Notification, now: datetime) -> None:
        """Send one message, in one attempt.

        Args:
            notification: What to send; its id stays the same over all attempts.
            now: The time of this attempt.

        Raises:
            SendFailed: It was not taken.
        """
        ...
