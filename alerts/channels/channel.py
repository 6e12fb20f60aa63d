"""A channel: whom to tell of what, and the sender that tells them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alerts.channels.message import dump, load, view
from signals import State, Step, Subject

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    import settings
    from alerts.channels.contract import Sender
    from signals import Change, Evidence, Notification


class Channel:
    """One ``[[channels]]`` table at work.

    Attributes:
        name: What the user calls it; unique.
        kind: Which kind of channel it is.
        digest: How long messages wait for others, to be told as one; None if each goes at once.
    """

    def __init__(self, options: settings.Channel, sender: Sender) -> None:
        """Tell through ``sender`` what ``options`` ask for."""
        self.name = options.name
        self.kind = options.kind
        self.digest: timedelta | None = options.digest
        self._options = options
        self._sender = sender

    def wants(self, change: Change) -> bool:
        """Say whether this channel is told of ``change``.

        An incident that was never more than possible ends quietly, except for those who were told
        that it was possible. What is about a source or the delivery belongs to no topic.
        """
        options, incident = self._options, change.incident
        about_topic = incident.subject is Subject.TOPIC
        if about_topic and options.topics and incident.topic not in options.topics:
            return False
        if incident.severity.weight < options.severity.weight or change.step not in options.steps:
            return False
        unsure = incident.worst.state is State.POSSIBLE
        return not unsure or Step.POSSIBLE in options.steps

    def render(self, change: Change, evidence: Evidence, page_url: str) -> str:
        """Return the message's body. It is made once and stored, then sent as often as need be.

        With a digest it is stored as it is, one line, and rendered together with the others.

        Args:
            change: What happened.
            evidence: What was heard.
            page_url: Where a person can see more; empty if there is no page.
        """
        message = view(change, evidence, page_url)
        return self._sender.render((message,)) if self.digest is None else dump(message)

    async def send(self, notification: Notification, now: datetime) -> None:
        """Send one message, in one attempt.

        Args:
            notification: What to send: a rendered body, or the lines of a digest.
            now: The time of this attempt.

        Raises:
            SendFailed: It was not taken.
        """
        messages = load(notification.body)
        body = self._sender.render(messages) if messages else notification.body
        await self._sender.send(body, notification.id, now)
