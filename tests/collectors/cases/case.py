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
        keys: Further keys of its settings.
        online: Whether it asks a server at all.
    """

    kind: str
    routes: Callable[[datetime], Routes]
    first: frozenset[str]
    later: frozenset[str]
    keys: Mapping[str, Any]
    online: bool = True

    def collector(self, base_url: str, client: Client, **keys: object) -> Collector:
        """Return a collector that asks the server at ``base_url``."""
        kind = KINDS[self.kind]
        address = {"base_url": base_url} if self.online else {}
        table = kind.table.model_validate({"kind": self.kind, **address, **self.keys, **keys})
        return kind.collector(table, client, ())


def text_of(name: str) -> str:
    """Return the payload file ``name``."""
    return (PAYLOADS / name).read_text(encoding="utf-8")
