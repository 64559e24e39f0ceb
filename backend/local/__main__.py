"""`python -m backend.local serve|env|status|reset|stop`: the local workspace from a shell."""

from __future__ import annotations

import argparse
import datetime as dt
import os
import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from backend.errors import YosokuError

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 when it was done, 1 with a sentence on stderr when it couldn't be."""
    parser = argparse.ArgumentParser(
        prog="python -m backend.local", description="The embedded local workspace."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (
        ("serve", "run the workspace in the foreground"),
        ("env", "print shell exports with which any SDK v1 script uses this workspace"),
        ("status", "print what runs"),
        ("reset", "stop the workspace and delete everything in it"),
        ("stop", "stop the workspace and its services"),
    ):
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument(
            "--state-dir", type=Path, default=default_state_dir(), help="default: %(default)s"
        )
        if name == "reset":
            command.add_argument("--yes", action="store_true", help="don't ask")
    given = parser.parse_args(arguments)
    actions = {"serve": serve, "env": env, "status": status, "reset": reset, "stop": stop}
    try:
        return actions[given.command](given)
    except YosokuError as error:
        print(error.message, file=sys.stderr)
        if error.evidence:
            print(error.evidence, file=sys.stderr)
        return 1


def default_state_dir() -> Path:
    """YOSOKU_STATE_DIR, or `.yosoku` beside the package."""
    given = os.environ.get("YOSOKU_STATE_DIR")
    return Path(given) if given else Path(__file__).resolve().parents[2] / ".yosoku"


def serve(given: argparse.Namespace) -> int:
    from backend.local.server import serve as run

    run(given.state_dir, lambda address: print(f"The local workspace serves at {address}.", flush=True))
    return 0


def env(given: argparse.Namespace) -> int:
    from backend.local.client import ensure_running, sdk_environment

    running = ensure_running(given.state_dir)
    startup = Path(__file__).resolve().parent / "startup"
    python_path = [str(startup), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    variables = {
        **sdk_environment(given.state_dir),
        "YOSOKU_WORKSPACE_CONFIG": str(running.config_file),
        "PYTHONPATH": os.pathsep.join(dict.fromkeys(python_path)),
    }
    print(f"# local workspace '{running.workspace_name}' at {running.http_url}, process {running.pid}")
    for name, value in variables.items():
        print(f"export {name}={shlex.quote(value)}")
    return 0


def status(given: argparse.Namespace) -> int:
    from backend.local.client import find_running, service_states

    running = find_running(given.state_dir)
    if running is None:
        print("The local workspace isn't running.")
        return 1
    answer = service_states(given.state_dir)
    started = dt.datetime.fromtimestamp(answer["started"]).astimezone().isoformat(sep=" ", timespec="seconds")
    print(f"{running.workspace_name}  {running.http_url}  process {running.pid}  since {started}")
    rows = [("SERVICE", "STATE", "MODEL", "CPU", "MEMORY GB", "USED MB", "RESTARTS", "SCORING URI")]
    for service in answer["services"]:
        process, resources = service["process"] or {}, service["containerResourceRequirements"]
        used = process.get("memory_mb")
        rows.append(
            (
                service["name"],
                service["state"],
                ",".join(model["id"] for model in service["models"]) or "-",
                f"{resources['cpu']:g}",
                f"{resources['memoryInGB']:g}",
                "-" if used is None else f"{used:.0f}",
                str(process.get("restarts", "-")),
                service["scoringUri"] or "-",
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    return 0


def reset(given: argparse.Namespace) -> int:
    from backend.local.client import stop as stop_workspace
    from backend.local.state import folder_of

    folder = folder_of(given.state_dir).root
    if not folder.exists():
        print(f"There is nothing in {folder}.")
        return 0
    if not given.yes:
        question = f"Delete every model, environment and service in {folder}? Type 'reset' to confirm: "
        try:
            confirmed = input(question).strip() == "reset"
        except EOFError:
            confirmed = False
        if not confirmed:
            print("Nothing was deleted.")
            return 1
    stop_workspace(given.state_dir)
    end_services(folder / "services")
    shutil.rmtree(folder)
    print(f"Deleted {folder}.")
    return 0


def end_services(services: Path) -> None:
    """End services that outlived a killed workspace."""
    from backend.local.supervisor import end_orphans

    if services.exists():
        end_orphans(services, keep=())


def stop(given: argparse.Namespace) -> int:
    from backend.local.client import stop as stop_workspace

    print("Stopped." if stop_workspace(given.state_dir) else "The local workspace wasn't running.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
