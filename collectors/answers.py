"""What an HTTP answer means: a body within bounds, a document, or a ``SourceError``.

Bodies are unpacked here rather than by httpx, which unpacks each chunk whole: a few kilobytes of
well-packed zeros (a "bomb") would be gigabytes in memory before anybody could count them.
"""

from __future__ import annotations

import json
import re
import zlib
from typing import NamedTuple

import httpx

from collectors import waiting
from collectors.contract import (
    Blocked,
    Forbidden,
    Malformed,
    Missing,
    RateLimited,
    SourceError,
    Unauthorised,
    Unreachable,
    Walled,
)

PACKING = b"gzip"
"""The only content encoding that is asked for and accepted."""
FEEDS = "application/atom+xml, application/rss+xml, application/xml;q=0.9, text/xml;q=0.9"
"""What a feed may be sent as."""

_GZIP_ONLY = 16 + zlib.MAX_WBITS
# What APIs that answer every refusal with a 400 call a limit, and what they do not have.
_LIMITS = frozenset({"throttle_violation", "rate_limit_error"})  # Stack Exchange, Lemmy 0.18-0.19
_KEYS = frozenset({"key_required", "access_token_required", "invalid_access_token"})
_ABSENT = frozenset({"couldnt_find_community", "not_found"})  # Lemmy
_SECONDS = re.compile(r"in (\d{1,9}) seconds")
# Parts of a path, and words of a page, that are not an answer but a door.
_DOORS = frozenset({"login", "log_in", "signin", "sign_in", "auth", "sso", "challenge", "captcha"})
_DOOR_WORDS = (
    *("log in", "login", "sign in", "captcha", "challenge", "just a moment", "access denied"),
    *("are you human", "not a robot", "verify you", "blocked", "anubis", "cf-"),
)
_DOOR_DEPTH = 20_000  # characters of a page in which those words are looked for


def place(request: httpx.Request) -> str:
    """Return where ``request`` goes, without its query, which is nobody's business in a log."""
    return f"{request.url.host}{request.url.path[:200]}"


def check_status(answer: httpx.Response) -> None:
    """Accept a success; and a 400, which ``check_refusal`` judges by its body.

    Raises:
        SourceError: The status is no success; the class says what it means.
    """
    status = answer.status_code
    if answer.is_success or status == httpx.codes.BAD_REQUEST:
        return
    said = f"answered {status} {httpx.codes.get_reason_phrase(status)}".rstrip()
    wait = waiting.retry_after(answer.headers)
    if status == httpx.codes.TOO_MANY_REQUESTS:
        raise RateLimited(said, waiting.reset_after(answer.headers) if wait is None else wait)
    if status == httpx.codes.FORBIDDEN:
        left = waiting.quota(answer.headers)  # GitHub says with a 403 that it was asked too often
        if wait is not None or (left and left.is_used_up):
            raise RateLimited(said, wait if wait is not None or left is None else left.reset)
        raise Forbidden(said)
    if status == httpx.codes.UNAUTHORIZED:
        raise Unauthorised(f"{said}: a token is missing or wrong")
    if status in {httpx.codes.NOT_FOUND, httpx.codes.GONE}:
        raise Missing(said)
    if status == httpx.codes.REQUEST_TIMEOUT or answer.is_server_error:
        raise Unreachable(said, wait)
    if answer.is_client_error:
        raise Blocked(said)
    raise Malformed(said)


def check_refusal(answer: httpx.Response, body: bytes) -> None:
    """Refuse a 400, which some APIs explain in their JSON.

    Stack Exchange does it in ``error_name`` and ``error_message``, Lemmy in ``error``; both answer
    with a 400 whatever is wrong.

    Raises:
        RateLimited: It says that there were too many requests.
        Unauthorised: It says that a key is missing or wrong.
        Missing: It says that there is no such thing.
        Blocked: It says anything else, or nothing.
    """
    if answer.status_code != httpx.codes.BAD_REQUEST:
        return
    said = "answered 400 Bad Request"
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        raise Blocked(said) from None
    if not isinstance(told, dict):
        raise Blocked(said)
    name = _line(told.get("error_name") or told.get("error"))
    message = _line(told.get("error_message"))
    said = ": ".join(part for part in (said, name, message) if part)
    if name in _LIMITS:
        wait = _SECONDS.search(message)
        said_wait = {"retry-after": wait[1]} if wait else answer.headers
        raise RateLimited(said, waiting.retry_after(said_wait))
    if name in _KEYS or message.startswith("`key`"):
        raise Unauthorised(said)
    raise Missing(said) if name in _ABSENT else Blocked(said)


def _line(value: object) -> str:
    """Return a text of the network as one short line of plain characters."""
    text = value if isinstance(value, str) else ""
    return " ".join(text[:200].encode("ascii", "replace").decode().split())


def redirect(asked: httpx.Request, onward: httpx.Request) -> httpx.Request:
    """Return ``onward``, where the answer to ``asked`` redirects to, if it may be followed.

    Raises:
        Walled: It is a login page.
        Malformed: It is not HTTP.
    """
    if onward.url.scheme not in {"http", "https"}:
        raise Malformed(f"{place(asked)}: redirects to {onward.url.scheme[:20]!r}, not to a page")
    if _DOORS & set(onward.url.path.lower().split("/")):
        raise Walled(f"{place(asked)}: redirects to a login page ({place(onward)})")
    return onward


async def read(answer: httpx.Response, *, wire: int, unpacked: int) -> bytes:
    """Return the body of ``answer``, a stream that is not yet read.

    Args:
        answer: The answer.
        wire: How many bytes may arrive.
        unpacked: How many bytes they may unpack to.

    Raises:
        Malformed: There are more, or they are packed in a way that nobody asked for.
        Unreachable: The packed body ends too early.
    """
    packing = answer.headers.get("content-encoding", "identity").strip().lower().encode()
    if packing not in {PACKING, b"identity", b""}:
        raise Malformed(f"answered in the encoding {packing[:40]!r}, which nobody asked for")
    inflater = zlib.decompressobj(_GZIP_ONLY) if packing == PACKING else None
    arrived = 0
    body = bytearray()
    async for chunk in answer.aiter_raw():
        arrived += len(chunk)
        if arrived > wire:
            raise Malformed(f"answered with more than {wire:,} bytes")
        try:
            body += inflater.decompress(chunk, unpacked + 1 - len(body)) if inflater else chunk
        except zlib.error as error:
            raise Malformed(f"answered with a broken gzip body ({error})") from None
        if len(body) > unpacked:
            raise Malformed(f"answered with more than {unpacked:,} bytes once unpacked")
    if inflater and not inflater.eof:
        raise Unreachable("the answer was cut off")
    return bytes(body)


def content(_: httpx.Response, body: bytes) -> bytes:
    """Return ``body`` as it is."""
    return body


def document(answer: httpx.Response, body: bytes) -> object:
    """Return the JSON document in ``body``.

    Raises:
        Walled: It is a login or challenge page.
        Malformed: It is anything else.
    """
    where = place(answer.request)
    try:
        text = body.decode("utf-8-sig")
        if "html" in answer.headers.get("content-type", "") or text.lstrip()[:1] == "<":
            raise _page_instead(where, text)
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"{where}: not valid JSON ({error})") from None


def page(answer: httpx.Response, body: bytes) -> str:
    """Return the page in ``body``, in the character set that it states, or UTF-8.

    Raises:
        Malformed: It is no page, or not in that character set.
    """
    where = place(answer.request)
    kind = answer.headers.get("content-type", "text/html").partition(";")[0].strip().lower()
    if not kind.startswith("text/") and "html" not in kind:
        raise Malformed(f"{where}: a page was expected, not {kind[:60]!r}")
    try:
        return body.decode(answer.charset_encoding or "utf-8")
    except (ValueError, LookupError) as error:
        raise Malformed(f"{where}: not the text it claims to be ({error})") from None


class Feed(NamedTuple):
    """An RSS or Atom document as it arrived, and the content type that came with it."""

    body: bytes
    content_type: str


def feed(answer: httpx.Response, body: bytes) -> Feed:
    """Return the feed in ``body``.

    Raises:
        Walled: It is a login or challenge page.
        Malformed: It is anything else that is no XML.
    """
    where = place(answer.request)
    # The marks of UTF-16 are no UTF-8: they and the zeros are passed over as well.
    start = body[:_DOOR_DEPTH].decode(errors="replace").lstrip("\ufeff\ufffd\0 \t\r\n")
    content_type = answer.headers.get("content-type", "")
    if start[:15].lower().startswith(("<!doctype html", "<html")) or "html" in content_type:
        raise _page_instead(where, start)
    if not start.startswith("<"):
        raise Malformed(f"{where}: a feed was expected, not {content_type[:60]!r}")
    return Feed(body, content_type)


def _page_instead(where: str, text: str) -> SourceError:
    """Return what it means to be given a page where JSON was expected."""
    start = text[:_DOOR_DEPTH].lower()
    if any(word in start for word in _DOOR_WORDS):
        return Walled(f"{where}: answered with a login or challenge page")
    return Malformed(f"{where}: answered with a page instead of data")
