"""Which steps of an incident's life are news, which must wait, and which nobody need hear of."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from signals import Phase, Step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from signals import Change

_ENDS = (Step.RESOLVED, Step.SHIFTED)


class Fate(Enum):
    """What becomes of a change. Its value is what the journal keeps."""

    TELL = 1
    DROP = 0
    HOLD = None


@dataclass(frozen=True, slots=True)
class Audience:
    """What matters for whether people are told of an incident's changes.

    Attributes:
        believed: Where the incident stands, for all that people were told; resolved if nothing.
        is_news: Whether it goes on, or was over a short while ago.
        is_maintained: Whether nobody wants to hear anything at present.
        is_snoozed: Whether nobody wants to hear of this incident at present, but for its end.
    """

    believed: Phase = Phase.RESOLVED
    is_news: bool = True
    is_maintained: bool = False
    is_snoozed: bool = False


def fates(held: Sequence[Change], new: Sequence[Change], audience: Audience) -> dict[str, Fate]:
    """Decide what becomes of one incident's changes.

    Whoever was told of an incident is told of its end, but for that the end may have to wait. What
    was held back becomes one message about how things stand, or none if people know that already.

    Args:
        held: Its changes that were held back, in order.
        new: Those that have just been found, in order; the last of all says how it stands.
        audience: Who is there to hear.

    Returns:
        What becomes of each change, by its id.
    """
    pending = [*held, *new]
    phase = pending[-1].incident.phase
    is_open, is_aware = phase is not Phase.RESOLVED, audience.believed is not Phase.RESOLVED
    if audience.is_maintained or not (is_aware or audience.is_news):
        fate = Fate.HOLD if is_open or is_aware else Fate.DROP
        return {change.id: fate for change in pending}
    if not held:
        return {change.id: _fate(change, audience) for change in new}
    decided = {change.id: Fate.DROP for change in pending}
    if phase is not audience.believed or (new and is_open):
        steps = [change for change in pending if change.incident.phase is phase]
        first_heard = [change for change in steps if change.step is not Step.REMINDER]
        last = (steps if is_aware else first_heard)[-1]
        decided[last.id] = _fate(last, audience)
    return decided


def _fate(change: Change, audience: Audience) -> Fate:
    hushed = audience.is_snoozed and change.step not in _ENDS
    return Fate.DROP if hushed else Fate.TELL
