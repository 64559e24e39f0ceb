"""The brief as a job: ask, write the files, mail them; by hand or by the clock."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from backend.actuals import list_actuals
from backend.errors import Conflict
from backend.mail import Attachment, compose, mail_server, send
from backend.schedule import turn
from dashboard.brief.boards import make_boards
from dashboard.brief.files import export_board, write_file
from dashboard.i18n import open_reader

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from email.message import EmailMessage
    from pathlib import Path

    from backend.application import Application
    from backend.jobs import Job, JobKind, Reporter
    from backend.settings import BriefFormat, Settings
    from dashboard.board import Board
    from dashboard.i18n import Language, Reader

logger = logging.getLogger(__name__)

TASK: JobKind = "brief"
LOCK = "brief-schedule.lock"


@dataclass(frozen=True)
class BriefRequest:
    """Which brief, in which languages and formats, where to, and whether it is mailed too.

    Empty names stand for what the page shows first.
    """

    folder: Path
    languages: Sequence[Language]
    formats: Sequence[BriefFormat]
    endpoint: str = ""
    actuals: str = ""
    part: str = ""
    mail: bool = False


def configured(settings: Settings) -> BriefRequest:
    """The brief that the settings ask for; it is mailed where they name a mail server."""
    return BriefRequest(
        folder=settings.briefs,
        languages=settings.brief_languages,
        formats=settings.brief_formats,
        endpoint=settings.brief_endpoint,
        mail=bool(settings.smtp_host),
    )


def schedule_briefs(application: Application) -> None:
    """Let the application's clock deliver the configured brief; nothing where no turn is configured."""
    expression = application.settings.brief_schedule
    if expression and application.schedule is not None:
        application.schedule.add(TASK, expression, partial(deliver_by_the_clock, application))


def deliver_by_the_clock(application: Application, due: datetime) -> Job | None:
    """Deliver the configured brief for the turn due at a moment, unless that was done already.

    A failure ends in a logged sentence and stays visible as a job.
    """
    with turn(application.settings, LOCK) as is_ours:
        last = application.jobs.latest(TASK)
        if not is_ours or (last is not None and last.result.get("due") == due.isoformat()):
            return None
        try:
            job = submit_brief(application, configured(application.settings), due=due)
        except Conflict:
            return None
        ended = application.jobs.wait(job)
    if ended.error is not None:
        logger.error("the scheduled brief was not delivered: %s (%s)", ended.error.message, ended.error.code)
    return ended


def submit_brief(application: Application, request: BriefRequest, due: datetime | None = None) -> Job:
    """Begin to deliver a brief; Conflict while another one of the same actuals is being made."""
    subject = request.actuals or list_actuals(application.settings)[0].name
    return application.jobs.submit(
        TASK, subject, lambda reporter: deliver(application, request, reporter, due=due)
    )


def deliver(
    application: Application, request: BriefRequest, reporter: Reporter, due: datetime | None = None
) -> Mapping[str, Any]:
    """Ask the endpoint, write every language and format, mail them; the written files and the recipients.

    Raises what `make_boards`, `write_file` and `backend.mail.send` raise. The files stay when the mail fails.
    """
    if due is not None:
        reporter.remember(due=due.isoformat())
    reporter.phase("ask")
    readers = [open_reader(language) for language in request.languages]
    boards = make_boards(
        application, readers, endpoint=request.endpoint, actuals=request.actuals, part=request.part
    )
    reporter.check()
    reporter.phase("write")
    today = datetime.now().astimezone().date()
    files = []
    for reader, board in zip(readers, boards, strict=True):
        for form in request.formats:
            export = export_board(reader, board, form, today)
            file = Attachment(export.name, export.media_type, export.make())
            reporter.line(str(write_file(request.folder, file)))
            files.append(file)
    paths = [str(request.folder / file.name) for file in files]
    reporter.remember(files=paths)
    server = mail_server(application.settings) if request.mail else None
    if server is None:
        return {"files": paths, "recipients": []}
    reporter.check()
    reporter.phase("send")
    send(server, letter(application.settings, readers, boards, files, today))
    return {"files": paths, "recipients": list(application.settings.smtp_to)}


def letter(
    settings: Settings,
    readers: Sequence[Reader],
    boards: Sequence[Board],
    files: Sequence[Attachment],
    today: date,
) -> EmailMessage:
    """The mail with all files: what they say in short, in each language; the subject in the first one."""
    names = [file.name for file in files]
    texts = []
    for reader, board in zip(readers, boards, strict=True):
        day = reader.date(today)
        said = [text for text in (board.title, board.lead, board.byline) if text]
        to_know = [" ".join(filter(None, (signal.text, signal.advice))) for signal in board.signals]
        texts.append(
            "\n\n".join(
                [
                    reader.t("brief_job.greeting", name=board.name, date=day),
                    *said,
                    *to_know,
                    reader.t("brief_job.attached", files=reader.join(names)),
                    reader.t("brief_job.automatic"),
                ]
            )
        )
    subject = readers[0].t("brief_job.subject", name=boards[0].name, date=readers[0].date(today))
    return compose(settings.smtp_from, settings.smtp_to, subject, "\n\n---\n\n".join(texts), files)
