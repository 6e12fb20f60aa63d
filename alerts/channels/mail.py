"""``kind = "email"``: e-mail through any SMTP server.

An incident is one thread: all its messages refer to one ``Message-ID`` made of its id (RFC 5322,
section 3.6.4) and have one subject, since some programs thread by the subject too. A message's own
``Message-ID`` is the same over all attempts, so that a repetition can be told.
"""

from __future__ import annotations

import asyncio
import json
import smtplib
import ssl
from datetime import timedelta
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from html import escape
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

import settings
from alerts.channels.contract import SendFailed
from alerts.channels.message import SIGNS, headline
from alerts.channels.payload import text
from alerts.channels.text import line
from alerts.channels.wording import moment
from alerts.example import is_test

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from alerts.channels.message import Message

_SUBJECT = 150
_PERMANENT = 500  # SMTP replies from here on (RFC 5321, section 4.2.1)
_PORTS = {"starttls": 587, "tls": 465, "none": 25}
_OWN_MACHINE = {"127.0.0.1", "::1", "localhost"}


def _address(value: str) -> str:
    name, address = parseaddr(value)
    try:
        parsed = Address(name, addr_spec=address)
        whole = value == address or value.endswith(f"<{address}>")
        fit = whole and value.isprintable() and address.isascii() and parsed.domain
    except (HeaderParseError, IndexError, ValueError):
        fit = False
    if not fit:
        raise ValueError(
            f"{value!r} is no mail address; write ops@example.org or Ops <ops@example.org>"
        )
    return value


MailAddress = Annotated[str, AfterValidator(_address)]


class EmailSettings(settings.Channel):
    """A ``[[channels]]`` table of this kind.

    Attributes:
        kind: The constant ``email``.
        host: The SMTP server.
        port: Its port; by default that of ``security``: 587, 465 or 25.
        security: ``starttls``, ``tls`` from the first byte, or ``none``.
        username: Who logs in; without it nobody does.
        password: With what; a secret.
        sender: Whom the messages are from.
        to: Whom they are to.
        timeout: How long each step of the conversation with the server may take.
    """

    kind: Literal["email"]
    host: Annotated[str, Field(pattern=r"^[A-Za-z0-9._:-]+$")]
    port: Annotated[int, Field(ge=1, le=65_535)] | None = None
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str = ""
    password: settings.Secret | None = None
    sender: MailAddress
    to: Annotated[tuple[MailAddress, ...], Field(min_length=1)]
    timeout: settings.Duration = timedelta(seconds=30)

    @model_validator(mode="after")
    def _logs_in_safely(self) -> Self:
        if bool(self.username) != (self.password is not None):
            raise ValueError("username and password belong together: set both or neither")
        if self.password and self.security == "none" and self.host not in _OWN_MACHINE:
            raise ValueError(
                'the password would travel unencrypted: set security = "starttls" or "tls"'
            )
        return self


class Email:
    """See ``contract.Sender``."""

    def __init__(self, options: EmailSettings) -> None:
        """Prepare to send; nothing is connected to yet."""
        self._options = options
        self._where = f"channel {options.name} ({options.host})"
        self._to = [parseaddr(each)[1] for each in options.to]
        self._domain = parseaddr(options.sender)[1].rpartition("@")[2]
        # Who already has a message that others have yet to get, by the message's id.
        self._served: dict[str, set[str]] = {}

    def render(self, messages: Sequence[Message]) -> str:
        """Return subject, thread and both texts, as JSON."""
        incidents = {message.change.incident.id for message in messages}
        thread = incidents.pop() if len(incidents) == 1 else ""
        document = {
            "subject": _subject(messages),
            "thread": thread,
            "text": _plain(messages),
            "html": _html(messages),
        }
        return text(document)

    async def send(self, body: str, identity: str, now: datetime) -> None:
        """Hand the message to the SMTP server, in a thread since ``smtplib`` blocks."""
        message = self._compose(json.loads(body), identity, now)
        served = self._served.get(identity, set())
        waiting = [each for each in self._to if each not in served]
        try:
            refused = await asyncio.to_thread(self._deliver, message, waiting)
        except (smtplib.SMTPException, OSError) as error:
            raise self._failure(error) from None
        if refused:
            self._served[identity] = served | (set(waiting) - set(refused))
            raise self._refusal([code for code, _ in refused.values()])
        self._served.pop(identity, None)

    def _compose(self, document: dict[str, str], identity: str, now: datetime) -> EmailMessage:
        message = EmailMessage(policy=SMTP)
        message["From"] = self._options.sender
        message["To"] = ", ".join(self._options.to)
        message["Subject"] = document["subject"]
        message["Date"] = format_datetime(now)
        message["Message-ID"] = f"<{identity}@{self._domain}>"
        if document["thread"]:
            root = f"<incident.{document['thread']}@{self._domain}>"
            message["In-Reply-To"] = root
            message["References"] = root
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office replies
        message.set_content(document["text"])
        message.add_alternative(document["html"], subtype="html")
        return message

    def _deliver(self, message: EmailMessage, to: Sequence[str]) -> dict[str, tuple[int, bytes]]:
        """Send to ``to``; return the recipients that the server refused, if it took others."""
        options = self._options
        port = options.port or _PORTS[options.security]
        timeout = options.timeout.total_seconds()
        context = ssl.create_default_context()
        if options.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                options.host, port, timeout=timeout, context=context
            )
        else:
            server = smtplib.SMTP(options.host, port, timeout=timeout)
        with server:
            if options.security == "starttls":
                server.starttls(context=context)
            if options.password is not None:
                server.login(options.username, options.password.get_secret_value())
            return server.send_message(message, to_addrs=to)

    def _failure(self, error: smtplib.SMTPException | OSError) -> SendFailed:
        """Classify what went wrong, without the server's words, which may hold secrets."""
        if isinstance(error, smtplib.SMTPRecipientsRefused):
            return self._refusal([code for code, _ in error.recipients.values()])
        if isinstance(error, smtplib.SMTPNotSupportedError):
            remedy = "the server lacks what security or username ask for; check them"
            return SendFailed(f"{self._where}: {remedy}", permanent=True)
        if isinstance(error, smtplib.SMTPResponseException):
            login = isinstance(error, smtplib.SMTPAuthenticationError)
            permanent = error.smtp_code >= _PERMANENT
            keys = "username and password" if login else "sender and to"
            remedy = f"check {keys}" if permanent else "it will be tried again"
            return SendFailed(
                f"{self._where}: answered {error.smtp_code}; {remedy}", permanent=permanent
            )
        if isinstance(error, ssl.SSLCertVerificationError):
            return SendFailed(f"{self._where}: its certificate is not trusted")
        return SendFailed(f"{self._where}: cannot be reached ({type(error).__name__})")

    def _refusal(self, codes: Collection[int]) -> SendFailed:
        """Return what it means that recipients were refused; the others are served already."""
        permanent = all(code >= _PERMANENT for code in codes)
        remedy = "check to" if permanent else "it will be tried again"
        shown = ", ".join(str(code) for code in sorted(set(codes)))
        count = f"{len(codes)} of {len(self._to)} recipients"
        return SendFailed(
            f"{self._where}: refused {count} ({shown}); {remedy}", permanent=permanent
        )


def _subject(messages: Sequence[Message]) -> str:
    """Return one subject for the whole life of an incident."""
    if len(messages) > 1:
        return line(f"[hubbub] {headline(messages)}", _SUBJECT)
    incident = messages[0].change.incident
    test = "test, " if is_test(messages[0].change) else ""
    about = incident.topic or incident.subject
    return line(f"[hubbub] {about}: {test}incident of {moment(incident.opened)}", _SUBJECT)


def _plain(messages: Sequence[Message]) -> str:
    return "\n\n".join(_plain_one(message) for message in messages)


def _plain_one(message: Message) -> str:
    facts = [f"{fact.label}: {fact.value}" for fact in message.facts]
    posts = [
        f"“{post.text}”\n  {post.source}, {post.time}\n  {post.url}".rstrip()
        for post in message.posts
    ]
    parts = [message.title, message.sentence, "\n".join(facts), *posts, message.url]
    return "\n\n".join(parts).rstrip() + "\n"


def _html(messages: Sequence[Message]) -> str:
    return f"<!doctype html>\n<html><body>{''.join(map(_html_one, messages))}</body></html>\n"


def _html_one(message: Message) -> str:
    facts = "".join(
        f"<tr><th align='left'>{escape(fact.label)}</th><td>{escape(fact.value)}</td></tr>"
        for fact in message.facts
    )
    posts = "".join(
        f"<li>“{escape(post.text)}” {_link(post.url, post.source)}, {escape(post.time)}</li>"
        for post in message.posts
    )
    return (
        f"<h2>{SIGNS[message.tone]} {escape(message.title)}</h2>\n"
        f"<p>{escape(message.sentence)}</p>\n<table>{facts}</table>\n"
        + (f"<ul>{posts}</ul>\n" if posts else "")
        + (f"<p>{_link(message.url, 'What hubbub heard')}</p>\n" if message.url else "")
    )


def _link(url: str, words: str) -> str:
    return f'<a href="{escape(url)}">{escape(words)}</a>' if url else escape(words)
