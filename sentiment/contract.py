"""What every sentiment engine promises."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

from signals import Judgement, Polarity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from signals import Topic


class EngineError(Exception):
    """An engine cannot be used; the message says what to do.

    EngineError
    |-- UnknownEngine       no engine has this name
    `-- UnusableEngine      it lacks an optional package, or its files are missing or wrong
    """


class UnknownEngine(EngineError):
    """No engine has this name; the message lists those that exist."""


class UnusableEngine(EngineError):
    """The engine lacks an optional package, or its files are missing or wrong."""


class Request(NamedTuple):
    """A text to score; see ``Scorer.score``."""

    text: str
    topic: Topic | None = None
    language: str | None = None


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
            language: BCP 47 tag, if the source states one.
            explain: Also fill ``reasons``, whose places point into ``text``. It takes about as
                long again, so leave it out when scoring in bulk.
        """
        ...


@runtime_checkable
class BatchScorer(Scorer, Protocol):
    """A scorer that is faster with many texts at once."""

    def score_batch(self, requests: Sequence[Request]) -> list[Judgement]:
        """Return a judgement for each of ``requests``, in their order."""
        ...


def score_all(scorer: Scorer, requests: Sequence[Request]) -> list[Judgement]:
    """Return a judgement for each of ``requests``, in batches where the engine has them."""
    if isinstance(scorer, BatchScorer):
        return scorer.score_batch(requests)
    return [scorer.score(*request) for request in requests]


def unscored(scorer: str) -> Judgement:
    """Return the judgement of a text in a language that the engine ``scorer`` cannot read."""
    return Judgement(Polarity.UNSCORED, 0.0, 0.0, 0.0, 0.0, scorer=scorer)
