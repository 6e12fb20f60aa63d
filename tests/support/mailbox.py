"""An SMTP server on a real socket, with TLS and logins, that keeps what it takes (RFC 5321).

The standard library has no such server any more, and one that answers as told is small.
"""

from __future__ import annotations

import base64
import email.policy
import socketserver
import ssl
import subprocess
import threading
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from email import message_from_bytes
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from email.message import EmailMessage
    from pathlib import Path
    from types import TracebackType


@dataclass(frozen=True, slots=True)
class Mail:
    """One message as it was taken.

    Attributes:
        sender: Who it is from, by the envelope.
        to: Whom it goes to, by the envelope.
        message: The message itself.
        raw: Its bytes.
        encrypted: Whether it came over TLS.
        login: Who logged in, and with what; empty if nobody did.
    """

    sender: str
    to: tuple[str, ...]
    message: EmailMessage
    raw: bytes
    encrypted: bool
    login: tuple[str, ...]


class _Session(socketserver.StreamRequestHandler):
    server: _Server
    encrypted = False
    sender = ""
    to: tuple[str, ...] = ()
    login: tuple[str, ...] = ()

    def handle(self) -> None:
        """Talk with one client until it leaves."""
        with suppress(OSError, ssl.SSLError):
            if self.server.mailbox.implicit_tls:
                self._encrypt()
            self._answer("CONNECT", "220 ready")
            while (line := self.rfile.readline().decode().strip()).upper() != "QUIT" and line:
                word, _, rest = line.partition(" ")
                getattr(self, f"_{word.lower()}")(rest)
            self._say("221 bye")

    def _ehlo(self, _: str) -> None:
        for extension in self.server.mailbox.extensions(encrypted=self.encrypted):
            self._say(f"250-{extension}")
        self._answer("EHLO", "250 SIZE 1000000")

    def _starttls(self, _: str) -> None:
        self._say("220 go on")
        self._encrypt()

    def _auth(self, rest: str) -> None:
        secret = rest.removeprefix("PLAIN ")
        self.login = tuple(base64.b64decode(secret).decode().split("\0")[1:])
        self._answer("AUTH", "235 welcome")

    def _mail(self, rest: str) -> None:
        self.sender, self.to = _between(rest), ()
        self._answer("MAIL", "250 well")

    def _rcpt(self, rest: str) -> None:
        if self._answer(f"RCPT {_between(rest)}", "250 well").startswith("250"):
            self.to += (_between(rest),)

    def _rset(self, _: str) -> None:
        self._say("250 well")

    def _data(self, _: str) -> None:
        self._say("354 go on")
        lines: list[bytes] = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        raw = b"".join(lines)
        message = message_from_bytes(raw, policy=email.policy.default)
        mail = Mail(self.sender, self.to, message, raw, self.encrypted, self.login)
        mailbox = self.server.mailbox
        reply = mailbox.reply("DATA", "250 taken")
        if reply.startswith("250"):
            mailbox.taken.append(mail)  # before the answer, so that the client finds it
        self._say(reply)

    def finish(self) -> None:
        """Close what ``_encrypt`` opened; the server closes the rest."""
        super().finish()
        if self.encrypted:
            self.request.close()

    def _encrypt(self) -> None:
        context = self.server.mailbox.context
        assert context is not None
        self.request = context.wrap_socket(self.request, server_side=True)
        self.rfile, self.wfile = self.request.makefile("rb"), self.request.makefile("wb", 0)
        self.encrypted = True

    def _answer(self, command: str, usual: str) -> str:
        """Say what was planned for ``command``, or the usual; return it."""
        reply = self.server.mailbox.reply(command, usual)
        self._say(reply)
        return reply

    def _say(self, reply: str) -> None:
        self.wfile.write(f"{reply}\r\n".encode())


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    mailbox: Mailbox


class Mailbox:
    """Takes mail at ``port`` until the ``with`` block ends.

    Attributes:
        taken: What was taken, in order.
        context: The server's side of TLS; None without certificate.
        implicit_tls: Whether TLS begins with the first byte.
    """

    def __init__(self, certificate: Path | None = None, *, implicit_tls: bool = False) -> None:
        """Offer STARTTLS, or talk TLS from the start, with the certificate and key in a file."""
        self.taken: list[Mail] = []
        self.implicit_tls = implicit_tls
        self.context: ssl.SSLContext | None = None
        if certificate is not None:
            self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            self.context.load_cert_chain(certificate)
        self._planned: dict[str, deque[str]] = {}
        self._server = _Server(("127.0.0.1", 0), _Session)
        self._server.mailbox = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    def __enter__(self) -> Self:
        """Start to listen."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def port(self) -> int:
        """Return where it listens, on 127.0.0.1."""
        port: int = self._server.server_address[1]
        return port

    def answer(self, command: str, *replies: str) -> None:
        """Answer the next times so: ``CONNECT``, ``EHLO``, ``AUTH``, ``MAIL``, ``RCPT a@b``, ..."""
        self._planned.setdefault(command, deque()).extend(replies)

    def reply(self, command: str, usual: str) -> str:
        """Return what was planned for ``command``, or the usual."""
        planned = self._planned.get(command)
        return planned.popleft() if planned else usual

    def extensions(self, *, encrypted: bool) -> list[str]:
        """Return what the server offers besides the plain protocol."""
        offers_tls = self.context is not None and not encrypted
        return ["localhost", *(["STARTTLS"] if offers_tls else []), "AUTH PLAIN"]


def certificate(folder: Path) -> Path:
    """Return a file with a fresh certificate for ``localhost`` and its key, made by openssl."""
    path = folder / "server.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "2", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=DNS:localhost", "-keyout", path, "-out", f"{path}.crt"),
        ],
        check=True,
        capture_output=True,
    )
    path.write_text(path.read_text() + (folder / "server.pem.crt").read_text())
    return path


def _between(rest: str) -> str:
    return rest[rest.index("<") + 1 : rest.index(">")]
