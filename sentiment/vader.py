"""The engine ``vader``: exactly vaderSentiment's scores, several times faster.

It scores the text as it stands, names and all, so that anybody can reproduce its numbers.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

from sentiment.emoji import describe_emoji
from sentiment.reasons import Weight, reasons
from sentiment.valence import contrast, shares, valences
from sentiment.words import Vocabulary
from signals import Judgement, Polarity

if TYPE_CHECKING:
    from signals import Reason, Topic

THRESHOLD = 0.05  # of the compound score, as vaderSentiment's README recommends
VERSION = version("vaderSentiment")


class Vader:
    """vaderSentiment's rules over its lexicon."""

    def __init__(self) -> None:
        """Prepare the lexicon."""
        self.name = f"vader-{VERSION}"
        self._meaning = Vocabulary().__getitem__

    def score(
        self,
        text: str,
        topic: Topic | None = None,  # noqa: ARG002 - stock scores know no topic
        language: str | None = None,  # noqa: ARG002 - nor languages
        *,
        explain: bool = False,
    ) -> Judgement:
        """Return the judgement of ``text`` (see ``Scorer``)."""
        described = describe_emoji(text)
        tokens = described.split()
        words = list(map(self._meaning, tokens))
        places, values, but = valences(tokens, words)
        if but is not None:
            contrast(places, values, but)
        negative, neutral, positive, compound = shares(values, len(tokens), described)
        why: tuple[Reason, ...] = ()
        if explain:
            weights = [Weight(at, at, value) for at, value in zip(places, values, strict=True)]
            why = reasons(text, text, weights)
        return Judgement(
            polarity(compound),
            compound,
            negative,
            neutral,
            positive,
            False,  # noqa: FBT003 - positional for speed
            why,
            self.name,
        )


def polarity(compound: float) -> Polarity:
    """Return the verdict on a compound score."""
    if compound >= THRESHOLD:
        return Polarity.POSITIVE
    return Polarity.NEGATIVE if compound <= -THRESHOLD else Polarity.NEUTRAL
