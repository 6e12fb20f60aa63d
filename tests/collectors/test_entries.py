"""Entries of feeds: the formats, character sets, what is missing or broken, and what is hostile."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from collectors import Malformed
from collectors.answers import Feed
from collectors.entries import Entry, read
from collectors.html import LONGEST
from tests.collectors.cases import PAYLOADS, RECORDED
from tests.support.web import Web

XML = "application/xml"
RSS = b"<rss version='2.0'><channel>%b</channel></rss>"


def entries(body: bytes, content_type: str = XML) -> tuple[Entry, ...]:
    """Return the entries of a document."""
    return read(Feed(body, content_type), "feed:test")


def payload(name: str) -> tuple[Entry, ...]:
    """Return the entries of a payload file."""
    return entries((PAYLOADS / name).read_bytes())


def item(inner: bytes) -> Entry:
    """Return the only entry of an RSS feed."""
    (entry,) = entries(RSS % (b"<item>%b</item>" % inner))
    return entry


def test_rss() -> None:
    """The whole content comes before the summary, and a title may be HTML."""
    first = payload("feed-rss.xml")[0]
    assert first.id == "forum.example:4"
    assert first.title == "Forgebox & pushes: down again"
    assert first.text == ("Forgebox & pushes: down again\nPushes hang since noon.\nIs it only me?")
    assert first.link == "/t/4"
    assert first.author == "ada"
    assert first.published == datetime(2026, 11, 24, 12, 50, tzinfo=UTC)
    assert first.updated is None


def test_atom() -> None:
    """XHTML and plain text are told apart, and the link is that to the page."""
    first, second = payload("feed-atom.xml")
    assert first.title == "Outage report"
    assert first.text == "Outage report\nForgebox was down & out.\nIf a < b, it is back."
    assert first.link == "https://blog.example/2"
    assert first.author == "Carol Example"
    assert first.published == datetime(2026, 11, 24, 10, tzinfo=UTC)
    assert first.updated == datetime(2026, 11, 24, 12, 45, tzinfo=UTC)
    assert second.text == "Is 1 < 2 &amp; 3?\nPlain <b>text</b>, as it stands."
    assert second.published == second.updated == datetime(2026, 11, 24, 10, 30, tzinfo=UTC)


def test_rdf() -> None:
    """RSS 1.0 has its items beside the channel, and their ids as attributes."""
    (entry,) = payload("feed-rdf.xml")
    assert entry.id == entry.link == "https://old.example/7"
    assert entry.title == "Forgebox est en panne à Genève"
    assert entry.author == "Zoé"
    assert entry.published == datetime(2026, 11, 24, 12, 10, tzinfo=UTC)


def test_a_feed_that_is_not_well_formed_is_mended() -> None:
    """Characters that should have been escaped stand for themselves, and nothing else is lost."""
    second = payload("feed-rss.xml")[1]
    assert second.title == "x < y & other unescaped things, for example this"
    assert second.link == "https://forum.example/t/3?a=1&b=2"
    assert second.author == "Bob Example"
    assert second.text.endswith("It works for me — at last.")


def test_identity_without_an_id() -> None:
    """The link identifies an item without an id; what it says, one without a link."""
    _, linked, bare, _ = payload("feed-rss.xml")
    assert linked.id == linked.link
    assert (bare.link, bare.title, bare.published) == ("", "", None)
    assert bare.id == payload("feed-rss.xml")[2].id
    assert bare.id != item(b"<description>Something else.</description>").id


@pytest.mark.parametrize("identity", [b"x" * 501, b"a&#10;b", b"a&#x85;b"])
def test_an_id_that_cannot_be_kept_is_digested(identity: bytes) -> None:
    """It is stable all the same."""
    first = item(b"<guid>%b</guid>" % identity)
    assert len(first.id) == 32
    assert first.id == item(b"<title>t</title><guid>%b</guid>" % identity).id


def test_the_same_id_twice() -> None:
    """Only the first counts."""
    body = b"".join(b"<item><guid>1</guid><title>%d</title></item>" % at for at in range(3))
    assert [entry.title for entry in entries(RSS % body)] == ["0"]


@pytest.mark.parametrize(
    ("title", "body", "text"),
    [
        ("Down", "Down again", "Down again"),
        ("It is down, and has been since…", "It is down, and has been since noon", None),
        ("Down", "Up", "Down\nUp"),
        ("Down", "", "Down"),
        ("", "Up", "Up"),
    ],
)
def test_a_title_that_the_content_repeats(title: str, body: str, text: str | None) -> None:
    """It is said once."""
    entry = item(f"<title>{title}</title><description>{body}</description>".encode())
    assert entry.text == (body if text is None else text)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("<?xml version='1.0' encoding='iso-8859-1'?>%s".encode("latin-1"), XML),
        (b"%s", "text/xml; charset=iso-8859-1"),
        (b"<?xml version='1.0' encoding='utf-8'?>%s", 'text/xml; charset="ISO-8859-1"'),
        (b"<?xml version='1.0' encoding='iso-8859-1'?>%s", "text/xml; charset=no-such-set"),
        (b"<?xml version='1.0' encoding='iso-8859-1'?>%s", "text/xml; charset=a\0b"),
    ],
)
def test_character_sets(body: bytes, content_type: str) -> None:
    """That of the header comes first, then that of the document."""
    feed = RSS % "<item><title>Größe</title></item>".encode("latin-1")
    (entry,) = entries(body.replace(b"%s", feed), content_type)
    assert entry.title == "Größe"


def test_two_bytes_a_character() -> None:
    """UTF-16 is known by its mark."""
    feed = (RSS % "<item><title>Größe</title></item>".encode()).decode()
    (entry,) = entries(feed.encode("utf-16"), "application/rss+xml")
    assert entry.title == "Größe"


@pytest.mark.parametrize(
    "date", ["", "yesterday", "Tue, 31 Foo 2026 25:61:00 GMT", "9" * 5_000, "2026-13-45T99:00Z"]
)
def test_a_date_that_is_none(date: str) -> None:
    """The entry has no date then."""
    assert item(f"<title>t</title><pubDate>{date}</pubDate>".encode()).published is None


def test_descriptions_of_media() -> None:
    """A description in Media RSS is one, but its title is not that of the entry."""
    entry = item(
        b"<title>Status</title><media:group xmlns:media='http://search.yahoo.com/mrss/'>"
        b"<media:title>Video</media:title>"
        b"<media:description type='plain'>a &lt;b> c</media:description></media:group>"
    )
    assert entry.text == "Status\na <b> c"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"<html><body>Hello</body></html>", "no RSS"),
        (b"<urlset><url/></urlset>", "no RSS"),
        (b"", "cut off or no XML"),
        (b"Hello", "cut off or no XML"),
        (b"Hello</rss>", "no XML"),
        (b"<rss><channel><item><title>Down ag", "cut off"),
        ((RSS % b"<item><title>Down</title></item>")[:-9], "cut off"),
        (RSS % (b"<!--" + b"x" * 5_000_000 + b"-->"), "larger than"),
    ],
)
def test_what_is_no_feed(body: bytes, words: str) -> None:
    """It is refused, and says why; half of a feed is none."""
    with pytest.raises(Malformed, match=words):
        entries(body)


def test_an_empty_feed() -> None:
    """It is a feed."""
    assert entries(b"<feed xmlns='http://www.w3.org/2005/Atom'/>") == ()


def test_entities_do_not_multiply() -> None:
    """What a document declares stays as it stands: a bomb is as small as it arrived."""
    bomb = b"<!DOCTYPE rss [<!ENTITY a '%b'>%b]>" % (
        b"x" * 1_000,
        b"".join(b"<!ENTITY %c '%b'>" % (98 + at, b"&%c;" % (97 + at) * 10) for at in range(9)),
    )
    (entry,) = entries(bomb + RSS % b"<item><guid>1</guid><title>&j;</title></item>")
    assert len(entry.text) < 10
    large = b"<!DOCTYPE rss [<!ENTITY a '%b'>]>" % (b"x" * 100_000)
    (entry,) = entries(large + RSS % (b"<item><title>%b</title></item>" % (b"&a;" * 9_000)))
    assert len(entry.html) + len(entry.title) <= 2 * LONGEST


def test_nothing_is_fetched_or_read_for_a_document() -> None:
    """Neither a file nor an address that a document names is asked for."""
    with Web() as web:
        for place in (f"{web.url}/secret", "file:///etc/hostname"):
            body = (
                f"<!DOCTYPE rss SYSTEM '{place}' [<!ENTITY a SYSTEM '{place}'>"
                f"<!ENTITY % b SYSTEM '{place}'>%b;]>"
            ).encode()
            (entry,) = entries(body + RSS % b"<item><guid>1</guid><title>&a;!</title></item>")
            assert entry.title in {"&a;!", "!"}
        assert web.asked == []


@pytest.mark.parametrize(
    ("unit", "before", "after"),
    [
        (b"encoding='", b"<?xml ", RSS),
        (b"a.", RSS.partition(b"%b")[0] + b"<item><author>", b"</author></item></channel></rss>"),
        (
            b"<category>a</category>",
            RSS.partition(b"%b")[0] + b"<item>",
            b"</item></channel></rss>",
        ),
        (b"&", RSS.partition(b"%b")[0] + b"<item><title>", b"</title></item></channel></rss>"),
        (b"<div>", RSS.partition(b"%b")[0] + b"<item><description>", b"</channel></rss>"),
        (b"<item/>", RSS.partition(b"%b")[0], b"</channel></rss>"),
        (b"<!DOCTYPE ", b"", RSS),
    ],
)
@pytest.mark.timeout(60)
def test_what_is_made_to_take_long(unit: bytes, before: bytes, after: bytes) -> None:
    """Expressions that backtrack would take hours for these."""
    with suppress(Malformed):
        found = entries(before + unit * (2_000_000 // len(unit)) + after)
        assert len(found) <= 1_000
        assert all(len(entry.text) <= LONGEST for entry in found)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300), st.text(max_size=30))
@example(b"<a/>", "text/xml; charset=utf-16")
@example(b"\xff\xfe", "text/xml; charset=utf-7")
def test_anything_within_an_item(inner: bytes, content_type: str) -> None:
    """It is read or refused, never a crash, and what is read can be stored."""
    try:
        found = entries(RSS % (b"<item>%b</item>" % inner), content_type)
    except Malformed:
        return
    for entry in found:
        for text in (entry.id, entry.title, entry.text, entry.author, entry.publisher):
            assert text.encode().decode() == text
            assert text == text.strip()


@pytest.mark.skipif(not RECORDED.exists(), reason="recorded feeds are not beside this checkout")
@pytest.mark.parametrize(
    ("name", "size", "text"),
    [
        ("social/rss/arch-news.xml", 10, "waydroid >= 1.5.4-3 update may require manual"),
        ("social/rss/entries.xml", 30, "Connect 2016 Developer Workshop\nFor the first day"),
        ("social/rss/hn-2025-12.xml", 30, "Linux Sandboxes and Fil-C"),
        ("social/rss/nodate.xml", 1, "waydroid >= 1.5.4-3 update may require manual"),
        ("social/rss/youtube-channel.atom.xml", 15, "Advent of Code 2024 in Rust Day 03\nThis"),
        ("social/reddit/subreddit-2025-12-30.atom.xml", 1, "(OC) The aspen trees of Colorado"),
        ("status/github-history.atom", 25, "Intermittent failures creating agent tasks\nAug"),
    ],
)
def test_recorded_feeds(name: str, size: int, text: str) -> None:
    """Real feeds of several makers are read whole."""
    found = entries((RECORDED / name).read_bytes(), "text/xml")
    assert len(found) == size
    assert found[0].text.startswith(text)
    assert all(entry.id and entry.link.startswith("http") for entry in found)
    assert all(entry.published for entry in found) is ("nodate" not in name)
