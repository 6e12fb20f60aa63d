"""Reddit's feeds."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from tests.collectors.cases.case import LATER, Case, Routes, text_of
from tests.support.web import Reply

if TYPE_CHECKING:
    from datetime import datetime

ATOM = "application/atom+xml; charset=UTF-8"
NEW = "/r/forgebox+mint/new/.rss"
COMMENTS = "/r/forgebox+mint/comments/.rss"
KEYS = {"subreddits": ["forgebox", "mint"], "spacing": "0.001s"}
_END = "</feed>"


def entry(identity: str, time: datetime, title: str, text: str = "") -> str:
    """Return an entry as Reddit writes it."""
    body = f'<!-- SC_OFF --><div class="md"><p>{text}</p></div><!-- SC_ON -->' if text else ""
    footer = " submitted by <a> /u/dan </a> <br/> <span>[link]</span> <span>[comments]</span>"
    return (
        f"<entry><author><name>/u/dan</name></author><id>{identity}</id>"
        f'<content type="html">{escape(body + footer)}</content>'
        f'<link href="https://www.reddit.example/{identity}"/>'
        f"<updated>{time.isoformat()}</updated><published>{time.isoformat()}</published>"
        f"<title>{escape(title)}</title></entry>"
    )


def feed(*entries: str, name: str = "new") -> Reply:
    """Return the feed of the payload ``name`` with ``entries`` before its own."""
    head, first, rest = text_of(f"reddit-{name}.atom.xml").partition("<entry>")
    return Reply(f"{head}{''.join(entries)}{first}{rest}".encode(), ATOM)


def only(*entries: str) -> Reply:
    """Return a feed of nothing but ``entries``."""
    head = text_of("reddit-new.atom.xml").partition("<entry>")[0]
    return Reply(f"{head}{''.join(entries)}{_END}".encode(), ATOM)


def _reddit(moment: datetime) -> Routes:
    new = entry("t3_1ccccc9", LATER, "Forgebox again")
    return {NEW: feed(new) if moment >= LATER else feed()}


CASE = Case(
    kind="reddit",
    routes=_reddit,
    first=frozenset({"t3_1aaaaa1", "t3_1aaaaa2"}),
    later=frozenset({"t3_1ccccc9"}),
    keys={**KEYS, "comments": False},
    documents=False,
)
