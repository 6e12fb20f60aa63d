"""Sending what must be announced, until each receiver has it."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from alerts import SendFailed, batches, bundle, next_attempt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alerts import Channel
    from service.health import Health
    from service.writing import Writing
    from signals import Notification

log = structlog.get_logger()


class Announcer:
    """Takes notifications from the journal to their channels."""

    def __init__(self, channels: Sequence[Channel], writing: Writing, health: Health) -> None:
        """Send to ``channels``."""
        self._channels = {channel.name: channel for channel in channels}
        self._writing = writing
        self._health = health
        self._random = random.SystemRandom()
        self._arrived: set[str] = set()  # but the journal does not know yet

    async def announce(self) -> None:
        """Try every notification that is due; channels do not wait for one another."""
        incidents = self._writing.journal.incidents
        waiting: dict[str, list[Notification]] = defaultdict(list)
        for notification in await self._writing.do(incidents.due, datetime.now(UTC)):
            waiting[notification.channel].append(notification)
        outcomes = await asyncio.gather(
            *(self._send_all(name, due) for name, due in waiting.items()), return_exceptions=True
        )
        for outcome in outcomes:
            if outcome is not None:
                raise outcome

    async def _send_all(self, name: str, due: Sequence[Notification]) -> None:
        for batch in batches(due):
            await self._send(name, batch)

    async def _send(self, name: str, batch: Sequence[Notification]) -> None:
        incidents = self._writing.journal.incidents
        if (channel := self._channels.get(name)) is None:
            error = f"no channel is called {name} any more"
            await self._writing.do(incidents.give_up, batch, error)
            return
        notification = bundle(batch)
        if notification.id not in self._arrived:
            try:
                await channel.send(notification, datetime.now(UTC))
            except SendFailed as error:
                await self._failed(batch, error)
                return
            except Exception as error:
                log.exception("channel failed", channel=name)
                reason = f"a defect in hubbub: {type(error).__name__}; the log has more"
                await self._failed(batch, SendFailed(reason))
                return
            self._arrived.add(notification.id)
            self._health.notifications.labels(name, "sent").inc()
            log.info("notification sent", channel=name, id=notification.id)
        await self._writing.do(incidents.sent, batch, datetime.now(UTC))
        self._arrived.discard(notification.id)

    async def _failed(self, batch: Sequence[Notification], error: SendFailed) -> None:
        notification = batch[0]
        incidents = self._writing.journal.incidents
        due = None
        if not error.permanent:
            due = next_attempt(
                notification.attempts + 1, datetime.now(UTC), error.retry_after, self._random
            )
        name = notification.channel
        if due is None:
            await self._writing.do(incidents.give_up, batch, str(error))
            log.error("notification given up", channel=name, error=str(error))
        else:
            await self._writing.do(incidents.postpone, batch, due, str(error))
            log.warning("notification failed", channel=name, error=str(error), again=str(due))
        self._health.notifications.labels(name, "failed").inc()
