"""What every detector promises, and how one is made or brought back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from pydantic import ValidationError

from alerts.seasonal import Memory, SeasonalDetector

if TYPE_CHECKING:
    import settings
    from signals import Observation, Verdict


class StateError(Exception):
    """A detector's saved state cannot be used; the message says what to do."""


class Detector(Protocol):
    """Judges one topic, one closed bucket after another, gaps included.

    Attributes:
        unheard: How many buckets in a row, up to the latest, were not really listened to.
    """

    @property
    def unheard(self) -> int:
        """Return the length of the present gap, in buckets; 0 outside of gaps."""
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


def create(settings: settings.Detection, state: str | None) -> Detector:
    """Return a detector that goes on from ``state``, or one that begins to learn.

    Args:
        settings: The thresholds; they are no part of the state, so they may change.
        state: What ``dump`` returned; None for a new topic.

    Raises:
        StateError: ``state`` is damaged or was saved by another version. Starting afresh on its
            own would silently forget what is normal, so the operator decides.
    """
    if state is None:
        return SeasonalDetector(settings, Memory())
    try:
        memory = Memory.load(state)
    except ValidationError as error:
        detail = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in detail["loc"])
        raise StateError(
            f"the detector's saved state cannot be used ({place or 'JSON'}: {detail['msg']}); "
            "restore the journal from a backup, or delete the topic's saved state, "
            "and the detector learns anew from the stored history"
        ) from None
    return SeasonalDetector(settings, memory)
