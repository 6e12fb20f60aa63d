"""Copies and originals."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import copies
from pipeline.copies import REMEMBERED, WINDOW, Copies
from signals import Judgement, Mention, Polarity, Post

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
LONG = (
    "Forgebox has been down for our whole team since this morning, and nobody at their support "
    "desk answers the phone or the ticket that we opened"
)


def post(text: str, identity: str = "1", author: str = "ada", time: datetime = NOON) -> Post:
    """Return a post of a forum."""
    return Post("forum", identity, text, time, author=author)


def second_is_copy(first: str, second: str, author: str = "bob") -> bool:
    """Tell whether the second of two posts, the first by ada, is a copy."""
    found = Copies()
    assert not found.is_copy(post(first))
    return found.is_copy(post(second, "2", author))


@pytest.mark.parametrize(
    "again",
    [
        LONG,
        LONG.upper() + "!!!",
        f"RT @ada: {LONG}",
        f"@support @status {LONG} https://t.example/x",
        LONG.replace("phone", "telephone"),
        f"So true: {LONG}",
        LONG.replace("Forgebox", "\uff26orgebox"),
    ],
)
def test_a_long_text_that_is_said_again_is_a_copy(again: str) -> None:
    """Whoever says it, with other links, handles, case or a word changed."""
    assert second_is_copy(LONG, again)


@pytest.mark.parametrize(
    "other",
    [
        LONG.replace("down", "up").replace("nobody", "everybody")[:60] + ", and it is faster too",
        "Forgebox has been down for our whole team since this morning",
        "",
        "https://forgebox.example",
    ],
)
def test_another_text_is_none(other: str) -> None:
    """To share some words is not to copy."""
    assert not second_is_copy(LONG, other)


def test_short_texts_that_agree_are_two_complaints() -> None:
    """That many people use the same few words is the very alarm, unless one person repeats them."""
    assert not second_is_copy("Is Forgebox down?", "is forgebox down")
    assert second_is_copy("Is Forgebox down?", "is forgebox down", author="ada")
    assert not second_is_copy("Is Forgebox down?", "Forgebox is down!", author="ada")
    assert second_is_copy("Is Forgebox down?", "RT @ada: Is Forgebox down?")
    assert not second_is_copy("Is Forgebox down?", "is forgebox down", author="")
    assert not second_is_copy("\U0001f525", "\U0001f525", author="ada")


def test_after_a_day_it_is_said_anew() -> None:
    """Earlier or later by less than that, in whatever order the posts come."""
    for apart, expected in ((WINDOW, True), (WINDOW + timedelta(seconds=1), False)):
        for sign in (1, -1):
            found = Copies()
            found.is_copy(post(LONG))
            assert found.is_copy(post(LONG, "2", time=NOON + sign * apart)) is expected


def test_a_post_is_no_copy_of_itself() -> None:
    """It may come again, and changed."""
    found = Copies()
    assert not found.is_copy(post(LONG))
    assert not found.is_copy(post(LONG))
    assert not found.is_copy(post(LONG + " Edit: it is back."))
    assert found.is_copy(post(LONG, "2"))


def test_a_copy_of_a_copy_is_one() -> None:
    """The original may be forgotten, or changed in the meantime."""
    found = Copies()
    found.is_copy(post(LONG))
    assert found.is_copy(post(LONG, "2", "bob"))
    found.is_copy(post("All is well again, thank you"))
    assert found.is_copy(post(LONG, "3", "carol"))


def test_it_remembers_no_more_than_it_should(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest are forgotten, the latest are not."""
    assert REMEMBERED >= 10_000
    monkeypatch.setattr(copies, "REMEMBERED", 3)
    found = Copies()
    texts = [" ".join(f"word{at}-{each}" for each in range(20)) for at in range(5)]
    assert not any(found.is_copy(post(text, str(at))) for at, text in enumerate(texts))
    assert found.is_copy(post(texts[4], "again"))
    assert not found.is_copy(post(texts[0], "anew"))


def test_mentions_of_one_post_are_marked_alike() -> None:
    """A post that speaks of two topics is looked at once."""
    judgement = Judgement(Polarity.NEGATIVE, -0.5, 0.5, 0.5, 0.0)
    mentions = [
        Mention(topic, post(LONG, identity, author), judgement)
        for identity, author in (("1", "ada"), ("2", "bob"))
        for topic in ("GitHub", "Mint")
    ]
    marked = Copies().mark(mentions, lambda source, author: f"{source} {author}")
    assert [mention.copy for mention in marked] == [False, False, True, True]
    assert [mention.post for mention in marked] == [mention.post for mention in mentions]


@given(st.lists(st.tuples(st.sampled_from("12345"), st.text(max_size=60)), max_size=30))
def test_any_text_in_any_order(said: list[tuple[str, str]]) -> None:
    """Nothing is a crash, and a post that comes again at once is never a copy but of others."""
    found = Copies()
    for identity, text in said:
        assert found.is_copy(post(text, identity)) == found.is_copy(post(text, identity))
