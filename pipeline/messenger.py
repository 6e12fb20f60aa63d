"""From a change to the messages that tell of it: its address, its evidence, its channels."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

import alerts
from pipeline.evidence import Explainer
from signals import BUCKET, Phase, Subject, iso

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from pathlib import Path

    from alerts import Channel
    from signals import Change, Evidence, Incident, Notification, Topic, Verdict

AROUND = timedelta(hours=1)
"""How much before and after an incident the page shows when a message leads there."""


class Messenger:
    """Makes the messages of a change. Blocking."""

    def __init__(
        self,
        path: Path,
        channels: Sequence[Channel],
        page_url: str,
        topics: Iterable[Topic] = (),
    ) -> None:
        """Explain from the journal at ``path``, tell ``channels``, lead to the page.

        The terms of ``topics`` are no telling words of a message.
        """
        self._explainer = Explainer(path, topics)
        self._channels = channels
        self._page_url = page_url

    def address(self, change: Change) -> str:
        """Return where the page shows the topic around the incident; nothing without a page."""
        if not self._page_url:
            return ""
        if change.incident.subject is not Subject.TOPIC:
            return self._page_url
        around = {"from": change.incident.opened - AROUND, "to": change.time + AROUND}
        query = urlencode({name: iso(instant) for name, instant in around.items()})
        return f"{self._page_url}/topics/{quote(change.incident.topic, safe='')}?{query}"

    def evidence_of(self, change: Change, fresh: Sequence[Verdict] = ()) -> Evidence:
        """Return what stood behind a change; ``fresh`` verdicts are not in the journal yet."""
        return self._explainer.explain(change.incident, change.time + BUCKET, fresh)

    def notifications(self, change: Change, fresh: Sequence[Verdict] = ()) -> list[Notification]:
        """Return a message to each of the channels that want to be told of a change."""
        evidence = self.evidence_of(change, fresh)
        return alerts.notifications(self._channels, change, evidence, change.url)


def until_of(incident: Incident) -> datetime:
    """Return until when an incident is known to have gone on."""
    over = incident.phase is Phase.RESOLVED
    return incident.changed if over else incident.last_seen or incident.changed
