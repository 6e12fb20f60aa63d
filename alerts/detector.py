"""What every detector promises, and how one is made or brought back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, Protocol

from pydantic import ValidationError

from alerts.complaints import MEMORY, ComplaintDetector, Memory
from alerts.normal import Normal
from alerts.volume import VolumeDetector
from signals import BUCKET

if TYPE_CHECKING:
    from datetime import timedelta

    import settings
    from alerts.complaints import Case
    from signals import Observation, Verdict

VERSION: Final = 2
"""Of the saved state."""


class StateError(Exception):
    """A detector's saved state cannot be used; the message says what to do."""


class OutdatedState(StateError):
    """The state was saved by an earlier version, whose detector knew too little to go on from."""


class Detector(Protocol):
    """Judges one topic, one closed bucket after another, gaps included."""

    @property
    def unheard(self) -> int:
        """Return the length of the present gap, in buckets; 0 outside of gaps."""
        ...

    @property
    def learned(self) -> timedelta:
        """Return how much time was learned; after less than a week little is certain."""
        ...

    @property
    def shifted(self) -> bool:
        """Tell whether the latest bucket made the volume of a whole day the new normal."""
        ...

    @property
    def case(self) -> Case | None:
        """Return which window surprised most in the latest bucket; None if none did."""
        ...

    def step(self, observation: Observation) -> Verdict:
        """Judge the next bucket, then learn from it. Takes constant time.

        In a gap the verdict repeats the latest state, since silence proves nothing.

        Args:
            observation: The bucket that follows the one before, without leaving any out.
        """
        ...

    def dump(self) -> str:
        """Return the whole state as JSON; ``create`` goes on from it exactly."""
        ...


def create(
    settings: settings.Detection, state: str | None = None, *, step: timedelta = BUCKET
) -> Detector:
    """Return a detector of outages that goes on from ``state``, or one that begins to learn.

    Args:
        settings: The thresholds; they are no part of the state, so they may change.
        state: What ``dump`` returned; None for a new topic.
        step: The length of a bucket of a new topic; windows and warm-up are lengths of time.

    Raises:
        OutdatedState: ``state`` was saved by an earlier version.
        StateError: ``state`` is damaged or was saved by a later version. Starting afresh on its
            own would silently forget what is normal, so the operator decides.
    """
    if state is None:
        return ComplaintDetector(settings, Memory(VERSION, Normal.unknown(step)))
    try:
        memory = MEMORY.validate_json(state)
    except ValidationError as error:
        raise _unusable(state, error) from None
    return ComplaintDetector(settings, memory)


def create_for_totals(settings: settings.Detection, *, step: timedelta = BUCKET) -> VolumeDetector:
    """Return a detector for a series that has no complaints, only totals.

    Args:
        settings: As for ``create``; ``floor`` has no meaning here.
        step: The length of a bucket.
    """
    return VolumeDetector(settings, step)


def _unusable(state: str, error: ValidationError) -> StateError:
    """Return why ``state`` cannot be used."""
    try:
        document: Any = json.loads(state)
    except ValueError:
        document = None
    version = document.get("version") if isinstance(document, dict) else None
    if isinstance(version, int) and 0 < version < VERSION:
        return OutdatedState(
            "the detector's saved state is of an earlier version, which did not know how much else "
            "is said of the topic; delete the topic's saved state, and the detector learns anew "
            "from the stored history"
        )
    detail = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part) for part in detail["loc"])
    return StateError(
        f"the detector's saved state cannot be used ({place or 'JSON'}: {detail['msg']}); "
        "restore the journal from a backup, or delete the topic's saved state, "
        "and the detector learns anew from the stored history"
    )
