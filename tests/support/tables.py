"""Every table that the configuration file may hold; none is listed by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args, get_origin

import alerts
import collectors
from settings import Settings, Table

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Place:
    """A table of the configuration file.

    Attributes:
        name: What its header is called, e.g. ``influx``; empty for the file itself.
        model: Its shape.
        kind: The value of its key ``kind``; empty if it has none.
        is_list: Whether there may be several.
    """

    name: str
    model: type[Table]
    kind: str = ""
    is_list: bool = False

    @property
    def where(self) -> str:
        """What errors call it."""
        return f"{self.name}[0]" if self.is_list else self.name

    @property
    def label(self) -> str:
        """What tests call it."""
        return f"{self.name} {self.kind}".strip() or "the file"

    def document(self, table: dict[str, Any]) -> dict[str, Any]:
        """Return a configuration in which ``table`` stands at this place."""
        if self.kind:
            table = {"kind": self.kind, **table}
        if not self.name:
            return table
        return {self.name: [table] if self.is_list else table}


def places() -> Iterator[Place]:
    """Yield every table, those of each kind of source and channel included."""
    yield Place("", Settings)
    for name, field in Settings.model_fields.items():
        for part in (field.annotation, *get_args(field.annotation)):
            if isinstance(part, type) and issubclass(part, Table):
                yield Place(name, part, is_list=get_origin(field.annotation) is tuple)
    for kind, source in collectors.KINDS.items():
        yield Place("sources", source.table, kind, is_list=True)
    for kind, channel in alerts.KINDS.items():
        yield Place("channels", channel.table, kind, is_list=True)


PLACES = tuple(places())
