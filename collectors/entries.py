"""The entries of RSS, Atom and RDF feeds, however well or badly they are made.

Formats: https://www.rssboard.org/rss-specification, https://web.resource.org/rss/1.0/spec and
RFC 4287 (Atom); https://www.rssboard.org/media-rss for descriptions of videos.

libxml2 reads them, not feedparser (6.0.14): some of the expressions in the latter take minutes for
100 kB that are made to hurt, and hold up the whole process meanwhile. Entities that a document
declares stay as they stand, so that they cannot multiply, and nothing is ever fetched for one.
"""

from __future__ import annotations

import hashlib
import html
import re
from dataclasses import dataclass
from email.message import Message
from itertools import islice
from typing import TYPE_CHECKING, Literal, TypeAlias

from lxml import etree

from collectors.contract import Malformed
from collectors.html import tidy, to_text
from collectors.instants import read_instant

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from collectors.answers import Feed

Robots: TypeAlias = Literal["obey", "ignore"]
"""Whether robots.txt is obeyed; there are sites that offer feeds, and yet forbid all robots."""

_LARGEST = 5_000_000  # bytes
_MOST = 1_000  # entries
_LONGEST_NAME = 500  # characters of an id, an address or a name
_ROOTS = frozenset({"rss", "RDF", "feed"})
_PREFIXES = {
    "http://purl.org/dc/elements/1.1/": "dc:",
    "http://purl.org/dc/terms/": "dcterms:",
    "http://purl.org/rss/1.0/modules/content/": "content:",
    "http://search.yahoo.com/mrss/": "media:",
    "http://www.w3.org/2005/Atom": "atom:",
}
_ATOM = frozenset({"http://www.w3.org/2005/Atom", "http://purl.org/atom/ns#"})
_MEDIA = "{http://search.yahoo.com/mrss/}"
_ABOUT = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"
_CODES = {b"amp": 38, b"lt": 60, b"gt": 62, b"quot": 34, b"apos": 39}
_STRAY = re.compile(
    rb"&(?!#[0-9]{1,7};|#x[0-9a-fA-F]{1,6};)(?:(amp|lt|gt|quot|apos);)?|<(?=[\s\d=<&-])"
)
_END = re.compile(rb"</(?:\w{1,30}:)?(?:rss|RDF|feed)\s{0,9}>")
_END_WITHIN = 2_000  # bytes before the end of a document; comments may follow its last tag
_MARKUP = re.compile(r"</\w|&#?\w{1,32};")
_NAME_IN_MAIL = re.compile(r"\(([^()]{1,200})\)$")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry (item) of a feed.

    Attributes:
        id: Its stable identity: its guid or id, else its link, else a digest of what it says.
        title: Plain text on one line.
        html: Its content, or its summary if that is all there is, as HTML; a plain text is escaped.
        link: As it stands in the feed, perhaps relative; empty if there is none.
        author: The author's name; empty if unknown.
        published: When it was published, else when it was last changed; None if it does not say.
        updated: When it was last changed, if it says so.
        publisher: Where an aggregator found it (``source`` of RSS and Atom); empty if unknown.
    """

    id: str
    title: str
    html: str
    link: str
    author: str
    published: datetime | None
    updated: datetime | None
    publisher: str = ""

    @property
    def text(self) -> str:
        """All that a reader sees, as plain text: the title, unless the content repeats it."""
        body = to_text(self.html)
        if " ".join(body.split()).startswith(self.title.rstrip(".… ")):
            return body
        return f"{self.title}\n{body}".strip()


def read(feed: Feed, source: str) -> tuple[Entry, ...]:
    """Return the first thousand entries of ``feed`` in its order, each id once.

    Args:
        feed: What ``Client.get_feed`` returned.
        source: What to call it in errors.

    Raises:
        Malformed: It is no feed, is cut off, or is larger than 5 MB.
    """
    if len(feed.body) > _LARGEST:
        raise Malformed(f"{source}: the feed is larger than {_LARGEST:,} bytes")
    root = _tree(feed, source)
    if etree.QName(root).localname not in _ROOTS:
        raise Malformed(f"{source}: the document is no RSS, Atom or RDF feed")
    paths = ("{*}channel/{*}item", "{*}item", "{*}entry")
    items = (item for path in paths for item in root.iterfind(path))
    entries: dict[str, Entry] = {}
    for entry in map(_entry, islice(items, _MOST)):
        entries.setdefault(entry.id, entry)
    return tuple(entries.values())


def _tree(feed: Feed, source: str) -> etree._Element:
    """Return the root of the document, mended if it is not well-formed.

    Raises:
        Malformed: It is cut off, or no XML at all.
    """
    try:
        return etree.fromstring(feed.body, _parser(feed.content_type, mends=False))
    except etree.XMLSyntaxError as error:
        reason = (error.msg or "no XML")[:120]
    if not _END.search(feed.body[-_END_WITHIN:]):
        raise Malformed(f"{source}: the feed is cut off or no XML ({reason})")
    try:
        root = etree.fromstring(
            _STRAY.sub(_by_number, feed.body), _parser(feed.content_type, mends=True)
        )
    except etree.XMLSyntaxError:
        root = None
    if root is None:
        raise Malformed(f"{source}: no XML ({reason})")
    return root


def _by_number(match: re.Match[bytes]) -> bytes:
    """Return a character by its number: other references are lost where libxml2 has to mend."""
    return b"&#%d;" % (_CODES[match[1]] if match[1] else match[0][0])


def _parser(content_type: str, *, mends: bool) -> etree.XMLParser:
    """Return a parser that expands nothing and fetches nothing.

    The character set of the header comes before that of the document (RFC 7303 section 3.2).
    """
    header = Message()
    header["content-type"] = content_type
    charset = header.get_content_charset()
    options = {
        "recover": mends,
        "resolve_entities": False,
        "load_dtd": False,
        "no_network": True,
        "remove_comments": True,
        "remove_pis": True,
    }
    try:
        return etree.XMLParser(encoding=charset, **options)
    except (LookupError, ValueError):  # no such character set, no name of one
        return etree.XMLParser(**options)


def _entry(item: etree._Element) -> Entry:
    """Return what ``item`` says; of several elements that mean the same, the first that is told."""
    children = _children(item)

    def told(*names: str) -> Iterator[etree._Element]:
        return (child for name in names for child in children.get(name, ()))

    def first(*names: str) -> etree._Element | None:
        return next((child for child in told(*names) if _raw(child)), None)

    def instant(*names: str) -> datetime | None:
        return next((when for child in told(*names) if (when := read_instant(_raw(child)))), None)

    title = " ".join(_plain(first("title", "dc:title", "media:title")).split())
    markup = _markup(
        first("content:encoded", "content", "description", "summary", "media:description")
    )
    link = _link(told("link"))
    identity = _raw(first("id", "guid")) or item.get(_ABOUT, "") or link or f"{title}\n{markup}"
    updated = instant("updated", "modified", "dcterms:modified", "atom:updated")
    return Entry(
        id=_short(identity),
        title=title,
        html=markup,
        link=link,
        author=_name(first("author", "dc:creator")),
        published=instant("published", "pubDate", "issued", "dc:date", "dcterms:issued") or updated,
        updated=updated,
        publisher=_name(first("source")),
    )


def _children(item: etree._Element) -> dict[str, list[etree._Element]]:
    """Return the children of ``item`` by name; names of other vocabularies have a prefix."""
    own = etree.QName(item).namespace
    children: dict[str, list[etree._Element]] = {}
    for path in ("*", f"{_MEDIA}group/*"):
        for child in item.iterfind(path):
            name = etree.QName(child)
            prefix = "" if name.namespace == own else _PREFIXES.get(name.namespace, "other:")
            children.setdefault(prefix + name.localname, []).append(child)
    return children


def _raw(element: etree._Element | None) -> str:
    """Return the text in and below ``element``, as it stands."""
    return "" if element is None else "".join(element.itertext()).strip()


def _markup(element: etree._Element | None) -> str:
    """Return the content of ``element`` as HTML, however it is written."""
    if element is None:
        return ""
    kind = element.get("type", "").lower()
    if any(isinstance(child.tag, str) for child in element):  # XHTML, not escaped
        inner = (etree.tostring(child, encoding="unicode") for child in element)
        return html.escape(element.text or "") + "".join(inner)
    is_atom = etree.QName(element).namespace in _ATOM
    if kind in {"text", "plain", "text/plain"} or (is_atom and not kind):
        return html.escape(_raw(element))
    return _raw(element)


def _plain(element: etree._Element | None) -> str:
    """Return the content of ``element`` as plain text; RSS does not say whether it is HTML."""
    markup = _markup(element)
    return to_text(markup) if _MARKUP.search(markup) else tidy(markup)


def _link(elements: Iterable[etree._Element]) -> str:
    """Return the address of the page: the text in RSS, an attribute in Atom."""
    alternates = (each for each in elements if each.get("rel", "alternate") == "alternate")
    found = ((each.get("href") or _raw(each)).strip() for each in alternates)
    return next((address for address in found if address), "")


def _name(element: etree._Element | None) -> str:
    """Return who ``element`` names: a ``name`` or ``title`` in Atom, an address of mail in RSS."""
    if element is None:
        return ""
    inner = next(element.iterfind("{*}name"), None)
    inner = next(element.iterfind("{*}title"), element) if inner is None else inner
    name = " ".join(tidy(_raw(inner)[:_LONGEST_NAME]).split())
    in_mail = _NAME_IN_MAIL.search(name) if "@" in name else None
    return in_mail[1] if in_mail else name


def _short(identity: str) -> str:
    """Return ``identity``, or a digest of it if it is long or holds what cannot be kept."""
    if len(identity) <= _LONGEST_NAME and identity.isprintable():
        return identity
    return hashlib.sha256(identity.encode(errors="replace")).hexdigest()[:32]
