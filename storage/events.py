"""Events into the journal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from signals import seconds
from storage.texts import storable, storable_line

if TYPE_CHECKING:
    from signals import Event
    from storage.database import Database


def write_event(database: Database, event: Event) -> bool:
    """Store an event, or what became known of it since; return whether that tells anything new.

    It keeps the time at which it was first said to have begun. Each change gives it a new row
    number, by which delivery sees that there is something to send. Runs in the caller's
    transaction.
    """
    identity = storable_line(event.id)
    end = seconds(event.end) if event.end else None
    title, text = storable_line(event.title), storable(event.text)
    known = database.execute(
        "SELECT end, title, text, time FROM event WHERE kind = ? AND id = ?", (event.kind, identity)
    ).fetchone()
    if known and known[:3] == (end, title, text):
        return False
    database.execute(
        "INSERT OR REPLACE INTO event (kind, id, topic, time, end, title, text, url)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            event.kind,
            identity,
            event.topic,
            known[3] if known else seconds(event.time),
            end,
            title,
            text,
            storable_line(event.url),
        ),
    )
    return True
