"""`python -m dashboard.brief`: write the one-page brief of the forecasts, and mail it if asked to.

Without options it is the brief that the settings ask for (`YOSOKU_BRIEF_…`), not mailed.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import get_args

from pydantic import ValidationError

from backend.application import open_application
from backend.errors import YosokuError
from backend.settings import BriefFormat, Settings
from backend.workspace import is_running, stop
from dashboard.brief.delivery import BriefRequest, configured, submit_brief
from dashboard.i18n import LANGUAGES, Reader, open_reader


def main(arguments: list[str] | None = None) -> int:
    """Write the brief; the exit code is 0 when all of it was delivered."""
    given = parse(arguments)
    try:
        settings = Settings()
    except ValidationError as error:
        say("\n".join(str(problem["msg"]) for problem in error.errors()))
        return 1
    reader = open_reader(given.language[0] if given.language else settings.brief_languages[0])
    if given.mail and not settings.smtp_host:
        say(reader.t("brief_job.no_server"))
        return 1
    try:
        return deliver_now(reader, settings, read_request(given, settings))
    except YosokuError as error:
        say(reader.t("brief_job.could_not", reason=reader.error(error)))
        return 1


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """The command's options."""
    parser = argparse.ArgumentParser(prog="python -m dashboard.brief", description=__doc__)
    parser.add_argument("--endpoint", help="whose forecasts (default: those the page shows first)")
    parser.add_argument("--actuals", default="", help="name of the actuals (default: those shown first)")
    parser.add_argument("--part", default="", help="a part of actuals that have some (default: their total)")
    parser.add_argument("--output", type=Path, help="folder of the files")
    parser.add_argument("--language", action="append", choices=LANGUAGES, help="may be given again")
    parser.add_argument("--format", action="append", choices=get_args(BriefFormat), help="may be given again")
    parser.add_argument("--mail", action="store_true", help="mail the files to YOSOKU_SMTP_TO too")
    return parser.parse_args(arguments)


def read_request(given: argparse.Namespace, settings: Settings) -> BriefRequest:
    """What was asked for on the command line, over what the settings ask for."""
    usual = configured(settings)
    return replace(
        usual,
        folder=given.output or usual.folder,
        languages=tuple(given.language or usual.languages),
        formats=tuple(given.format or usual.formats),
        endpoint=usual.endpoint if given.endpoint is None else given.endpoint,
        actuals=given.actuals,
        part=given.part,
        mail=given.mail,
    )


def deliver_now(reader: Reader, settings: Settings, request: BriefRequest) -> int:
    """Deliver one brief and say what came of it; a workspace that was started for it is ended again."""
    found_running = is_running(settings)
    # This process ends soon: the clock is the app's.
    application = open_application(settings.model_copy(update={"training_schedule": ""}))
    try:
        job = application.jobs.wait(submit_brief(application, request))
    finally:
        application.close()
        if not found_running:
            stop(settings)
    for path in job.result.get("files", ()):
        say(reader.t("brief_job.written", path=path))
    if job.error is not None:
        reason = reader.problem(job.error.code, job.error.details, job.error.message)
        say(reader.t("brief_job.could_not", reason=reason))
        return 1
    if job.result.get("recipients"):
        say(reader.t("brief_job.mailed", recipients=reader.join(job.result["recipients"])))
    return 0


def say(text: str) -> None:
    """A line to the person at the terminal."""
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
