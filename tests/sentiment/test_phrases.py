"""The search for phrases, and the notation in which they are written."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.phrases import Match, Phrases, Rule
from sentiment.words import FILLER, PostVocabulary, ends_sentence

CLASSES = {"be": ("is", "are"), "reach": ("log", "load")}


def test_the_codes_of_the_caller_stay_as_they_are() -> None:
    """The list may be used again."""
    phrases = Phrases([Rule("rule", ("down $",), -1)], {})
    codes = [phrases.codes["down"]]
    assert phrases.find(codes) == phrases.find(codes) != []
    assert codes == [phrases.codes["down"]]


def search(phrases: Phrases, tokens: list[str]) -> list[Match]:
    """Return the phrases among ``tokens``."""
    vocabulary = PostVocabulary({}, (), phrases.codes)
    return phrases.find([vocabulary[token].code for token in tokens])


def found(pattern: str, text: str) -> list[str]:
    """Return what a single phrase finds in ``text``."""
    tokens = text.split()
    matches = search(Phrases([Rule("rule", (pattern,), -1)], CLASSES), tokens)
    return [" ".join(tokens[match.first : match.last + 1]) for match in matches]


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("down again", "it is DOWN, again", ["DOWN, again"]),
        ("down again", "it is down. Again", []),
        ("up|down again", "up again and down again", ["up again", "down again"]),
        ("can't <reach>", "can't load (can't log in)", ["can't load", "(can't log"]),
        ("log in? now", "log now, log in now", ["log now,", "log in now"]),
        ("keeps *2 crashing", "keeps crashing, keeps on and on crashing", ["keeps crashing,"]),
        ("keeps *2 crashing", "keeps on always crashing", ["keeps on always crashing"]),
        ("so _ bad", "so very bad, so bad", ["so very bad,"]),
        ("down ~to|by", "down to 3, down now", ["down"]),
        ("down ~to", "down. To me", ["down."]),
        ("down ~to $", "down to", []),
        ("down $", "down there is down! Down", ["down!", "Down"]),
        ("<be> !down", "down is down", ["down"]),
        ("~sit !down", "down: sit down, fall down", ["down:", "down"]),
        ("^ !is down", "is down. Is down, is down", ["is down.", "Is down,"]),
        ("error <number>", "error 404, error four, error 5.3", ["error 404,", "error 5.3"]),
        ("error 404", "error 404 is not error 403", ["error 404"]),
        ("<span> late", "45min late, 2hrs late, 45 late", ["45min late,", "2hrs late,"]),
        ("<genitive> down", "Slack's down, Slack down", ["Slack's down,"]),
        ("<name> down", f"{FILLER * 3} down, @x down, x down", [f"{FILLER * 3} down,", "@x down,"]),
        ("<fail>", "#epicfail and #appsucks", ["#epicfail", "#appsucks"]),
    ],
)
def test_notation(pattern: str, text: str, expected: list[str]) -> None:
    """Each sign of the notation does what the head of phrases.toml says."""
    assert found(pattern, text) == expected


@pytest.mark.parametrize("pattern", ["*2 down", "$ down", "a b !down", "~up down"])
def test_a_phrase_begins_with_a_word(pattern: str) -> None:
    """Nothing else can be an anchor; the error quotes the pattern."""
    with pytest.raises(ValueError, match="begins with a word"):
        found(pattern, "")


def test_an_unknown_class_is_an_error() -> None:
    """A typing error in a class does not pass in silence."""
    with pytest.raises(ValueError, match="no class is called <reech>"):
        found("can't <reech>", "")


def test_the_earlier_rule_wins() -> None:
    """Two rules at the same word: the order of the file decides, not the length."""
    rules = [Rule("first", ("down again",), 0), Rule("second", ("down again and again",), -2)]
    tokens = ["down", "again", "and", "again"]

    (match,) = search(Phrases(rules, {}), tokens)
    assert match.rule.name == "first"
    (match,) = search(Phrases(rules[::-1], {}), tokens)
    assert (match.rule.name, match.last) == ("second", 3)


_words = st.sampled_from(["down", "again", "is", "is.", "so", "bad", "x", "down!", "404"])


@given(tokens=st.lists(_words, max_size=30))
def test_phrases_stay_apart_and_inside_sentences(tokens: list[str]) -> None:
    """Matches come in order, none overlaps another, and none goes beyond the end of a sentence."""
    rules = [
        Rule("a", ("down *3 again", "is *2 down|404 ~x", "so so? bad"), -1),
        Rule("b", ("again", "<be> !bad $"), -1),
    ]
    matches = search(Phrases(rules, CLASSES), tokens)

    assert all(match.first <= match.last < len(tokens) for match in matches)
    assert all(one.last < two.first for one, two in itertools.pairwise(matches))
    for match in matches:
        assert not any(map(ends_sentence, tokens[match.first : match.last]))


@given(tokens=st.lists(_words, max_size=20))
def test_what_was_read_before_changes_nothing(tokens: list[str]) -> None:
    """The automaton that grows with every text finds what a new one finds."""
    rules = [Rule("a", ("down *3 again", "is *2 down|404 ~x", "^ !so so? bad"), -1)]
    grown = Phrases(rules, {})
    for other in (tokens[::-1], tokens[1:], tokens):
        search(grown, other)

    assert search(grown, tokens) == search(Phrases(rules, {}), tokens)
