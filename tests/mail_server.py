"""A real SMTP server on this machine, that keeps what it is given; for the tests of mail."""

from __future__ import annotations

import contextlib
import email
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from backend.local.certificates import ensure_certificates

HOST = "127.0.0.1"
USER, PASSWORD = "brief", "open-sesame-42"


@dataclass
class Mailbox:
    """What a server took, and where it listens; it refuses recipients whose name begins with `no-`."""

    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    signed_in: list[str] = field(default_factory=list)
    authority: Path = Path()
    port: int = 0

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        if address.startswith("no-"):
            return "550 5.1.1 nobody of that name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if b"refuse-this" in envelope.content:
            return "554 5.7.1 not wanted here"
        self.mails.append(cast("EmailMessage", email.message_from_bytes(envelope.content, policy=default)))
        self.recipients += envelope.rcpt_tos
        self.encrypted.append(session.ssl is not None)
        self.signed_in.append(session.auth_data.login.decode() if session.auth_data else "")
        return "250 OK"

    def authenticate(
        self, server: Any, session: Any, envelope: Any, mechanism: str, given: Any
    ) -> AuthResult:
        known = isinstance(given, LoginPassword) and given == LoginPassword(USER.encode(), PASSWORD.encode())
        return AuthResult(success=known, handled=known, auth_data=given if known else None)


@contextlib.contextmanager
def running_mailbox(folder: Path, *, tls: bool = False, login: bool = False) -> Iterator[Mailbox]:
    """A server on a free port; with TLS it speaks only after STARTTLS, with a certificate of its own."""
    box = Mailbox()
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        box.port = probe.getsockname()[1]
    context = None
    if tls:
        certificate, key = ensure_certificates(folder / "certificates")
        box.authority = folder / "certificates" / "ca.pem"
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
    controller = Controller(
        box,
        hostname=HOST,
        port=box.port,
        tls_context=context,
        require_starttls=tls,
        authenticator=box.authenticate if login else None,
        auth_require_tls=tls,
        auth_required=login,
    )
    controller.start()
    try:
        yield box
    finally:
        controller.stop()
