"""The one view of a message, and its words."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

import alerts
from alerts.channels.message import Tone, dump, headline, load, view
from alerts.channels.wording import duration, odds
from signals import Change, Evidence, Severity, Span, Step, Subject
from tests.support.channels import NOW, PAGE, change, every_change, evidence


def told(step: Step, subject: Subject = Subject.TOPIC, **keys: object) -> tuple[str, str]:
    """Return title and sentence of a change."""
    message = view(replace(change(step, subject), **keys), evidence(), PAGE)  # type: ignore[arg-type]
    return message.title, message.sentence


NUMBERS = "38 complaints in 10 minutes, where about 9.0 are usual (61 mentions by 44 people)."
WHY = "Hacker News has been silent for 40 minutes."


@pytest.mark.parametrize(
    ("step", "title", "rest"),
    [
        (Step.POSSIBLE, "Possible trouble with Example", NUMBERS),
        (Step.CONFIRMED, "Trouble with Example", NUMBERS),
        (Step.REOPENED, "Trouble with Example is back", NUMBERS),
        (Step.REMINDER, "Still trouble with Example, for 60 minutes now", NUMBERS),
        (Step.FLAPPING, "Trouble with Example comes and goes", WHY),
        (Step.RESOLVED, "Trouble with Example is over after 60 minutes", WHY),
        (Step.SHIFTED, "Trouble with Example has become usual", WHY),
        (Step.ACKNOWLEDGED, "Trouble with Example is acknowledged", WHY),
        (Step.SNOOZED, "Trouble with Example is snoozed", WHY),
    ],
)
def test_every_step_has_its_words(step: Step, title: str, rest: str) -> None:
    """Trouble is told with its numbers, everything else with its reason."""
    assert told(step) == (title, f"{title}: {rest}")


def test_alarms_of_sources_and_the_delivery_give_their_reason() -> None:
    """They count no complaints."""
    assert told(Step.CONFIRMED, Subject.SOURCE) == (
        "Trouble with the source hackernews",
        f"Trouble with the source hackernews: {WHY}",
    )
    title, sentence = told(Step.RESOLVED, Subject.DELIVERY)
    assert title == "Trouble with the delivery to InfluxDB is over after 60 minutes"
    assert sentence == f"{title}: {WHY}"
    message = view(change(Step.CONFIRMED, Subject.SOURCE), evidence(), PAGE)
    assert [fact.label for fact in message.facts] == ["Since"]


def test_what_only_informs_is_no_trouble() -> None:
    """News of the least severity, such as a trend, stands for itself."""
    news = replace(change(severity=Severity.INFO), reason="Mint is in the top 10.")
    message = view(news, evidence(), PAGE)
    assert (message.title, message.sentence) == (
        "Example: Mint is in the top 10",
        "Example: Mint is in the top 10.",
    )
    assert message.tone is Tone.CALM


def test_a_test_says_so_first() -> None:
    """Nobody is alarmed by it."""
    message = view(*alerts.example(NOW), PAGE)
    assert message.title == "Test: Trouble with Example"
    assert message.sentence.startswith("This is a test, nothing is wrong. Trouble with Example: ")


def test_the_facts_explain() -> None:
    """Seen against usual, who, how sure, what else: each in its words."""
    message = view(change(), evidence(), PAGE)
    assert dict(message.facts) == {
        "Complaints": "38 in 10 minutes; usual are 9.0 (3.0 to 17.0)",
        "Unavailable": "27 of 38 complaints say that it does not work",
        "Mentions": "61 by 44 people; 12 copies are not counted",
        "Share": "62% of mentions complain; usual are 12%",
        "Odds": "an ordinary time looks so bad with a chance of 1 in 500,000",
        "Words": "down, locked out, 503",
        "Also in trouble": "Another example",
        "Shortly before": "api v2.31 (deploy, 2026-11-24 12:40 UTC)",
        "Official status": "Investigating elevated errors (2026-11-24 13:03 UTC)",
        "Since": "2026-11-24 12:05 UTC, 60 minutes ago",
    }


def test_what_is_not_known_is_not_told() -> None:
    """A gap in the evidence is no zero."""
    window = Span(NOW - timedelta(minutes=10), NOW)
    bare = Evidence(mentions=(), observed=7, total=9, authors=5, window=window)
    message = view(change(), bare, "")
    assert message.sentence == (
        "Trouble with Example: 7 complaints in 10 minutes (9 mentions by 5 people)."
    )
    assert dict(message.facts) == {
        "Complaints": "7 in 10 minutes",
        "Mentions": "9 by 5 people",
        "Share": "78% of mentions complain",
        "Official status": "nothing yet",
        "Since": "2026-11-24 12:05 UTC, 60 minutes ago",
    }
    nothing = view(change(), replace(bare, observed=0, total=0), "")
    assert nothing.sentence == f"Trouble with Example: {WHY}"
    assert [fact.label for fact in nothing.facts] == ["Official status", "Since"]


def test_posts_are_shown_while_there_is_something_to_judge() -> None:
    """Up to five, each on a line with its link; none when it is over."""
    many = replace(evidence(), mentions=evidence().mentions * 4)
    message = view(change(), many, PAGE)
    assert len(message.posts) == 5
    assert message.posts[0] == (
        "Example is down again, nothing loads",
        "example",
        "13:05 UTC",
        "https://example.org/posts/1",
    )
    assert view(change(Step.RESOLVED), many, PAGE).posts == ()
    gone = replace(evidence().mentions[0], text="")  # the retention time has passed
    assert view(change(), replace(many, mentions=(gone,)), PAGE).posts == ()


def test_many_troubled_topics_are_counted() -> None:
    """The list stays short."""
    many = replace(evidence(), troubled=tuple(f"t{number}" for number in range(9)))
    assert (
        dict(view(change(), many, "").facts)["Also in trouble"] == "t0, t1, t2, t3, t4 and 4 more"
    )


def test_the_tone_tells_good_from_bad() -> None:
    """Colour, sign and urgency come from one place."""
    assert view(change(), evidence(), "").tone is Tone.BAD
    assert view(change(severity=Severity.WARNING), evidence(), "").tone is Tone.UNSURE
    assert view(change(Step.POSSIBLE), evidence(), "").tone is Tone.UNSURE
    assert view(change(Step.RESOLVED), evidence(), "").tone is Tone.GOOD
    assert view(change(Step.ACKNOWLEDGED), evidence(), "").tone is Tone.CALM


@pytest.mark.parametrize("each", [*every_change()], ids=lambda each: each.id)
def test_a_stored_message_comes_back_as_it_was(each: Change) -> None:
    """What waits for a digest is told in the words of its moment."""
    message = view(each, evidence(), PAGE)
    stored = dump(message)
    assert "\n" not in stored
    assert load(f"{stored}\n{stored}") == (message, message)


@given(st.text(max_size=200))
def test_any_text_can_be_stored(text: str) -> None:
    """Line breaks and half letters included."""
    mention = replace(evidence().mentions[0], text=text, source=text)
    message = view(replace(change(), reason=text), replace(evidence(), mentions=(mention,)), "")
    assert load(dump(message)) == (message,)


def test_a_rendered_body_is_no_stored_message() -> None:
    """It is sent as it is."""
    assert load('{"version": 1}') == ()


def test_a_headline_names_the_topics() -> None:
    """That of a digest each of them once."""
    one = view(change(), evidence(), "")
    other = view(change(Step.CONFIRMED, Subject.SOURCE), evidence(), "")
    assert headline([one]) == "Trouble with Example"
    assert headline([one, other, one]) == "3 messages: Example, hackernews"


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (0, "0 minutes"),
        (1, "1 minute"),
        (119, "119 minutes"),
        (120, "2 hours"),
        (48 * 60, "48 hours"),
        (50 * 60, "2 days"),
    ],
)
def test_durations_are_rounded(minutes: int, words: str) -> None:
    """To what a person would say."""
    assert duration(timedelta(minutes=minutes)) == words


@pytest.mark.parametrize(
    ("chance", "words"),
    [
        (1.0, "1 in 1"),
        (0.03, "1 in 33"),
        (1e-5, "1 in 100,000"),
        (3.2e-7, "1 in 3,100,000"),
        (0.0, "less than 1 in a trillion"),
    ],
)
def test_odds_are_readable(chance: float, words: str) -> None:
    """A chance as one in so many."""
    assert odds(chance) == words
