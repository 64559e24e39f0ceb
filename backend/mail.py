"""Mail with attachments, given to an SMTP server; a failure is a sentence, never with the password in it."""

from __future__ import annotations

import contextlib
import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid
from typing import TYPE_CHECKING

from backend.errors import MailFailed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from backend.settings import Settings

TIMEOUT_SECONDS = 30.0
TLS_FROM_THE_START = 465  # the port on which TLS comes before the first word (RFC 8314)


@dataclass(frozen=True)
class MailServer:
    """An SMTP server and how to sign in there; without a user nobody signs in.

    On port 465 the connection is encrypted from its start; on any other by STARTTLS, unless that is off.
    """

    host: str
    port: int = 587
    user: str = ""
    password: str = field(default="", repr=False)
    starttls: bool = True
    timeout_seconds: float = TIMEOUT_SECONDS


@dataclass(frozen=True)
class Attachment:
    """A file that goes with a mail; `media_type` such as application/pdf."""

    name: str
    media_type: str
    content: bytes


def mail_server(settings: Settings) -> MailServer | None:
    """The configured server; None where nothing is to be mailed."""
    if not settings.smtp_host:
        return None
    return MailServer(
        settings.smtp_host,
        settings.smtp_port,
        settings.smtp_user,
        settings.smtp_password,
        settings.smtp_starttls,
    )


def compose(
    sender: str, recipients: Sequence[str], subject: str, text: str, attachments: Sequence[Attachment] = ()
) -> EmailMessage:
    """A mail in plain text; subject, text and names of attachments in any language."""
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = ", ".join(recipients)
    message["Subject"] = " ".join(subject.split())  # a header is one line
    message["Date"] = formatdate(localtime=True)
    message["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2].strip("> ") or None)
    message["Auto-Submitted"] = "auto-generated"  # no out-of-office answers (RFC 3834)
    message.set_content(text)
    for one in attachments:
        maintype, _, subtype = one.media_type.partition("/")
        message.add_attachment(one.content, maintype=maintype, subtype=subtype, filename=one.name)
    return message


def send(server: MailServer, message: EmailMessage) -> None:
    """Give a mail to a server; raises MailFailed, also when only some recipients were refused."""
    with _sentences(server):
        context = ssl.create_default_context()
        if server.port == TLS_FROM_THE_START:
            connection: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, timeout=server.timeout_seconds, context=context
            )
        else:
            connection = smtplib.SMTP(server.host, server.port, timeout=server.timeout_seconds)
        with connection:
            if server.starttls and server.port != TLS_FROM_THE_START:
                connection.starttls(context=context)
            if server.user:
                _sign_in(connection, server)
            refused = connection.send_message(message)
    if refused:
        raise _refused(server, refused)


def _sign_in(connection: smtplib.SMTP, server: MailServer) -> None:
    """Raises MailFailed; the causes are dropped, since they may hold what was sent."""
    try:
        connection.login(server.user, server.password)
    except smtplib.SMTPAuthenticationError as error:
        raise MailFailed(
            f"The mail server {server.host} refused the user {server.user} (status {error.smtp_code}).",
            code="mail.login_refused",
            host=server.host,
            user=server.user,
            status=error.smtp_code,
        ) from None
    except smtplib.SMTPNotSupportedError:
        raise MailFailed(
            f"The mail server {server.host} lets nobody sign in on this connection.",
            code="mail.no_login",
            host=server.host,
        ) from None
    except UnicodeEncodeError:
        raise MailFailed(
            "User and password of the mail server must be in ASCII letters.", code="mail.login_letters"
        ) from None


@contextlib.contextmanager
def _sentences(server: MailServer) -> Iterator[None]:
    """What smtplib and the network raise, as MailFailed."""
    try:
        yield
    except smtplib.SMTPRecipientsRefused as error:
        raise _refused(server, error.recipients) from error
    except smtplib.SMTPNotSupportedError as error:
        raise MailFailed(
            f"The mail server {server.host} offers no encrypted connection (STARTTLS).",
            code="mail.no_starttls",
            host=server.host,
        ) from error
    except smtplib.SMTPResponseException as error:
        answer = error.smtp_error.decode(errors="replace") if isinstance(error.smtp_error, bytes) else ""
        raise MailFailed(
            f"The mail server {server.host} did not take the mail (status {error.smtp_code}).",
            code="mail.refused",
            evidence=answer[:300],
            host=server.host,
            status=error.smtp_code,
        ) from error
    except ssl.SSLError as error:
        raise MailFailed(
            f"The connection to the mail server {server.host} can't be trusted.",
            code="mail.untrusted",
            evidence=str(error),
            host=server.host,
        ) from error
    except (OSError, smtplib.SMTPException) as error:
        raise MailFailed(
            f"The mail server {server.host}:{server.port} can't be reached.",
            code="mail.unreachable",
            evidence=str(error),
            host=server.host,
            port=server.port,
        ) from error


def _refused(server: MailServer, refused: dict[str, tuple[int, bytes]]) -> MailFailed:
    answers = [f"{address}: {status}" for address, (status, _) in refused.items()]
    return MailFailed(
        f"The mail server {server.host} refused these recipients: {', '.join(refused)}.",
        code="mail.recipients_refused",
        evidence="; ".join(answers),
        host=server.host,
        recipients=", ".join(refused),
    )
