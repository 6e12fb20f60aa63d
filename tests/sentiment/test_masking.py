"""Names and addresses are blanked; everything else stays, in its place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sentiment
from sentiment.masking import mask
from sentiment.words import FILLER
from signals import Polarity, Query, Topic
from tests.sentiment.generated import texts

UNITED = Topic("United")
MINT = Topic("Linux Mint", Query(any_of=("mint", "linux mint is great")), mask=("LM 22",))

_names = st.sampled_from(
    ["United", "Linux Mint", "C++", "Pop!_OS", "İstanbul", "ΟΔΟΣ", "服务", "!", "a"]
)
_topics = st.builds(
    lambda name, masks: Topic(name, mask=tuple(masks)), _names, st.lists(_names, max_size=3)
)
_pieces = st.lists(
    st.one_of(
        _names, _names.map(str.lower), texts, st.sampled_from(["@united", "https://a.b/?c!", " "])
    )
).map("".join)


def shown(text: str, topic: Topic | None = None) -> str:
    """Return ``text`` with the filler made visible."""
    return mask(text, topic).replace(FILLER, "_")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("United is late", "______ is late"),
        ("UNITED, #united and united's", "______, #______ and ______'s"),
        ("reunited, unitedly", "reunited, unitedly"),
        ("RT @united: sorry", "RT @united: sorry"),
        ("mail me@example.com", "mail me@example.com"),
        (
            "see https://x.example/?great=1!! www.x.example",
            "see ____________________________ _____________",
        ),
    ],
)
def test_what_is_blanked(text: str, expected: str) -> None:
    """Whole names in any case, and addresses; handles are read as names anyway."""
    assert shown(text, UNITED) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("linux mint rocks", "__________ rocks"),
        ("Mint or mint, peppermint", "____ or ____, peppermint"),
        ("lm 22 is out", "_____ is out"),
        ("linux is fine", "linux is fine"),
        ("mint is great", "____ is great"),
    ],
)
def test_names_come_from_mask_name_and_single_terms(text: str, expected: str) -> None:
    """A phrase that the query looks for is no name; it may well be a complaint."""
    assert shown(text, MINT) == expected


def test_a_word_of_a_longer_name_is_blanked_where_it_is_written_like_a_name() -> None:
    """The browser is "Brave", praise is "brave"."""
    assert shown("Brave and BRAVE are brave", Topic("Brave Browser")) == "_____ and _____ are brave"


def test_without_topic_addresses_are_blanked_all_the_same() -> None:
    """Masking needs no topic."""
    assert shown("United Http://a.b") == "United __________"


@pytest.mark.parametrize(
    "text", ["@united", "(@great-people)", ".@nice@love.social!", "RT @bad: the train leaves"]
)
def test_a_handle_never_moves_the_score(text: str) -> None:
    """Whatever words of praise it is made of, and without leaving the emoticon "@:"."""
    assert sentiment.create("ops").score(text).compound == 0


def test_an_address_of_mail_is_no_handle() -> None:
    """Words beside it count, and it does not."""
    assert sentiment.create("ops").score("great me@love.example").compound == pytest.approx(0.6249)


@given(text=_pieces, topic=_topics)
def test_every_character_keeps_its_place(text: str, topic: Topic) -> None:
    """The result is as long as the text, and differs by fillers only."""
    masked = mask(text, topic)

    assert len(masked) == len(text)
    assert all(new in (old, FILLER) for old, new in zip(text, masked, strict=True))


@given(before=_pieces, name=_names, after=_pieces)
def test_a_name_between_spaces_is_always_blanked(before: str, name: str, after: str) -> None:
    """Whatever stands around it, nothing of the name is left."""
    masked = mask(f"{before} {name} {after}", Topic(name))

    assert masked[len(before) + 1 :].startswith(FILLER * len(name))


@given(
    before=st.sampled_from(["", " ", "(", "#", "\n", "\u3000"]),
    after=st.sampled_from(["", " ", "!", "'s", ","]),
)
@pytest.mark.parametrize("name", ["united", "UNITED", "United"])
def test_a_name_never_moves_the_score(name: str, before: str, after: str) -> None:
    """However it is written, the topic's name is neither praise nor complaint."""
    judgement = sentiment.create("ops").score(f"{before}{name}{after}", UNITED)

    assert judgement.polarity is Polarity.NEUTRAL
    assert judgement.compound == 0


def test_reasons_point_into_the_original_text() -> None:
    """Blanking moves nothing: the places are those of the text as it was posted."""
    text = "RT @united: İ United is great but \U0001f620 United's seats are TERRIBLE"
    reasons = sentiment.create("ops").score(text, UNITED, explain=True).reasons

    assert [reason.word for reason in reasons] == ["great", "\U0001f620", "TERRIBLE"]
    assert all(text[reason.start : reason.end] == reason.word for reason in reasons)


def test_many_names_in_a_long_text_are_all_found() -> None:
    """Each occurrence is blanked, whatever their number."""
    assert mask("united mint " * 10_000, UNITED) == f"{FILLER * 6} mint " * 10_000
