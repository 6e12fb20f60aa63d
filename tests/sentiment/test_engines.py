"""Engines by name."""

from __future__ import annotations

import pytest

import sentiment
from settings import Sentiment, SettingsError
from signals import Polarity, Topic


@pytest.mark.parametrize("name", ["ops", "vader"])
def test_every_engine_is_a_scorer_that_signs_its_judgements(name: str) -> None:
    """Each listed engine follows the protocol and names itself in what it returns."""
    scorer = sentiment.create(name)

    assert isinstance(scorer, sentiment.Scorer)
    judgement = scorer.score("I love it", Topic("United"), "en")
    assert judgement.polarity is Polarity.POSITIVE
    assert judgement.scorer == scorer.name
    assert scorer.name.startswith(name)


def test_the_default_engine_is_ops() -> None:
    """Without a name one gets the engine that knows services."""
    assert sentiment.create().name == sentiment.create("ops").name


def test_an_unknown_engine_is_refused_with_the_known_ones() -> None:
    """The error names what was asked for and what there is."""
    with pytest.raises(sentiment.UnknownEngine, match=r"'vadar'.*ops, vader, onnx:FOLDER"):
        sentiment.create("vadar")


def test_the_settings_choose_the_engine() -> None:
    """Its name, and for ops the user's own words, come from the table [sentiment]."""
    own = Sentiment(lexicon={"wobbly": -2.5, "Gateway hiccup": 0})

    assert sentiment.build(Sentiment()).name == sentiment.create().name
    assert sentiment.build(Sentiment(engine="vader")).name == sentiment.create("vader").name
    scorer = sentiment.build(own)
    assert scorer.name not in {sentiment.create().name, sentiment.create("vader").name}
    assert scorer.score("so wobbly").polarity is Polarity.NEGATIVE


@pytest.mark.parametrize("engine", ["vadar", "onnx:/nowhere", "onnx:~nobody-here/x"])
def test_an_engine_that_cannot_be_used_is_a_mistake_in_the_configuration(engine: str) -> None:
    """The error names the file, the key and what is wrong."""
    with pytest.raises(SettingsError, match=r"^hubbub\.toml: sentiment\.engine: .+"):
        sentiment.build(Sentiment(engine=engine), origin="hubbub.toml")


def test_many_texts_are_scored_in_their_order() -> None:
    """An engine without batches scores one after the other."""
    scorer = sentiment.create()
    requests = [
        sentiment.Request("it is down"),
        sentiment.Request("united", Topic("United")),
        sentiment.Request("it is down", None, "de"),
    ]

    assert sentiment.score_all(scorer, requests) == [scorer.score(*request) for request in requests]


def test_errors_of_engines_share_a_kind() -> None:
    """A caller can tell the user about each of them in one place."""
    assert issubclass(sentiment.UnknownEngine, sentiment.EngineError)
    assert issubclass(sentiment.UnusableEngine, sentiment.EngineError)
