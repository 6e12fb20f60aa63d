"""E-mail, through a real SMTP server with TLS and logins."""

from __future__ import annotations

import asyncio
import socket
import ssl
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

import settings
from alerts import SendFailed, example, notification
from signals import Step
from tests.support.channels import CANARY, NOW, PAGE, change, channel, evidence
from tests.support.mailbox import Mail, Mailbox, certificate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from alerts import Channel
    from signals import Change


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """A server that talks in the clear."""
    with Mailbox() as running:
        yield running


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A certificate for localhost that this process trusts."""
    made = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made))
    return made


def email(port: int, **keys: Any) -> Channel:
    """Return a channel to a server on that port."""
    return channel("email", f"http://127.0.0.1:{port}", **keys)


def send(sender: Channel, told: Change | None = None) -> None:
    """Tell of a change, once."""
    message = notification(sender, told or change(), evidence(), PAGE)
    asyncio.run(sender.send(message, NOW))


def refused(sender: Channel) -> SendFailed:
    """Return why a message was not taken."""
    with pytest.raises(SendFailed) as caught:
        send(sender)
    return caught.value


def part(mail: Mail, subtype: str) -> str:
    """Return one of the two texts of a message."""
    body = mail.message.get_body((subtype,))
    assert body is not None
    text: str = body.get_content()
    return text.replace("\r\n", "\n")


def test_a_message_has_all_that_a_mail_program_needs(mailbox: Mailbox) -> None:
    """Headers, a plain text and the same in HTML."""
    send(email(mailbox.port, to=["Ops <ops@example.org>", "boss@example.org"]))
    (mail,) = mailbox.taken
    assert mail.sender == "hubbub@example.org"
    assert mail.to == ("ops@example.org", "boss@example.org")
    assert mail.login == ("ops", CANARY)
    headers = mail.message
    assert headers["From"] == "hubbub <hubbub@example.org>"
    assert headers["To"] == "Ops <ops@example.org>, boss@example.org"
    assert headers["Subject"] == "[hubbub] Example: incident of 2026-11-24 12:05 UTC"
    assert headers["Date"] == "Tue, 24 Nov 2026 13:05:20 +0000"
    assert headers["Auto-Submitted"] == "auto-generated"
    assert headers.get_content_type() == "multipart/alternative"
    plain, markup = part(mail, "plain"), part(mail, "html")
    assert plain.startswith("Trouble with Example\n\nTrouble with Example: 38 complaints")
    assert "“Example is down again, nothing loads”\n  example, 13:05 UTC\n" in plain
    assert "<h2>🔴 Trouble with Example</h2>" in markup
    assert '<a href="https://example.org/posts/1">example</a>' in markup


def test_an_incident_is_one_thread(mailbox: Mailbox) -> None:
    """Its messages refer to one root and share a subject, and each has an id of its own."""
    sender = email(mailbox.port)
    for step in (Step.CONFIRMED, Step.REMINDER, Step.RESOLVED):
        send(sender, change(step))
    for name in ("References", "In-Reply-To", "Subject"):
        assert len({mail.message[name] for mail in mailbox.taken}) == 1
    root = f"<incident.{change().incident.id}@example.org>"
    assert mailbox.taken[0].message["References"] == root
    assert len({mail.message["Message-ID"] for mail in mailbox.taken}) == 3


def test_a_repetition_can_be_told(mailbox: Mailbox) -> None:
    """All attempts have one Message-ID, made of the message's id."""
    mailbox.answer("DATA", "451 later")
    sender = email(mailbox.port)
    message = notification(sender, change(), evidence(), PAGE)
    with pytest.raises(SendFailed):
        asyncio.run(sender.send(message, NOW))
    asyncio.run(sender.send(message, NOW + timedelta(seconds=5)))
    (mail,) = mailbox.taken
    assert mail.message["Message-ID"] == f"<{message.id}@example.org>"


def test_a_test_is_called_one(mailbox: Mailbox) -> None:
    """Already by its subject."""
    sender = email(mailbox.port)
    asyncio.run(sender.send(notification(sender, *example(NOW), ""), NOW))
    assert mailbox.taken[0].message["Subject"].startswith("[hubbub] Example: test, incident of")


def test_a_digest_has_a_thread_of_its_own(mailbox: Mailbox) -> None:
    """It tells of several incidents, and belongs to none of them."""
    sender = email(mailbox.port, digest="15m")
    other = change()
    other = replace(other, incident=replace(other.incident, id="other", topic="Other"))
    rendered = [sender.render(each, evidence(), PAGE) for each in (change(), other)]
    message = replace(notification(sender, other, evidence(), PAGE), body="\n".join(rendered))
    asyncio.run(sender.send(message, NOW))
    (mail,) = mailbox.taken
    assert mail.message["Subject"] == "[hubbub] 2 messages: Example, Other"
    assert mail.message["References"] is None
    assert part(mail, "plain").count("38 complaints in 10 minutes, where") == 2


def test_posts_cannot_write_headers_or_end_the_message(mailbox: Mailbox) -> None:
    """A line with a dot is stuffed, and a line break in a name is a space."""
    text = "x\r\nBcc: victim@example.org\r\n.\r\nMAIL FROM:<evil@example.org>\r\n"
    told = change(Step.RESOLVED)
    told = replace(told, reason=text, incident=replace(told.incident, topic=text))
    send(email(mailbox.port), told)
    (mail,) = mailbox.taken
    assert mail.to == ("ops@example.org",)
    assert mail.message["Bcc"] is None
    assert mail.message["Subject"].startswith("[hubbub] x Bcc: victim")


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_it_is_encrypted(trusted: Path, security: str) -> None:
    """Before anything of the login or the message is said."""
    with Mailbox(trusted, implicit_tls=security == "tls") as mailbox:
        sender = channel("email", f"http://localhost:{mailbox.port}", security=security)
        send(sender)
        (mail,) = mailbox.taken
    assert mail.encrypted
    assert mail.login == ("ops", CANARY)


def test_a_certificate_that_is_not_trusted_ends_the_attempt(tmp_path: Path) -> None:
    """Whoever sits between gets neither password nor message; it is tried again."""
    with Mailbox(certificate(tmp_path)) as mailbox:
        failure = refused(channel("email", f"http://localhost:{mailbox.port}", security="starttls"))
        assert str(failure) == "channel email (localhost): its certificate is not trusted"
        assert not failure.permanent
        assert mailbox.taken == []


def test_a_server_without_starttls_gets_nothing(mailbox: Mailbox) -> None:
    """It does not fall back to the clear."""
    failure = refused(email(mailbox.port, security="starttls"))
    assert failure.permanent
    assert "the server lacks what security or username ask for" in str(failure)
    assert mailbox.taken == []


@pytest.mark.parametrize(
    ("command", "reply", "permanent", "words"),
    [
        ("CONNECT", "421 busy", False, "answered 421; it will be tried again"),
        ("CONNECT", "554 go away", True, "answered 554; check sender and to"),
        ("AUTH", "535 no", True, "answered 535; check username and password"),
        ("AUTH", "454 later", False, "answered 454; it will be tried again"),
        ("MAIL", "550 no", True, "answered 550; check sender and to"),
        ("MAIL", "452 full", False, "answered 452; it will be tried again"),
        ("RCPT ops@example.org", "550 who?", True, "refused 1 of 1 recipients (550); check to"),
        (
            "RCPT ops@example.org",
            "450 greylisted",
            False,
            "refused 1 of 1 recipients (450); it will be tried again",
        ),
        ("DATA", "554 spam", True, "answered 554; check sender and to"),
        ("DATA", "451 later", False, "answered 451; it will be tried again"),
    ],
)
def test_a_reply_decides_whether_to_try_again(
    mailbox: Mailbox, command: str, reply: str, words: str, *, permanent: bool
) -> None:
    """4xx may pass, 5xx will not; what the server says besides is not repeated."""
    # smtplib tries each way to log in, and once more without an initial response.
    mailbox.answer(command, *[reply] * (3 if command == "AUTH" else 1))
    failure = refused(email(mailbox.port))
    assert str(failure) == f"channel email (127.0.0.1): {words}"
    assert failure.permanent is permanent


def test_only_those_who_were_refused_are_tried_again(mailbox: Mailbox) -> None:
    """One recipient's greylisting is no reason to tell the others twice."""
    mailbox.answer("RCPT b@example.org", "450 greylisted")
    sender = email(mailbox.port, to=["a@example.org", "b@example.org"])
    failure = refused(sender)
    assert not failure.permanent
    assert "refused 1 of 2 recipients (450)" in str(failure)
    send(sender)
    assert [mail.to for mail in mailbox.taken] == [("a@example.org",), ("b@example.org",)]
    send(sender, change(Step.RESOLVED))
    assert mailbox.taken[-1].to == ("a@example.org", "b@example.org")


def test_a_server_that_says_nothing_is_left_in_time() -> None:
    """The attempt ends after the configured time and is tried again."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        failure = refused(email(silent.getsockname()[1], timeout="0.2s"))
    assert "cannot be reached" in str(failure)
    assert not failure.permanent


def test_a_server_that_hangs_up_is_tried_again(mailbox: Mailbox) -> None:
    """In the middle of the conversation."""
    mailbox.answer("MAIL", "421 closing")
    failure = refused(email(mailbox.port))
    assert not failure.permanent


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"to": []}, r"channels\[0\]\.to: "),
        ({"to": ["nobody"]}, "'nobody' is no mail address; write ops@example.org"),
        ({"to": ["a@b, c@d"]}, "'a@b, c@d' is no mail address"),
        ({"to": ["ä@example.org"]}, "'ä@example.org' is no mail address"),
        ({"sender": "x@example.org\nBcc: y@example.org"}, "is no mail address"),
        ({"host": "a b"}, r"channels\[0\]\.host: "),
        ({"security": "ssl"}, r"channels\[0\]\.security: "),
        ({"username": None}, "username and password belong together"),
        ({"password": None}, "username and password belong together"),
        ({"host": "mail.example.org"}, "the password would travel unencrypted"),
    ],
)
def test_a_wrong_table_says_what_to_do(keys: dict[str, Any], message: str) -> None:
    """And shows no password."""
    with pytest.raises(settings.SettingsError, match=message) as caught:
        channel("email", **keys)
    assert CANARY not in str(caught.value)


def test_the_default_trust_is_that_of_the_machine() -> None:
    """Certificates are checked, with their names."""
    context = ssl.create_default_context()
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED
