"""The engine ``vader`` against vaderSentiment itself."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from vaderSentiment.vaderSentiment import normalize

from sentiment import valence, words
from sentiment.vader import Vader
from signals import Judgement, Polarity, Topic
from tests.sentiment.generated import STOCK, texts
from tests.sentiment.recorded import texts as recorded_texts
from tests.sentiment.steps import steps

if TYPE_CHECKING:
    from pathlib import Path

VADER = Vader()


def numbers(judgement: Judgement) -> dict[str, float]:
    """Return a judgement in the shape of vaderSentiment's result."""
    return {
        "neg": judgement.negative,
        "neu": judgement.neutral,
        "pos": judgement.positive,
        "compound": judgement.compound,
    }


def differences(scorer: Vader, posts: list[str]) -> list[str]:
    """Return those posts that vaderSentiment scores differently."""
    return [post for post in posts if numbers(scorer.score(post)) != STOCK.polarity_scores(post)]


@pytest.mark.parametrize(
    "name",
    [
        "airline-dev.csv",
        "apple-dev.csv",
        "app-reviews-by-type-dev.csv",
        "sanders-dev.csv",
        "vader-tweets.csv",
    ],
)
def test_recorded_posts_score_as_in_stock(name: str) -> None:
    """All four numbers are equal on every recorded post."""
    assert differences(VADER, recorded_texts(name)) == []


@settings(max_examples=2_000, deadline=None)
@given(text=texts)
@example(text="")
@example(text=" \n")
@example(text="good but bad but good bad")
@example(text="good good but good good good bad")
@example(text="The service is the bomb, yeah right")
@example(text="no kind of bad, nor least good at the very least great")
@example(text="a\U0001f600b \U0001f600\U0001f4a9c")
@example(text="never so good never this bad without a doubt excellent")
@example(text="GREAT SERVICE")
@example(text="VERY good and EXTREMELY BAD")
def test_generated_texts_score_as_in_stock(text: str) -> None:
    """All four numbers are equal on texts made of everything that the rules look for."""
    assert numbers(VADER.score(text)) == STOCK.polarity_scores(text)


SENTENCES = [
    "not good at all",
    "it is VERY good",
    "GREAT service today",
    "very good",
    "never so good",
    "good but bad",
    "wow! that is good!",
    "really? good? or not?",
]


@pytest.mark.parametrize(
    "constant",
    ["N_SCALAR", "C_INCR", "_SECOND", "_THIRD", "_NEVER_SO", "_BEFORE_BUT", "_AFTER_BUT"],
)
def test_the_comparison_notices_a_constant_off_by_a_thousandth(
    constant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Were one constant wrong by 0.001, the comparison with vaderSentiment would fail."""
    posts = [
        *SENTENCES,
        "very much good",
        "so very much good",
        "never this very good",
        "most of the good",
    ]
    assert differences(VADER, posts) == []

    monkeypatch.setattr(valence, constant, getattr(valence, constant) + 0.001)

    assert differences(VADER, posts)


def test_the_topic_changes_nothing() -> None:
    """Names count as in vaderSentiment, so that stock scores can be reproduced."""
    assert (
        VADER.score("united", Topic("United")).compound
        == STOCK.polarity_scores("united")["compound"]
    )


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("I hate it", Polarity.NEGATIVE),
        ("I love it", Polarity.POSITIVE),
        ("the train leaves at nine", Polarity.NEUTRAL),
        ("", Polarity.NEUTRAL),
    ],
)
def test_polarity(text: str, verdict: Polarity) -> None:
    """The published thresholds decide."""
    assert VADER.score(text).polarity is verdict


def test_the_lexicon_is_found_from_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The package is asked by the path of its source, not by the current folder."""
    monkeypatch.chdir(tmp_path)
    words.stock_analyzer.cache_clear()

    assert Vader().score("good").compound == pytest.approx(0.4404)


@settings(max_examples=500, deadline=None)
@given(text=texts)
@example(text="nice\U0001f600 but \U0001f620\U0001f620x NOT good!!")
def test_reasons_add_up_and_point_into_the_text(text: str) -> None:
    """Reasons quote the text and their weights sum to the compound score."""
    judgement = VADER.score(text, explain=True)

    total = sum(reason.weight for reason in judgement.reasons)
    assert normalize(total) == pytest.approx(judgement.compound, abs=1e-4)
    for reason in judgement.reasons:
        assert reason.word == text[reason.start : reason.end] != ""


@pytest.mark.parametrize(
    "sentence",
    [
        "It is not good but VERY bad, never so good, \U0001f600 at least! ",
        "plain words only and nothing else here ",
        "good ",
        "but good ",
        "a" * 40,
    ],
)
def test_work_grows_with_length_not_its_square(sentence: str) -> None:
    """Eight times the text takes about eight times the steps."""
    VADER.score(sentence * 2)

    many, few = (steps(partial(VADER.score, sentence * times)) for times in (8_000, 1_000))
    assert many <= 8.5 * few


def test_a_very_long_post_is_scored() -> None:
    """150,000 characters of praise and complaint are scored, and end at the limit."""
    assert VADER.score("It was good but NOT so bad, right? " * 4_286).compound == 1.0
