"""From a change to the messages that tell of it."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

from signals import Notification

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from alerts.channels import Channel
    from signals import Change, Evidence


def notifications(
    channels: Iterable[Channel], change: Change, evidence: Evidence, page_url: str
) -> list[Notification]:
    """Return a message to each of the channels that want to be told of a change.

    Args:
        channels: Whom there is to tell.
        change: What happened.
        evidence: What was heard.
        page_url: Where a person can see more; empty if there is no page.
    """
    return [
        notification(channel, change, evidence, page_url)
        for channel in channels
        if channel.wants(change)
    ]


def notification(
    channel: Channel, change: Change, evidence: Evidence, page_url: str
) -> Notification:
    """Return the message to one channel about one change, whether it wants it or not.

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
        digest=channel.digest,
    )


def batches(due: Iterable[Notification]) -> list[list[Notification]]:
    """Return what is due, parted into what is sent as one; each part and all in their order."""
    parts: dict[str, list[Notification]] = {}
    for each in due:
        parts.setdefault(each.batch or each.id, []).append(each)
    return list(parts.values())


def bundle(batch: Sequence[Notification]) -> Notification:
    """Return the one message that a batch is sent as.

    Its id depends on its members alone: the same over all attempts, since they stay together.
    """
    first, *others = batch
    if not others:
        return first
    digest = hashlib.sha256("\n".join(each.id for each in batch).encode()).hexdigest()
    return replace(first, id=f"msg_{digest[:32]}", body="\n".join(each.body for each in batch))
