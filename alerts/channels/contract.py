"""What every kind of channel promises, and how it says that it could not send."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from alerts.channels.message import Message


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


class Sender(Protocol):
    """One kind of channel: how a message looks there, and how it gets there."""

    def render(self, messages: Sequence[Message]) -> str:
        """Return the body of one message, or of the several that a digest tells as one.

        It holds no secret, since it is stored until it was sent.

        Args:
            messages: What to tell, the oldest first; at least one.
        """
        ...

    async def send(self, body: str, identity: str, now: datetime) -> None:
        """Send what ``render`` returned, in one attempt.

        Args:
            body: What to send.
            identity: The message's id, the same over all attempts.
            now: The time of this attempt.

        Raises:
            SendFailed: It was not taken.
        """
        ...
