"""The engine ``ops``: it hears complaints about services, and only those."""

from __future__ import annotations

import csv
import re
from functools import partial
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from vaderSentiment.vaderSentiment import normalize

from sentiment.ops import Ops
from sentiment.vader import Vader
from signals import Judgement, Polarity, Query, Topic
from tests.sentiment.generated import texts
from tests.sentiment.recorded import rows
from tests.sentiment.steps import steps

OPS = Ops()
VADER = Vader()

with (Path(__file__).parent / "payloads" / "control.csv").open(
    encoding="utf-8", newline=""
) as file:
    CONTROL = list(csv.DictReader(file))


def is_right(row: dict[str, str]) -> bool:
    """Return whether a sentence of the control list is judged as it should be."""
    judgement = OPS.score(row["text"])
    complains = judgement.polarity is Polarity.NEGATIVE
    return complains == (row["complaint"] == "yes") and (complains or not judgement.availability)


def test_the_control_list_is_large_and_balanced() -> None:
    """At least 200 sentences, neither kind rarer than two in five."""
    complaints = sum(row["complaint"] == "yes" for row in CONTROL)

    assert len(CONTROL) >= 200
    assert 0.4 <= complaints / len(CONTROL) <= 0.6


@pytest.mark.parametrize("complaint", ["yes", "no"])
def test_the_control_list_is_judged_right(complaint: str) -> None:
    """Complaints without lexicon words, and alarming words without complaint: 95 % are right."""
    sentences = [row for row in CONTROL if row["complaint"] == complaint]
    wrong = [row["text"] for row in sentences if not is_right(row)]

    assert len(wrong) <= 0.05 * len(sentences), wrong


_ADDRESS = re.compile(r"https?://\S+")  # differs between copies of a post


class Figures:
    """Precision and recall of an engine on a recorded file with a column ``label``."""

    def __init__(self, scorer: Ops | Vader, name: str) -> None:
        """Score every row; copies of a post count once."""
        distinct = {_ADDRESS.sub("", row["text"]): row for row in rows(name)}
        self._pairs = [
            (row["label"], scorer.score(row["text"], _topic(row)).polarity.value)
            for row in distinct.values()
        ]

    def recall(self, label: str) -> float:
        """Return which part of the posts with ``label`` is found."""
        found = [verdict == label for truth, verdict in self._pairs if truth == label]
        return sum(found) / len(found)

    def precision(self, label: str) -> float:
        """Return which part of the posts called ``label`` is so."""
        true = [truth == label for truth, verdict in self._pairs if verdict == label]
        return sum(true) / len(true)

    def called_negative(self, *labels: str) -> float:
        """Return which part of the posts with one of ``labels`` is called negative."""
        verdicts = [verdict for truth, verdict in self._pairs if truth in labels]
        return verdicts.count("negative") / len(verdicts)

    def macro_f1(self) -> float:
        """Return the mean over the labels of the harmonic mean of precision and recall."""
        harmonic = [
            2
            * self.precision(label)
            * self.recall(label)
            / (self.precision(label) + self.recall(label))
            for label in ("negative", "neutral", "positive")
        ]
        return sum(harmonic) / len(harmonic)


def _topic(row: dict[str, str]) -> Topic | None:
    return Topic(row["topic"]) if "topic" in row else None


def test_posts_about_airlines() -> None:
    """Most complaints are heard, and few who only ask are taken for complainers."""
    figures = Figures(OPS, "airline-dev.csv")

    assert figures.recall("negative") >= 0.72
    assert figures.precision("negative") >= 0.89
    assert figures.macro_f1() >= 0.63
    assert figures.called_negative("neutral") <= 0.19


def test_posts_about_software_companies() -> None:
    """The same holds where complaints are rare."""
    figures = Figures(OPS, "sanders-dev.csv")

    assert figures.recall("negative") >= 0.68
    assert figures.precision("negative") >= 0.47
    assert figures.macro_f1() >= 0.55
    assert figures.called_negative("neutral") <= 0.16


def test_posts_about_one_company() -> None:
    """The same holds among news about a company's shares."""
    figures = Figures(OPS, "apple-dev.csv")

    assert figures.recall("negative") >= 0.68
    assert figures.precision("negative") >= 0.56


def test_bug_reports_among_app_reviews() -> None:
    """Bug reports are heard; other reviews are hardly called negative more often than by stock."""
    ops, stock = (Figures(scorer, "app-reviews-by-type-dev.csv") for scorer in (OPS, VADER))
    others = ("feature request", "rating", "user experience")

    assert ops.called_negative("bug report") >= 0.78
    assert ops.called_negative(*others) <= stock.called_negative(*others) + 0.08


def test_posts_about_life_in_general() -> None:
    """On vaderSentiment's own posts the engine is no worse than vaderSentiment."""
    ops, stock = (Figures(scorer, "vader-tweets.csv") for scorer in (OPS, VADER))

    assert ops.macro_f1() >= stock.macro_f1()


@pytest.mark.parametrize(
    "text",
    [
        "GitHub is down",
        "Is AWS us-east-1 down for anyone else?",
        "getting 503s from the API",
        "can\u2019t log in since this morning",
        "My app ca n't connect",
        "the site won't load...anyone else?",
        "total outage in our region",
    ],
)
def test_complaints_about_availability_are_marked(text: str) -> None:
    """The flag is up when something does not work or cannot be reached."""
    judgement = OPS.score(text)

    assert judgement.polarity is Polarity.NEGATIVE
    assert judgement.availability


@pytest.mark.parametrize(
    "text",
    [
        "rude and overpriced",
        "what a joke",
        "I love it",
        "the outage last year",
        "it is not down",
        "",
    ],
)
def test_other_posts_are_not_marked(text: str) -> None:
    """The flag stays down for praise, for other complaints, and for what is over."""
    assert not OPS.score(text).availability


@pytest.mark.parametrize("text", ["the site is back up", "no issues since then", "0 errors today"])
def test_relief_is_praise(text: str) -> None:
    """Good news in the words of bad news."""
    assert OPS.score(text).polarity is Polarity.POSITIVE


@pytest.mark.parametrize(
    "text", ["please help", "PLEASE HELP", "Ubuntu 24.04 LTS", "XP or NFC", "143"]
)
def test_manners_and_product_names_say_nothing(text: str) -> None:
    """They are words of praise or complaint in vaderSentiment's lexicon, whatever their case."""
    assert VADER.score(text).compound != 0
    assert OPS.score(text).compound == 0


def test_a_negation_ends_with_its_sentence() -> None:
    """A "not" does not turn round the next sentence; in vaderSentiment it does."""
    text = "It does not. Terrible service"

    assert VADER.score(text).polarity is Polarity.POSITIVE
    assert OPS.score(text).polarity is Polarity.NEGATIVE


def test_words_of_complaint_are_no_names() -> None:
    """A topic that looks for outages does not blank them."""
    topic = Topic("Outage", Query(any_of=("down", "outage", "united")))

    assert OPS.score("United has an outage", topic).availability
    assert OPS.score("united", topic).compound == 0


def test_reasons_name_words_and_rules() -> None:
    """Each says what it read, where, by which rule, and how much it weighs."""
    text = "@gh It's terrible: I can't log in, is it down for anyone else?"
    reasons = OPS.score(text, explain=True).reasons

    assert [(reason.word, reason.rule) for reason in reasons] == [
        ("terrible", "lexicon"),
        ("can't log", "cannot"),
        ("down for anyone", "down"),
    ]
    assert all(text[reason.start : reason.end] == reason.word for reason in reasons)


@settings(max_examples=500, deadline=None)
@given(text=texts)
@example(text="still down but I love it!! can't log in\U0001f620")
@example(text="...a..b\u2026c.. \u2019")
def test_reasons_add_up_and_change_nothing(text: str) -> None:
    """Explaining gives the same judgement, and weights that sum to its compound score."""
    judgement = OPS.score(text, language="en", explain=True)

    assert judgement == Judgement(
        **{
            name: getattr(OPS.score(text, language="en"), name)
            for name in Judgement.__slots__
            if name != "reasons"
        },
        reasons=judgement.reasons,
    )
    total = sum(reason.weight for reason in judgement.reasons)
    assert normalize(total) == pytest.approx(judgement.compound, abs=1e-4)
    for reason in judgement.reasons:
        assert reason.word == text[reason.start : reason.end] != ""


@settings(max_examples=300, deadline=None)
@given(text=st.text(), language=st.none() | st.sampled_from(["en", "de", "und", "en-GB"]))
def test_any_text_is_judged(text: str, language: str | None) -> None:
    """No text whatever makes it fail, and every number stays in its range."""
    judgement = OPS.score(text, Topic("Q"), language)

    assert -1 <= judgement.compound <= 1
    assert all(
        0 <= share <= 1 for share in (judgement.negative, judgement.neutral, judgement.positive)
    )


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Der Server ist schon wieder down, so ein Mist", None),
        ("障害が発生しています", None),
        ("it is down", "de"),
        ("terrible", "fr-CA"),
    ],
)
def test_a_text_in_another_language_is_not_judged(text: str, language: str | None) -> None:
    """It is unscored, which is not neutral, and gets no share of anything."""
    assert OPS.score(text, language=language, explain=True) == Judgement(
        Polarity.UNSCORED, 0, 0, 0, 0, scorer=OPS.name
    )
    assert OPS.score("the train leaves").polarity is Polarity.NEUTRAL


def test_the_user_adds_words_and_phrases() -> None:
    """Their weights take the place of built-in ones, in any case and with any spaces."""
    own = Ops({"Wobbly": -2, "great": 0, "gave me  the runaround": -2.5, "on hold": 0})

    assert own.score("so WOBBLY today").polarity is Polarity.NEGATIVE
    assert own.score("great").compound == 0
    assert own.score("on hold").compound == 0
    (reason,) = own.score("they gave me the runaround!", explain=True).reasons[:1]
    assert (reason.word, reason.rule, reason.weight) == (
        "gave me the runaround",
        "your lexicon",
        -2.5,
    )


@pytest.mark.parametrize(
    ("term", "text"),
    [
        ("C++", "I wrote it in C++"),
        ("it\u2019s toast", "it's toast, lads"),
        ("\U0001f9ef", "everything \U0001f9ef today"),
        ("(Gateway) wobble!", "a gateway wobble"),
    ],
)
def test_words_of_the_user_are_read_like_words_of_a_text(term: str, text: str) -> None:
    """With their signs, apostrophes and emoji, or without the punctuation around them."""
    assert OPS.score(text).compound == 0
    assert Ops({term: -2}).score(text).polarity is Polarity.NEGATIVE


@given(term=st.text(min_size=1).filter(str.strip), text=st.text())
def test_any_term_of_the_user_can_be_used(term: str, text: str) -> None:
    """None of the signs that the notation of phrases knows means anything here."""
    assert -1 <= Ops({term: 2}).score(text, language="en").compound <= 1


def test_the_name_changes_with_the_lexicon() -> None:
    """Scores of different lexicons can be told apart."""
    names = {Ops().name, Ops({"wobbly": -2}).name, Ops({"wobbly": -1}).name}

    assert len(names) == 3
    assert Ops({}).name == OPS.name


@pytest.mark.parametrize(
    "sentence",
    [
        "It is down but I can't log in, still waiting for 3 hours...no answer. ",
        "is is is is is is ",
        "if if if outage outage outage ",
        "@united United ",
        "if the site goes and goes ",
    ],
)
def test_work_grows_with_length_not_its_square(sentence: str) -> None:
    """Eight times the text takes about eight times the steps."""
    topic = Topic("United")
    OPS.score(sentence * 20, topic)

    many, few = (steps(partial(OPS.score, sentence * times, topic)) for times in (4_000, 500))
    assert many <= 8.5 * few
