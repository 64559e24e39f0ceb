"""The brief that comes by itself: of a real endpoint's forecasts, as files and by a real mail server."""

from __future__ import annotations

import fcntl
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from sqlalchemy import select
from streamlit.testing.v1 import AppTest

from backend import models, services
from backend.actuals import BUNDLED_SALES
from backend.application import Application, open_application
from backend.demonstration import DAILY, SALES, prepare_demonstration
from backend.errors import InvalidInput, NotFound, YosokuError
from backend.history.schema import vintages
from backend.jobs import Job
from backend.mail import Attachment
from backend.panel import TOTAL, Panel
from backend.panel_table import read_file
from backend.phases import BRIEF_PHASES
from dashboard.brief import __main__ as command
from dashboard.brief.boards import make_boards
from dashboard.brief.delivery import (
    LOCK,
    TASK,
    configured,
    deliver_by_the_clock,
    letter,
    schedule_briefs,
)
from dashboard.brief.files import export_board, write_file
from dashboard.components.scheduled_brief import failure
from dashboard.i18n import LANGUAGES, open_reader
from tests.conftest import wait_for
from tests.dashboard.board_examples import board
from tests.mail_server import HOST, PASSWORD, USER, Mailbox, running_mailbox

Open = Callable[..., Application]
DAY = datetime(2026, 11, 20, 7, 0, tzinfo=UTC)
ADDRESSES = {"smtp_from": "yosoku@example.com", "smtp_to": ("board@example.com",)}


@pytest.fixture
def open_with(application: Application, demonstration: Job, tmp_path: Path) -> Iterator[Open]:
    """Opens applications on the workspace of the run, each with a history and settings of its own."""
    opened = []

    def open_it(**changed: Any) -> Application:
        usual = {
            "database_url": f"sqlite:///{tmp_path / f'{len(opened)}.db'}",
            "brief_folder": tmp_path / "briefs",
            "brief_formats": ("xlsx",),
        }
        opened.append(open_application(application.settings.model_copy(update=usual | changed)))
        return opened[-1]

    yield open_it
    for one in opened:
        one.close()


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[Mailbox]:
    with running_mailbox(tmp_path) as box:
        yield box


def mailing(box: Mailbox, **changed: Any) -> dict[str, Any]:
    """The settings of a server of one's own network."""
    return {"smtp_host": HOST, "smtp_port": box.port, "smtp_starttls": False, **ADDRESSES, **changed}


def test_every_language_and_format_becomes_a_file(open_with: Open) -> None:
    application = open_with(brief_languages=("en", "ja"), brief_formats=("html", "pdf", "xlsx"))
    ended = deliver_by_the_clock(application, DAY)
    assert ended is not None
    assert ended.state == "succeeded", ended.error
    today = datetime.now().astimezone().date().isoformat()
    written = sorted(path.name for path in application.settings.briefs.iterdir())
    stem = f"{today}-adventureworks_daily"
    assert written == sorted(f"{stem}-{one}.{form}" for one in LANGUAGES for form in ("html", "pdf", "xlsx"))
    assert [Path(path).name for path in ended.result["files"]] == [
        f"{stem}-{one}.{form}" for one in ("en", "ja") for form in ("html", "pdf", "xlsx")
    ]
    assert [event.phase for event in ended.events] == [*BRIEF_PHASES[:2]]
    folder = application.settings.briefs
    assert (folder / f"{stem}-ja.pdf").read_bytes().startswith(b"%PDF-")
    # All files of a language say the same, and both languages rest on the same forecast.
    titles = {}
    for language in LANGUAGES:
        book = openpyxl.load_workbook(BytesIO((folder / f"{stem}-{language}.xlsx").read_bytes()))
        titles[language] = book.properties.title
        assert titles[language] in (folder / f"{stem}-{language}.html").read_text(encoding="utf-8")
        assert book.worksheets[0]["A2"].value == datetime(2014, 6, 1)
    assert titles["en"] != titles["ja"]
    with application.history.engine.connect() as connection:
        origins = connection.execute(select(vintages.c.origin)).scalars().all()
    assert len(origins) == len(set(origins)) > 1


def test_the_brief_is_mailed_once_a_turn(open_with: Open, mailbox: Mailbox) -> None:
    application = open_with(**mailing(mailbox, brief_languages=("ja", "en")))
    with (application.settings.state_dir / LOCK).open("w") as elsewhere:
        fcntl.flock(elsewhere, fcntl.LOCK_EX)  # as another process of the app does while it works on the turn
        assert deliver_by_the_clock(application, DAY) is None
    ended = deliver_by_the_clock(application, DAY)
    assert ended is not None
    assert ended.state == "succeeded", ended.error
    assert ended.result["recipients"] == ["board@example.com"]
    assert [event.phase for event in ended.events] == [*BRIEF_PHASES]
    assert deliver_by_the_clock(application, DAY) is None
    (mail,) = mailbox.mails
    assert mail["Subject"].startswith("adventureworks_dailyの予測レポート（")
    body = mail.get_body()
    assert body is not None
    text = body.get_content()
    books = [openpyxl.load_workbook(BytesIO(part.get_content())) for part in mail.iter_attachments()]
    assert len(books) == 2
    assert all(book.properties.title in text for book in books)
    assert deliver_by_the_clock(application, DAY + timedelta(days=1)) is not None
    assert len(mailbox.mails) == 2


def test_a_refused_login_is_a_sentence_and_the_files_stay(
    open_with: Open, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running_mailbox(tmp_path, tls=True, login=True) as box:
        monkeypatch.setenv("SSL_CERT_FILE", str(box.authority))
        wrong = "not-the-password-7"
        application = open_with(**mailing(box, smtp_starttls=True, smtp_user=USER, smtp_password=wrong))
        with caplog.at_level(logging.DEBUG):
            ended = deliver_by_the_clock(application, DAY)
        assert box.mails == []
    assert ended is not None
    assert ended.error is not None
    assert (ended.state, ended.error.code) == ("failed", "mail.login_refused")
    assert len(ended.result["files"]) == len(list(application.settings.briefs.iterdir())) == 1
    assert any("the scheduled brief was not delivered" in record.message for record in caplog.records)
    for secret in (wrong, PASSWORD):
        assert secret not in caplog.text + repr(ended) + repr(application.settings)
    for language, told in (("en", "refused to let brief sign in"), ("ja", "ログインを拒否しました")):
        assert told in failure(open_reader(language), ended, "tomorrow")


def test_a_server_that_is_away_is_a_sentence(open_with: Open, mailbox: Mailbox) -> None:
    application = open_with(**mailing(mailbox, smtp_host="mail.invalid"))
    ended = deliver_by_the_clock(application, DAY)
    assert ended is not None
    assert ended.error is not None
    assert (ended.state, ended.error.code) == ("failed", "mail.unreachable")
    assert "接続できません" in failure(open_reader("ja"), ended, "")


def test_an_older_forecast_does_not_go_out_as_todays(open_with: Open, mailbox: Mailbox) -> None:
    application = open_with(**mailing(mailbox, brief_endpoint="gone"))
    ended = deliver_by_the_clock(application, DAY)
    assert ended is not None
    assert ended.error is not None
    assert (ended.state, ended.error.code) == ("failed", "endpoint.not_found")
    assert mailbox.mails == []
    assert not application.settings.briefs.exists()


def test_it_is_the_board_of_the_page(open_with: Open) -> None:
    application = open_with()
    english, japanese = make_boards(application, [open_reader("en"), open_reader("ja")])
    assert english.name == "adventureworks_daily"
    assert english.title != japanese.title
    assert english.figures.equals(japanese.figures)
    assert len(english.tiles) == len(japanese.tiles) > 0
    for wrong in ({"actuals": "nothing"}, {"part": "Germany"}):
        with pytest.raises(NotFound):
            make_boards(application, [open_reader("en")], **wrong)


def test_the_clock_has_both_tasks(open_with: Open) -> None:
    application = open_with(training_schedule="0 6 * * mon", brief_schedule="30 7 * * tue")
    assert application.schedule is not None
    assert application.schedule.next_turn_of(TASK) is None
    schedule_briefs(application)
    brief, training = application.schedule.next_turn_of(TASK), application.schedule.next_turn
    assert brief is not None
    assert training is not None
    assert (brief.weekday(), brief.hour, brief.minute) == (1, 7, 30)
    assert (training.weekday(), training.hour) == (0, 6)
    without = open_with()
    schedule_briefs(without)
    assert without.schedule is not None
    assert without.schedule.next_turn_of(TASK) is None


def test_the_command_writes_it_by_hand(
    open_with: Open,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("YOSOKU_DATABASE_URL", f"sqlite:///{tmp_path / 'command.db'}")
    folder = tmp_path / "by-hand"
    asked = ["--endpoint", DAILY.name, "--output", str(folder), "--language", "ja", "--format", "pdf"]
    assert command.main(asked) == 0
    (path,) = folder.iterdir()
    assert path.name.endswith("-adventureworks_daily-ja.pdf")
    assert f"作成しました：{path}" in capsys.readouterr().out
    assert command.main(["--endpoint", "gone", "--output", str(folder), "--language", "en"]) == 1
    assert "There is no endpoint gone." in capsys.readouterr().out
    assert command.main(["--mail", "--language", "en"]) == 1
    assert "Set YOSOKU_SMTP_HOST" in capsys.readouterr().out


def test_a_folder_that_cannot_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InvalidInput) as caught:
        write_file(tmp_path / "file", Attachment("brief.pdf", "application/pdf", b"x"))
    sentences = {open_reader(language).error(caught.value) for language in LANGUAGES}
    assert len(sentences) == 2
    assert all(str(tmp_path / "file") in sentence for sentence in sentences)


def test_a_file_replaces_the_older_one_and_leaves_nothing_beside(tmp_path: Path) -> None:
    export = export_board(open_reader("ja"), board("ja", name="売上/総計 ../x"), "xlsx", DAY.date())
    assert export.name == "2026-11-20-売上-総計-..-x-ja.xlsx"
    older, newer = export.make(), b"newer"
    for content in (older, newer):
        path = write_file(tmp_path / "new", Attachment(export.name, export.media_type, content))
        assert path.read_bytes() == content
    assert [one.name for one in path.parent.iterdir()] == [export.name]


def test_the_letter_says_it_in_short_in_each_language(open_with: Open) -> None:
    settings = open_with(**ADDRESSES).settings
    readers, boards = [open_reader("ja"), open_reader("en")], [board("ja"), board("en")]
    mail = letter(settings, readers, boards, [], DAY.date())
    assert mail["Subject"] == "adventureworks_dailyの予測レポート（2026年11月20日）"
    text = mail.get_content()
    places = [text.index(one.title) for one in boards]
    assert places == sorted(places)
    assert all(signal.advice in text for one in boards for signal in one.signals)


def test_an_interrupted_brief_says_when_the_next_comes(open_with: Open) -> None:
    application = open_with()

    def fail(_: object) -> dict[str, object]:
        raise YosokuError("nothing", code="brief.no_endpoint")

    jobs = application.jobs
    job = jobs.wait(jobs.submit(TASK, "sales", fail))
    assert open_reader("en").t("error.brief.no_endpoint") in failure(open_reader("en"), job, "tomorrow")
    jobs.interrupt(job)
    interrupted = jobs.get(job.id)
    assert interrupted is not None
    assert "tomorrow" in failure(open_reader("en"), interrupted, "tomorrow")


def scheduled_line() -> None:
    """The line about the scheduled brief, as a page shows it."""
    from dashboard.components.scheduled_brief import show_scheduled_brief
    from dashboard.i18n import open_reader

    show_scheduled_brief(open_reader("ja"))


def test_the_page_tells_calmly_what_became_of_it(
    open_with: Open, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = open_with(**mailing(mailbox, smtp_host="mail.invalid", brief_schedule="0 7 * * *"))
    monkeypatch.setattr("dashboard.components.scheduled_brief.application", lambda: application)
    assert not AppTest.from_function(scheduled_line).run().caption  # the clock is not set yet
    schedule_briefs(application)
    at = AppTest.from_function(scheduled_line).run()
    assert at.caption[0].value.startswith("定期レポート：次回は")
    deliver_by_the_clock(application, DAY)
    at.run()
    assert not at.exception
    (told,) = [warning.value for warning in at.warning]
    assert "お届けできませんでした：メールサーバー mail.invalid" in told
    assert not at.error


@pytest.mark.slow
def test_of_many_series_it_tells_the_total(open_with: Open) -> None:
    application = open_with(actuals=BUNDLED_SALES)
    workspace = application.workspace()
    job = wait_for(application, prepare_demonstration(application, SALES))
    try:
        assert job.state == "succeeded", job.error
        ended = deliver_by_the_clock(application, DAY)
        assert ended is not None
        assert ended.state == "succeeded", ended.error
        (path,) = application.settings.briefs.iterdir()
        assert path.name.endswith(f"-{SALES.actuals}-total-en.xlsx")
        sheet = openpyxl.load_workbook(path).worksheets[1]
        panel = read_file(BUNDLED_SALES, SALES.actuals)
        assert isinstance(panel, Panel)
        shown = [row[1] for row in sheet.iter_rows(min_row=2, values_only=True)]
        assert shown == pytest.approx(panel.actuals(TOTAL).frame["y"].tolist())
        [one] = make_boards(application, [open_reader("en")], part=panel.nodes[1])
        assert one.name == panel.series_of(panel.nodes[1])
        with pytest.raises(NotFound):
            make_boards(application, [open_reader("en")], part="Atlantis")
    finally:
        services.delete_endpoint(workspace, SALES.name)
        for model in models.list_models(workspace, SALES.name):
            models.delete_model(workspace, SALES.name, model.version)


def test_what_is_configured(open_with: Open, mailbox: Mailbox) -> None:
    request = configured(open_with(**mailing(mailbox, brief_languages=("ja",))).settings)
    assert (request.languages, request.formats, request.mail) == (("ja",), ("xlsx",), True)
    assert not configured(open_with().settings).mail
