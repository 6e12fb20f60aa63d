"""``hubbub score``."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.commands.conftest import Configure, Hubbub

KEYS = ["polarity", "compound", "neg", "neu", "pos", "availability", "reasons"]


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    """Return a table of texts."""
    path = tmp_path / "rows.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(
            [
                ("topic", "body"),
                ("Lovely", "Lovely is here"),
                ("", "Lovely is here"),
                ("GitHub", "I hate this,\nterrible"),
                ("GitHub", ""),
                ("GitHub", 'a great tool, "again" 🔥'),
            ]
        )
    return path


def test_a_text_is_judged_with_its_reasons(hubbub: Hubbub) -> None:
    """For people on one line, with what moved the score below."""
    ended = hubbub("score", "I love it", "I hate [/b] it")
    assert ended.code == 0
    lines = ended.out.splitlines()
    assert "positive  I love it" in lines[0]
    assert "love lexicon" in " ".join(lines[1].split())
    assert "negative  I hate [/b] it" in ended.out


def test_a_text_is_judged_as_json(hubbub: Hubbub) -> None:
    """One object a line, with the places of the words that counted."""
    first, second = hubbub("score", "I love it", "wood", "--json").documents
    assert list(first) == list(second) == KEYS
    assert first["polarity"] == "positive"
    assert first["reasons"][0] == {
        "word": "love", "start": 2, "end": 6,
        "weight": first["reasons"][0]["weight"], "rule": "lexicon",
    }  # fmt: skip
    assert (second["polarity"], second["compound"], second["reasons"]) == ("neutral", 0.0, [])


def test_a_terminal_gets_no_escape_sequences(hubbub: Hubbub) -> None:
    """What a text holds is shown, not obeyed."""
    ended = hubbub("score", "bad \x1b[2J\x9b1m\x07 [red]thing")
    assert "bad  [2J 1m  [red]thing" in ended.out


def test_rows_are_judged_in_their_order(hubbub: Hubbub, rows: Path) -> None:
    """One object for each, also for an empty one; the name of its topic does not count."""
    found = hubbub(
        "score", "--csv", rows, "--text-column", "body", "--topic-column", "topic"
    ).documents
    assert [judged["polarity"] for judged in found] == [
        "neutral", "positive", "negative", "neutral", "positive",
    ]  # fmt: skip
    assert all(list(judged) == KEYS for judged in found)
    (first, *_) = hubbub("score", "--csv", rows, "--text-column", "body").documents
    assert first["polarity"] == "positive"


def test_the_topic_can_be_given_for_all(hubbub: Hubbub) -> None:
    """As for a configured topic."""
    assert hubbub("score", "--topic", "Lovely", "Lovely", "--json").document["compound"] == 0
    assert hubbub("score", "Lovely", "--json").document["compound"] > 0


def test_the_stock_engine_gives_the_stock_scores(hubbub: Hubbub) -> None:
    """The example of vaderSentiment's README."""
    text = "VADER is smart, handsome, and funny!"
    judged = hubbub("score", "--engine", "vader", "--json", text).document
    assert (judged["compound"], judged["neg"], judged["neu"], judged["pos"]) == (
        0.8439, 0.0, 0.248, 0.752,
    )  # fmt: skip


def test_a_text_in_another_language_is_unscored(hubbub: Hubbub) -> None:
    """It is said, for people and for programs."""
    text = "Der Server ist schon wieder kaputt"
    assert hubbub("score", text).out.split()[:2] == ["+0.0000", "unscored"]
    assert hubbub("score", "--json", text).document["polarity"] == "unscored"


def test_the_configuration_chooses_engine_and_words(hubbub: Hubbub, configure: Configure) -> None:
    """The option --engine comes first."""
    text = "The boing boing is good"
    own = configure('[sentiment.lexicon]\n"boing boing" = -3.5\n')
    assert hubbub("score", "--config", own, "--json", text).document["polarity"] == "negative"
    stock = hubbub("score", "--config", own, "--engine", "vader", "--json", text).document
    assert (stock["polarity"], stock["compound"]) == ("positive", 0.4404)
    vader = configure('[sentiment]\nengine = "vader"\n')
    assert hubbub("score", "--config", vader, "--json", text).document == stock
    ops = hubbub("score", "--config", vader, "--engine", "ops", "--json", "it is down").document
    assert ops["availability"]


def test_an_engine_that_cannot_be_used_is_code_2(hubbub: Hubbub, configure: Configure) -> None:
    """The key of the configuration is named, and what may stand there."""
    path = configure('[sentiment]\nengine = "vadar"\n')
    for command in (["score", "x"], ["check"]):
        ended = hubbub(*command, "--config", path)
        assert ended.code == 2
        assert "sentiment.engine: there is no sentiment engine 'vadar'; choose" in ended.err


def test_an_unknown_engine_is_code_2(hubbub: Hubbub) -> None:
    """Those that exist are listed."""
    ended = hubbub("score", "--engine", "magic", "x")
    assert ended.code == 2
    assert "there is no sentiment engine 'magic'; choose one of: ops, vader" in ended.err


def test_bad_tables_are_code_2(hubbub: Hubbub, rows: Path, tmp_path: Path) -> None:
    """A missing file or column, or nothing to judge at all."""
    column = hubbub("score", "--csv", rows)
    assert column.code == 2
    assert "has no column text; it has: topic, body" in column.complaint
    missing = hubbub("score", "--csv", tmp_path / "nowhere.csv")
    assert missing.code == 2
    assert "No such file or directory" in missing.complaint
    both = hubbub("score", "--csv", rows, "a text")
    assert both.code == 2
    assert "give either texts or --csv F" in both.complaint
