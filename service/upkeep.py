"""Looking after hubbub itself: are its sources heard, does the delivery go on?"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline import UpkeepWatch
    from service.health import Health
    from service.writing import Writing


class Upkeep:
    """Looks at sources and delivery, in the journal's thread."""

    def __init__(self, watch: UpkeepWatch, writing: Writing, health: Health) -> None:
        """Look with ``watch``."""
        self._watch = watch
        self._writing = writing
        self._health = health

    async def look(self) -> None:
        """Look once.

        Raises:
            StoreError: The journal cannot be used.
        """
        for change in await self._writing.do(self._watch.look, datetime.now(UTC)):
            self._health.changes.labels(change.incident.phase).inc()
