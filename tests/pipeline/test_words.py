"""Which words set some texts apart."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipeline.words import LEAST, WORDS, telling_words, words_of

USUAL = [
    "GitHub review took a while today",
    "I love the new GitHub search",
    "my pull request on GitHub is merged",
    "reading code on GitHub in the evening",
    "GitHub copilot wrote my tests",
] * 20


def test_words_without_links_and_handles() -> None:
    """What is no word of the speaker is left out; letters are brought to one form."""
    text = "@GitHub \uff24\uff2f\uff37\uff2e again &amp; again: https://x.org/down www.x.org"
    assert words_of(text) == ["down", "again", "again"]


def test_what_is_said_more_than_on_other_days_tells() -> None:
    """The words of trouble, and neither those of every day nor the topic's own."""
    bad = [f"GitHub push fails with error {number}" for number in range(10)]
    found = telling_words([*bad, *USUAL[:10]], USUAL, ["GitHub"])
    assert found[0] in {"push fails", "fails error", "error"}
    assert not {"github", "review", "code", "with"} & {w for term in found for w in term.split()}


def test_a_pair_stands_for_a_word_that_hardly_comes_alone() -> None:
    """While a word that comes in many ways stands alone."""
    bad = [f"status page green, {verb} fails" for verb in ("push", "clone", "login", "fork")] * 4
    bad += ["the page for status codes", "green is nice"]
    found = telling_words(bad, USUAL)
    assert {"status page", "page green"} & set(found)
    assert "status" not in found
    assert "fails" in found


def test_one_voice_tells_nothing() -> None:
    """A word that is repeated in one text, or stands in two, is no news."""
    assert telling_words(["broken " * 50, "broken again"], USUAL) == ()


def test_without_ordinary_days_nothing_is_telling() -> None:
    """Then nobody knows how people usually speak."""
    bad = ["all is broken"] * 50
    assert telling_words(bad, USUAL[: LEAST - 1]) == ()
    assert telling_words(bad, USUAL[:LEAST])
    assert telling_words([], USUAL) == ()


def test_ordinary_chatter_has_no_telling_words() -> None:
    """What is said as usual is not set apart."""
    assert telling_words(USUAL[:30], USUAL) == ()


@given(st.lists(st.text(max_size=60), max_size=20), st.lists(st.text(max_size=60), max_size=40))
def test_any_texts_can_be_compared(texts: list[str], usual: list[str]) -> None:
    """Whatever is written, the words are few, and each is there once."""
    found = telling_words(texts * 3, usual)
    assert len(found) <= WORDS
    assert len(set(found)) == len(found)
