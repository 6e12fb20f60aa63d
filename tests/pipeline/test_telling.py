"""Which complaints are quoted."""

from __future__ import annotations

from pipeline.telling import most_telling
from signals import Polarity, StoredMention
from tests.support.mentions import NOON, TOPIC


def complaint(
    text: str, author: str = "", source: str = "hackernews", *, availability: bool = True
) -> StoredMention:
    """Return a complaint."""
    return StoredMention(
        TOPIC, source, text, NOON, text, "", author, Polarity.NEGATIVE, -0.5, availability, "ops"
    )


def test_the_same_said_twice_is_quoted_once() -> None:
    """Also where a link, a handle or the spelling differs; the first of them stays."""
    first = complaint("GitHub is down for me since noon today")
    again = complaint("@all GITHUB is down for me since noon today https://example.org")
    other = complaint("cannot push to any of my repositories")
    assert most_telling([first, again, other], 5) == (first, other)


def test_other_people_and_places_are_preferred() -> None:
    """But what does not tell of an outage only if nothing else does."""
    loud = [complaint(f"{word} fails entirely", "ann") for word in ("push", "pull", "clone")]
    bob = complaint("pages do not load", "bob", "bluesky")
    rude = complaint("what a mess of a company", "cem", "lemmy", availability=False)
    everything = [*loud, bob, rude]
    assert most_telling(everything, 2) == (loud[0], bob)
    assert most_telling(everything, 4) == (*loud, bob)
    assert most_telling(everything, 9) == tuple(everything)


def test_there_may_be_none() -> None:
    """A message without posts is a message."""
    assert most_telling([], 5) == ()
