"""`python -m backend run` and `python -m backend reset`: the whole product in one command.

`run` starts the workspace, serves the app, and on the very first start prepares the demonstration; Ctrl-C
ends what it started. `reset` forgets models, endpoints, environments and history, after asking. The other
commands do what the pages do (docs/command-line.md).
"""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import threading
from typing import TYPE_CHECKING

from pydantic import ValidationError

from backend import demonstration
from backend.app_process import ADDRESS, serve
from backend.application import Application, open_application
from backend.command_line import add_commands, run_command
from backend.errors import YosokuError
from backend.gateway import process as gateway
from backend.settings import Settings
from backend.workspace import end_left_over_services, is_running, stop

if TYPE_CHECKING:
    from backend.jobs import Job

LOOK_SECONDS = 0.2


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit code is 0 when it did what was asked."""
    parser = argparse.ArgumentParser(prog="python -m backend", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    serving = commands.add_parser("run", help="start everything and serve the app")
    serving.add_argument("--port", type=int, default=8501, help="port of the app (default 8501)")
    commands.add_parser("reset", help="forget everything, after asking")
    add_commands(commands)
    given = parser.parse_args(arguments)
    if given.command == "run":
        return run(given.port)
    return reset() if given.command == "reset" else run_command(given)


def run(port: int) -> int:
    """Serve until the app ends or a signal comes; the exit code is the app's own."""
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    try:
        application = open_application()
    except ValidationError as error:
        say("\n".join(str(problem["msg"]) for problem in error.errors()))
        return 1
    found_running = is_running(application.settings)
    try:
        with serve(application.settings, port) as app:
            say(f"Yosoku: http://{ADDRESS}:{port}  (Ctrl-C ends it)")
            _prepare(application, stopping)
            while not stopping.is_set() and app.poll() is None:
                stopping.wait(LOOK_SECONDS)
            return app.poll() or 0
    except YosokuError as error:
        say(f"Could not start: {error.message}")
        if error.evidence:
            say(error.evidence)
        return 1
    finally:
        application.close()
        if not found_running:
            say("Stopping the workspace and its endpoints …")
            gateway.stop(application.settings)
            stop(application.settings)


def reset() -> int:
    """Delete the state folder, when the person types its name."""
    settings = Settings()
    folder = settings.state_dir.resolve()
    if not folder.exists():
        say(f"There is nothing in {folder}.")
        return 0
    say(f"This deletes every local model, endpoint and environment, and the history, in {folder}.")
    try:
        answer = input("Type reset to go on: ")
    except EOFError:
        answer = ""
    if answer.strip() != "reset":
        say("Nothing was deleted.")
        return 1
    gateway.stop(settings)
    stop(settings)
    end_left_over_services(settings)
    shutil.rmtree(folder)
    say("Everything was deleted.")
    return 0


def say(text: str) -> None:
    """A line to the person at the terminal."""
    print(text, flush=True)


def _prepare(application: Application, stopping: threading.Event) -> None:
    """Prepare the demonstration where the workspace has no endpoint at all, telling each step."""
    say(f"Connecting to the {application.settings.workspace} workspace …")
    application.workspace()
    if application.settings.workspace != "local" or demonstration.is_prepared(application):
        say("Ready.")
        return
    say("First start: preparing the demonstration (about a minute; the page shows it too).")
    job = demonstration.prepare_demonstration(application)
    told = 0
    while job.state == "running" and not stopping.is_set():
        stopping.wait(LOOK_SECONDS)
        job = application.jobs.get(job.id) or job
        told = _tell(job, told)
    if job.error:
        say(f"The demonstration could not be prepared: {job.error.message}\n{job.error.evidence}")
    elif job.state == "succeeded":
        say(f"Healthy: {job.result.get('scoring_uri')}")


def _tell(job: Job, told: int) -> int:
    for line in job.lines[told:]:
        say(f"  {line.removeprefix('progress.')}")
    return len(job.lines)


if __name__ == "__main__":
    sys.exit(main())
