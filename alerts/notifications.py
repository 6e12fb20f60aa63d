"""From a change to the messages that tell of it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from signals import Notification

if TYPE_CHECKING:
    from alerts.channels.contract import Channel
    from signals import Change, Evidence


def notification(
    channel: Channel, change: Change, evidence: Evidence, page_url: str
) -> Notification:
    """Return the message to one channel about one change, rendered for good.

    Its id depends on the change and the channel alone, so that a message is never told twice. It is
    a hash, because it travels in a header and must hold no full stop (Standard Webhooks, "Signature
    scheme").

    Args:
        channel: Whom to tell.
        change: What happened.
        evidence: What was heard.
        page_url: Where a person can see more; empty if there is no page.
    """
    digest = hashlib.sha256(f"{change.id}\n{channel.name}".encode()).hexdigest()
    return Notification(
        id=f"msg_{digest[:32]}",
        channel=channel.name,
        body=channel.render(change, evidence, page_url),
        incident=change.incident.id,
    )
