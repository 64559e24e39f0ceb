"""Starts azmlinfsrv for one service; runs inside the service's own environment (Python 3.8 or newer).

    python launcher.py --fd N --port P --entry-script FILE [--model-dir DIR] [--cpus 0,1]

azmlinfsrv alone would bind all interfaces. It is handed a socket that already listens on 127.0.0.1, the way
systemd does it, so that neither the address nor the port is its choice.
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec

_INHERITED = 3  # where systemd's protocol puts the first socket
_SCORING_TIMEOUT_MS = 60_000
_WORKER_TIMEOUT_SECONDS = 300
_INSIGHTS_CLIENT = "azureml_inference_server_http.server.appinsights_client"
_INSIGHTS_IMPORTS = (
    "azure.monitor.opentelemetry.exporter",
    "opentelemetry",
    "opentelemetry._logs",
    "opentelemetry.sdk._logs",
    "opentelemetry.sdk._logs.export",
    "opentelemetry.sdk.resources",
    "opentelemetry.sdk.trace",
    "opentelemetry.sdk.trace.export",
    "opentelemetry.sdk.trace.sampling",
    "opentelemetry.semconv.resource",
)


def main() -> None:
    """Read the arguments, prepare the process and hand over to azmlinfsrv; does not return."""
    arguments = parse()
    # This file's folder is the workspace's code: a scoring script must not import from it.
    del sys.path[0]
    if arguments.cpus and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {int(core) for core in arguments.cpus.split(",")})
    set_variables()
    inherit(arguments.fd)
    if os.environ.get("AML_APP_INSIGHTS_ENABLED", "").lower() != "true":
        sys.meta_path.insert(0, WithoutInsights())
    # azmlinfsrv reads its command line, and so does gunicorn after it.
    sys.argv = [sys.argv[0], "--entry_script", arguments.entry_script, "--port", str(arguments.port)]
    if arguments.model_dir:
        sys.argv += ["--model_dir", arguments.model_dir]
    from azureml_inference_server_http import amlserver

    amlserver.DEFAULT_HOST = "127.0.0.1"
    amlserver.run()


def parse() -> argparse.Namespace:
    """The arguments the supervisor gives."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--fd", type=int, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--entry-script", required=True)
    parser.add_argument("--model-dir")
    parser.add_argument("--cpus")
    return parser.parse_args()


def set_variables() -> None:
    """Time-outs and gunicorn's settings, where the service's own variables do not say otherwise."""
    scoring = number("SCORING_TIMEOUT_MS", _SCORING_TIMEOUT_MS)
    os.environ["SCORING_TIMEOUT_MS"] = str(scoring)
    # The scoring time-out answers the client; gunicorn's drops the connection, so it must come later.
    worker = max(number("WORKER_TIMEOUT", _WORKER_TIMEOUT_SECONDS), scoring // 1000 + 15)
    os.environ["WORKER_TIMEOUT"] = str(worker)
    settings = str(Path(__file__).resolve().with_name("gunicorn_settings.py"))
    own = os.environ.get("GUNICORN_CMD_ARGS", "")
    os.environ["GUNICORN_CMD_ARGS"] = f"{own} -c {shlex.quote(settings)}".strip()


def number(variable: str, default: int) -> int:
    """A whole number from the environment; the default when it is missing or something else."""
    value = os.environ.get(variable, "")
    return int(value) if value.isdigit() and int(value) > 0 else default


def inherit(descriptor: int) -> None:
    """Make the given socket the one that gunicorn takes over."""
    if descriptor != _INHERITED:
        os.dup2(descriptor, _INHERITED, inheritable=True)
        os.close(descriptor)
    os.environ["LISTEN_FDS"] = "1"
    os.environ["LISTEN_PID"] = str(os.getpid())


class NotLoaded:
    """Stands for a name of Application Insights' client while that is switched off; never called then."""


class WithoutInsights:
    """Spares azmlinfsrv the import of Application Insights' client when that is off: most of a start.

    The client's own module is still loaded, and finds names in place of its imports. They are gone as soon as
    it is loaded, so that a scoring script that imports the same packages gets the real ones.
    """

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The client's module with another way to run it; every other module is found as usual."""
        if fullname != _INSIGHTS_CLIENT:
            return None
        spec = PathFinder.find_spec(fullname, path)
        if spec is None or spec.loader is None:
            return None
        execute = spec.loader.exec_module

        def execute_without_imports(module: ModuleType) -> None:
            missing = [name for name in _INSIGHTS_IMPORTS if name not in sys.modules]
            for name in missing:
                stand_in: Any = ModuleType(name)
                stand_in.__getattr__ = lambda _: NotLoaded
                sys.modules[name] = stand_in
            try:
                execute(module)
            finally:
                for name in missing:
                    sys.modules.pop(name, None)

        spec.loader.exec_module = execute_without_imports  # type: ignore[method-assign]
        return spec


if __name__ == "__main__":
    main()
