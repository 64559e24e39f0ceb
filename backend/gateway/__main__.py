"""`python -m backend.gateway serve|key|rotate|stop`: the gateway of the stable addresses from a shell."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from pydantic import ValidationError

from backend.errors import YosokuError
from backend.gateway.keys import KeyFile
from backend.gateway.process import folder_of, stop
from backend.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 when it was done, 1 with a sentence on stderr when it couldn't be."""
    parser = argparse.ArgumentParser(prog="python -m backend.gateway", description=__doc__)
    parser.set_defaults(command="serve", host="127.0.0.1", port=None)
    _listening(parser)
    commands = parser.add_subparsers(dest="command")
    _listening(commands.add_parser("serve", help="serve in the foreground (the default)"))
    commands.add_parser("key", help="print the primary key")
    rotating = commands.add_parser("rotate", help="give one key a new value and print it")
    rotating.add_argument("which", choices=("primary", "secondary"))
    commands.add_parser("stop", help="stop the gateway that runs")
    given = parser.parse_args(arguments)
    try:
        return _run(given, Settings())
    except ValidationError as error:
        print("\n".join(str(problem["msg"]) for problem in error.errors()), file=sys.stderr)
    except YosokuError as error:
        print(error.message, file=sys.stderr)
        if error.evidence:
            print(error.evidence, file=sys.stderr)
    return 1


def _listening(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default=argparse.SUPPRESS, help="where to listen (default 127.0.0.1)")
    parser.add_argument(
        "--port", type=int, default=argparse.SUPPRESS, help="default: the one of the last time"
    )


def _run(given: argparse.Namespace, settings: Settings) -> int:
    keys = KeyFile(folder_of(settings))
    if given.command == "key":
        print(keys.keys().primary)
    elif given.command == "rotate":
        rotated = keys.rotate(given.which)
        print(rotated.primary if given.which == "primary" else rotated.secondary)
    elif given.command == "stop":
        print("Stopped." if stop(settings) else "No gateway runs.")
    else:
        from backend.gateway.server import serve

        serve(
            settings,
            given.host,
            given.port,
            lambda url: print(f"The stable addresses are at {url}.", flush=True),
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
