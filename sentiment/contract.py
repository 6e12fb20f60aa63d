"""What every sentiment engine promises."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from signals import Judgement, Topic


class UnknownEngine(Exception):
    """No engine has this name; the message lists those that exist."""


@runtime_checkable
class Scorer(Protocol):
    """One method: what does this text say of its topic?

    Attributes:
        name: Engine and version, e.g. ``vader-3.3.2``. It is stored with every score, and changes
            whenever the same text could be scored differently.
    """

    name: str

    def score(
        self,
        text: str,
        topic: Topic | None = None,
        language: str | None = None,
        *,
        explain: bool = False,
    ) -> Judgement:
        """Return the judgement of ``text``.

        Args:
            text: Plain text of any length.
            topic: What it is about; its names do not count as praise or complaint.
            language: ISO 639-1 code, if the source states one.
            explain: Also fill ``reasons``, whose places point into ``text``. It takes about as
                long again, so leave it out when scoring in bulk.
        """
        ...
