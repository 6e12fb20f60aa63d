"""What a case is: a good server for one kind of source, and what must be heard there.

Each case has two moments: what is there at ``NOW``, and what is there ``LATER``, with one thing
more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from collectors import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from collectors import Client, Collector
    from signals import Topic
    from tests.support.web import Route

PAYLOADS = Path(__file__).parents[1] / "payloads"
RECORDED = Path(__file__).parents[4] / "shared" / "data"

NOW = datetime(2026, 11, 24, 13, 0, tzinfo=UTC)
LATER = datetime(2026, 11, 25, 13, 0, tzinfo=UTC)

Routes: TypeAlias = "dict[str, Route]"


@dataclass(frozen=True, slots=True)
class Case:
    """How one kind of source is tested.

    Attributes:
        kind: Its name in the settings.
        routes: A good server's answers at a moment, ``NOW`` or ``LATER``.
        first: Identities of what is heard at first.
        later: Identities of what is heard from the cursor on, later; more may be heard again.
        second: Identities of what only a second call hears, of a source that is read in parts.
        keys: Further keys of its settings.
        online: Whether it asks a server at all.
        documents: Whether that server answers with JSON.
        streams: Whether it is listened to by a websocket.
        topics: What it listens for, where it cannot do without.
        robots: Whether robots.txt has a say; it has none where a token is sent along.
        address: Which of its keys says where the server is.
        watches: Whether it can tell which time it listened to.
        also: Further keys that say so.
    """

    kind: str
    routes: Callable[[datetime], Routes]
    first: frozenset[str]
    later: frozenset[str]
    keys: Mapping[str, Any]
    online: bool = True
    documents: bool = True
    streams: bool = False
    topics: tuple[Topic, ...] = ()
    robots: bool = True
    address: str = "base_url"
    watches: bool = True
    also: tuple[str, ...] = ()
    second: frozenset[str] = frozenset()

    def collector(self, base_url: str, client: Client, **keys: object) -> Collector:
        """Return a collector that asks the server at ``base_url``."""
        kind = KINDS[self.kind]
        names = (self.address, *self.also) if self.online else ()
        address: dict[str, Any] = dict.fromkeys(names, base_url)
        if self.streams:
            address = {"hosts": [base_url.replace("http", "ws", 1)]}
        table = kind.table.model_validate({"kind": self.kind, **address, **self.keys, **keys})
        return kind.collector(table, client, self.topics)


def text_of(name: str) -> str:
    """Return the payload file ``name``."""
    return (PAYLOADS / name).read_text(encoding="utf-8")
