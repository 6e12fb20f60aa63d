"""Which topics a text mentions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.matching import Matcher, normalise, problems
from settings import SettingsError
from signals import Query, Topic

if TYPE_CHECKING:
    from collections.abc import Callable


def mentions(term: str, text: str) -> bool:
    """Return whether a topic with this one term is mentioned."""
    return bool(Matcher([Topic("it", Query(any_of=(term,)))]).match(text))


def names(topics: list[Topic], text: str) -> list[str]:
    """Return the names of the topics that ``text`` mentions."""
    return [topic.name for topic in Matcher(topics).match(text)]


@pytest.mark.parametrize(
    ("term", "text"),
    [
        ("linux", "I run LINUX."),
        ("linux", "#Linux"),
        ("linux", "@linux, hello"),
        ("linux", "see linux.org"),
        ("linux", "linux's kernel (linux) linux-based"),
        ("linux", "我用linux系统"),
        ("#linux", "the #linux tag"),
        ("#linux", "the #linux"),  # a full-width number sign
        ("@github", "ping @github: thanks"),
        ("C++", "I like C++, really"),
        ("C++", "since C++17"),
        ("C#", "C# and F#"),
        (".NET", "the .net runtime"),
        (".NET", "(.NET)"),
        ("Pop!_OS", "pop!_os 24.04"),
        ("Yahoo!", "Yahoo!!!"),
        ("node.js", "a Node.js-based app. Fine"),
        ("node.js", "I use node.js."),
        ('"linux mint"', "Linux\r\n\t Mint is out"),
        ("linux mint", "linux mint 23"),
        ("„Linux Mint“", "linux mint"),
        ("straße", "STRASSE"),
        ("STRASSE", "Große Straße"),
        ("i̇stanbul", "İSTANBUL"),
        ("café", "cafe\u0301"),
        ("cafe\u0301", "CAFÉ"),
        ("file", "the ﬁle"),  # a ligature
        ("github", "git\u00adhub"),
        ("微软", "今天微软宕机了"),
        ("リナックス", "新しいリナックスが出た"),
        ("리눅스", "리눅스는"),
        ("ไมโครซอฟท์", "ใช้ไมโครซอฟท์อยู่"),
        ("हिन्द", "जय हिन्द।"),
        ("🔥", "so🔥🔥hot"),
        ("❤️", "I ❤ it"),
        ("❤", "I ❤️ it"),
        ("👍", "👍🏽"),
    ],
)
def test_a_term_is_found(term: str, text: str) -> None:
    """Terms of every kind match where a person would say that they occur."""
    assert mentions(term, text)


@pytest.mark.parametrize(
    ("term", "text"),
    [
        ("git", "digital"),
        ("git", "gitlab"),
        ("ai", "training said air"),
        ("linux", "linuxmint"),
        ("linux", "linux_mint"),
        ("linux", "Linux2"),
        ("#linux", "linux"),
        ("#linux", "#linuxmint"),
        ("#linux", "page#linux"),
        ("@github", "github"),
        ("@github", "me@github.com"),
        ("C++", "c+"),
        ("C++", "abc++"),
        ("C#", "the C#m chord"),
        (".NET", "example.net"),
        (".NET", ".network"),
        ("Pop!_OS", "pop_os"),
        ("linux mint", "linuxmint"),
        ("linux mint", "linux, mint"),
        ("cafe", "café"),
        ("cafe", "cafe\u0301"),
        ("linux", "linux\u0301"),
        ("हिन्द", "हिन्दी"),
        ("微软", "微 软"),
        ("🔥", "fire"),
    ],
)
def test_a_part_of_something_else_is_no_mention(term: str, text: str) -> None:
    """A term inside a longer word, tag, handle or letter is not found."""
    assert not mentions(term, text)


@pytest.mark.parametrize(
    "text",
    [
        "github.com",
        "see GitHub.com.",
        "https://www.github.com/x",
        "http://status.github.com?a=1",
        "(github.com)",
        "me@github.com",
        "github.com:443",
        "github.com-hosted, say",
        "访问github.com吧",
    ],
)
@pytest.mark.parametrize("term", ["github.com", "https://www.github.com/", "GITHUB.COM"])
def test_a_host_is_found_with_its_subdomains(term: str, text: str) -> None:
    """A domain matches itself, its subdomains and any path below them."""
    assert mentions(term, text)


@pytest.mark.parametrize(
    "text",
    [
        "notgithub.com",
        "my-github.com",
        "github.com.evil.net",
        "github.com-x.evil.net",
        "github.co",
        "github.community",
        "https://github.com.au/x",
        "github . com",
    ],
)
def test_another_host_is_no_mention(text: str) -> None:
    """A host that merely contains the domain belongs to somebody else."""
    assert not mentions("github.com", text)


def test_a_path_narrows_a_host() -> None:
    """A term with a path matches that path only, whatever the scheme and subdomain."""
    term = "https://github.com/psf/black"
    assert mentions(term, "http://www.github.com/psf/black/issues/1")
    assert not mentions(term, "https://github.com/psf/blackout")
    assert not mentions(term, "https://github.com/psf")


TOPICS = [
    Topic("either", Query(any_of=("apple", "pear"))),
    Topic("both", Query(all_of=("apple", "pear"))),
    Topic("mixed", Query(any_of=("apple", "pear"), all_of=("fruit",))),
    Topic("without", Query(any_of=("apple",), none_of=("iphone", "apple pie"))),
    Topic("deaf", Query(none_of=("apple",))),
]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("apple", ["either", "without"]),
        ("pear", ["either"]),
        ("pear and apple", ["either", "both", "without"]),
        ("fruit", []),
        ("pear fruit", ["either", "mixed"]),
        ("apple iphone", ["either"]),
        ("Apple   PIE", ["either"]),
        ("nothing", []),
        ("", []),
    ],
)
def test_any_all_and_none_hold_together(text: str, expected: list[str]) -> None:
    """Any-of, all-of and none-of combine, none-of wins, and the order is that of the topics."""
    assert names(TOPICS, text) == expected


def test_a_topic_without_terms_is_never_mentioned() -> None:
    """Nothing to listen for hears nothing, and no topics at all is no error."""
    assert names([Topic("empty")], "anything") == []
    assert names([], "anything") == []


def test_topics_may_share_terms() -> None:
    """One term serves several topics, in different roles."""
    topics = [Topic("a", Query(any_of=("x",))), Topic("b", Query(any_of=("y",), none_of=("X",)))]
    assert names(topics, "x y") == ["a"]
    assert names(topics, "y") == ["b"]


@pytest.mark.parametrize("term", ["", "  ", '""', '" "', "\u00ad", "\u200b\ufe0f"])
def test_an_empty_term_is_a_settings_error(term: str) -> None:
    """A term with nothing to find is refused by name, instead of matching everything or nothing."""
    topic = Topic("Mint", Query(any_of=("mint",), none_of=(term,)))
    assert len(problems([topic])) == 1
    with pytest.raises(SettingsError, match=r"topic 'Mint': none: the term .* is empty"):
        Matcher([topic])


def test_good_terms_are_no_problem() -> None:
    """Terms that can be found are not complained about."""
    assert problems(TOPICS) == []


ALPHABET = "abß BS1_#+.\n\u0301éİ🔥-"
words = st.text(ALPHABET, max_size=4)


def naive(term: str, text: str) -> bool:
    """Say the same as ``mentions`` for plain terms, by one regular expression per term."""
    term, text = normalise(term), normalise(text)
    mark = "[\u0300-\u036f]"
    symbol = term[-1] in "#+.-"
    before = "" if term[0] == "🔥" else rf"(?<!\w)(?<!{mark})"
    after = "" if term[-1] == "🔥" else rf"(?!{mark})" + (r"(?![^\W\d])" if symbol else r"(?!\w)")
    return re.search(before + re.escape(term) + after, text) is not None


@settings(deadline=None)
@given(st.lists(words.filter(normalise), max_size=6), st.lists(words))
def test_it_agrees_with_a_naive_search(terms: list[str], parts: list[str]) -> None:
    """One pass over the text finds what one search per term finds."""
    plain = [term for term in terms if not re.search(r"\w\.\w", normalise(term))]
    text = "".join(parts + plain[:1])
    topics = [Topic(f"{at}", Query(any_of=(term,))) for at, term in enumerate(plain)]
    expected = [f"{at}" for at, term in enumerate(plain) if naive(term, text)]
    assert names(topics, text) == expected


@settings(deadline=None)
@given(st.text(), st.text(min_size=1))
def test_any_text_and_term_can_be_matched(text: str, term: str) -> None:
    """No text makes the search fail, and a term between spaces is always found."""
    if not problems([Topic("it", Query(any_of=(term,)))]):
        mentions(term, text)
        assert mentions(term, f"a {term} a")


@settings(deadline=None)
@given(st.text("abcß 中文🔥#", min_size=1), st.sampled_from([str.upper, str.lower, str.casefold]))
def test_case_and_white_space_do_not_matter(text: str, change: Callable[[str], str]) -> None:
    """A text that differs in case and white space only has the same normal form."""
    assert normalise(change(text).replace(" ", " \u2003\n")) == normalise(text)


def test_a_very_long_text_with_thousands_of_terms() -> None:
    """A text of 150,000 characters is searched for all terms, to its last word."""
    terms = [Topic(f"t{at}", Query(any_of=(f"word{at}",))) for at in range(5_000)]
    text = "wörd word4999x " * 10_000 + "word4999"
    assert len(text) > 150_000
    assert names(terms, text) == ["t4999"]


@pytest.mark.timeout(10)
@pytest.mark.parametrize("hostile", ["\u0301\u0323", "\u0301\uff9e", "\u0301\u200d\u0323"])
def test_hostile_marks_cost_no_quadratic_time(hostile: str) -> None:
    """Masses of combining marks, which take minutes to put in order, are cut short."""
    ordered = "".join(sorted(hostile * 75_000))
    for text in (hostile * 75_000, ordered, ordered[::-1]):
        assert mentions("linux", f"linux a{text} b")
        assert mentions("linux", f"a{text} linux")
