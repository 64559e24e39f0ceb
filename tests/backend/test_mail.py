"""Mail given to a real SMTP server: what arrives, and what each refusal ends in."""

from __future__ import annotations

import socket
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from backend.errors import MailFailed
from backend.mail import Attachment, MailServer, compose, mail_server, send
from backend.settings import Settings
from dashboard.i18n import LANGUAGES, open_reader
from tests.mail_server import PASSWORD, USER, Mailbox, running_mailbox

HOST = "127.0.0.1"
MAIL = compose("yosoku@example.com", ["board@example.com"], "Forecast", "It rises.")
WRONG = "not-the-password-7"


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[Mailbox]:
    """A server of one's own network: no TLS, nobody signs in."""
    with running_mailbox(tmp_path) as box:
        yield box


@pytest.fixture
def guarded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    """A server that wants TLS and a password; its authority is trusted here."""
    with running_mailbox(tmp_path, tls=True, login=True) as box:
        monkeypatch.setenv("SSL_CERT_FILE", str(box.authority))
        yield box


def refusal(server: MailServer) -> MailFailed:
    """What a mail to a server fails with, told in both languages and without the password."""
    with pytest.raises(MailFailed) as caught:
        send(server, MAIL)
    error = caught.value
    everything = "".join(traceback.format_exception(error)) + repr(server) + str(error.details)
    sentences = [open_reader(language).error(error) for language in LANGUAGES]
    assert len(set(sentences)) == 2
    assert not any("{" in sentence for sentence in sentences)
    for told in (everything, error.evidence, *sentences):
        assert not server.password or server.password not in told
    return error


def test_a_japanese_mail_arrives_with_its_files(mailbox: Mailbox) -> None:
    page = b"%PDF-1.7\n" + bytes(range(256)) * 40
    message = compose(
        "yosoku@example.com",
        ["board@example.com", "plan@example.com"],
        "入金額の予測レポート\r\nBcc: thief@example.com",
        "来週の入金額は約 $1,061 の見込みです。",
        [
            Attachment("2014-06-01-入金額-ja.pdf", "application/pdf", page),
            Attachment("brief.html", "text/html", "<p>予測</p>".encode()),
        ],
    )
    send(MailServer(HOST, mailbox.port, starttls=False), message)
    (mail,) = mailbox.mails
    assert mailbox.recipients == ["board@example.com", "plan@example.com"]
    # A line break in a name makes no header.
    assert mail["Subject"] == "入金額の予測レポート Bcc: thief@example.com"
    assert mail["Bcc"] is None
    assert mail["Message-ID"].endswith("@example.com>")
    assert mail["Date"] is not None
    body = mail.get_body()
    assert body is not None
    assert body.get_content().strip() == "来週の入金額は約 $1,061 の見込みです。"
    files = {part.get_filename(): part for part in mail.iter_attachments()}
    assert list(files) == ["2014-06-01-入金額-ja.pdf", "brief.html"]
    assert files["2014-06-01-入金額-ja.pdf"].get_content() == page
    assert files["brief.html"].get_content_type() == "text/html"
    assert files["brief.html"].get_payload(decode=True) == "<p>予測</p>".encode()


def test_a_password_goes_over_an_encrypted_connection(guarded: Mailbox) -> None:
    send(MailServer(HOST, guarded.port, USER, PASSWORD), MAIL)
    assert (guarded.encrypted, guarded.signed_in) == ([True], [USER])


def test_a_refused_login_names_the_user(guarded: Mailbox) -> None:
    error = refusal(MailServer(HOST, guarded.port, USER, WRONG))
    assert (error.code, error.details["user"], error.details["status"]) == ("mail.login_refused", USER, 535)
    assert error.__cause__ is None
    assert guarded.mails == []


def test_a_password_that_smtp_cannot_carry_is_not_shown(guarded: Mailbox) -> None:
    assert refusal(MailServer(HOST, guarded.port, USER, "ひらけごま")).code == "mail.login_letters"


def test_a_password_is_not_sent_in_the_clear_to_a_server_that_forbids_it(guarded: Mailbox) -> None:
    assert refusal(MailServer(HOST, guarded.port, USER, PASSWORD, starttls=False)).code == "mail.no_login"


def test_without_encryption_nothing_is_sent_unless_allowed(mailbox: Mailbox) -> None:
    assert refusal(MailServer(HOST, mailbox.port, USER, PASSWORD)).code == "mail.no_starttls"
    assert mailbox.mails == []


def test_an_unknown_certificate_is_not_trusted(tmp_path: Path) -> None:
    with running_mailbox(tmp_path, tls=True, login=True) as box:
        assert refusal(MailServer(HOST, box.port, USER, PASSWORD)).code == "mail.untrusted"
        assert box.mails == []


def test_nobody_listens_there() -> None:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
        error = refusal(MailServer(HOST, port))
    assert (error.code, error.details["port"]) == ("mail.unreachable", port)


def test_a_name_that_no_server_has() -> None:
    assert refusal(MailServer("mail.invalid", timeout_seconds=5)).code == "mail.unreachable"


def test_a_server_that_says_nothing_is_not_waited_for() -> None:
    with socket.socket() as silent:
        silent.bind((HOST, 0))
        silent.listen()
        server = MailServer(HOST, silent.getsockname()[1], timeout_seconds=0.2)
        assert refusal(server).code == "mail.unreachable"


def test_a_mail_that_is_not_wanted(mailbox: Mailbox) -> None:
    unwanted = compose("yosoku@example.com", ["board@example.com"], "Forecast", "refuse-this")
    with pytest.raises(MailFailed) as caught:
        send(MailServer(HOST, mailbox.port, starttls=False), unwanted)
    assert (caught.value.code, caught.value.details["status"]) == ("mail.refused", 554)
    assert "not wanted here" in caught.value.evidence


@pytest.mark.parametrize("others", [[], ["board@example.com"]], ids=["all", "some"])
def test_recipients_that_were_refused_are_named(mailbox: Mailbox, others: list[str]) -> None:
    message = compose("yosoku@example.com", ["no-one@example.com", *others], "Forecast", "It rises.")
    with pytest.raises(MailFailed) as caught:
        send(MailServer(HOST, mailbox.port, starttls=False), message)
    assert (caught.value.code, caught.value.details["recipients"]) == (
        "mail.recipients_refused",
        "no-one@example.com",
    )
    assert mailbox.recipients == others


def test_settings_make_the_server() -> None:
    assert mail_server(Settings()) is None
    settings = Settings(
        smtp_host=HOST,
        smtp_user=USER,
        smtp_password=PASSWORD,
        smtp_from="yosoku@example.com",
        smtp_to="board@example.com, plan@example.com",  # type: ignore[arg-type]
    )
    assert settings.smtp_to == ("board@example.com", "plan@example.com")
    server = mail_server(settings)
    assert server == MailServer(HOST, 587, USER, PASSWORD, starttls=True)
    assert PASSWORD not in repr(settings) + repr(server)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"smtp_host": HOST}, "YOSOKU_SMTP_FROM and YOSOKU_SMTP_TO"),
        ({"smtp_user": USER}, "YOSOKU_SMTP_PASSWORD are set together"),
        ({"smtp_to": "board"}, "YOSOKU_SMTP_TO: 'board' is not a mail address"),
        ({"smtp_from": "a@b\nBcc: c@d"}, "YOSOKU_SMTP_FROM"),
        ({"brief_schedule": "every monday"}, "YOSOKU_BRIEF_SCHEDULE must be a cron expression"),
        ({"brief_languages": "en,fr"}, "'en' or 'ja'"),
        ({"brief_formats": ""}, "at least 1 item"),
    ],
)
def test_half_given_settings_say_what_is_missing(given: dict[str, str], told: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Settings(**given)  # type: ignore[arg-type]
    assert told in str(caught.value)


def test_lists_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YOSOKU_BRIEF_LANGUAGES", "ja, en")
    monkeypatch.setenv("YOSOKU_BRIEF_FORMATS", "pdf,xlsx,pdf")
    assert (Settings().brief_languages, Settings().brief_formats) == (("ja", "en"), ("pdf", "xlsx"))
    assert set(LANGUAGES) == {"ja", "en"}
