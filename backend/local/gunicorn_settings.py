"""gunicorn's settings for a scoring process; runs inside the service's own environment (Python 3.8 or newer).

gunicorn itself restarts a worker that was killed while it started without end, and never ends a hanging
start. Here a start is timed, and after a few deaths within a minute the whole process ends with an exit code
of its own. The supervisor reads deaths from a small file: it may not be the one that started the process.
"""

from __future__ import annotations

import faulthandler
import gc
import json
import mmap
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from azureml_inference_server_http import __version__ as server_version
from gunicorn import util
from gunicorn.errors import HaltServer
from gunicorn.http import RequestParser, wsgi
from gunicorn.http.errors import NoMoreData
from gunicorn.workers.sync import StopWaiting, SyncWorker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Application = Callable[[Any, Any], Iterable[bytes]]

CRASH_LOOP_EXIT = 71
INIT_TIMEOUT_EXIT = 72
DEATHS_ALLOWED = 3
WITHIN_SECONDS = 60.0
_CONNECTIONS = 64

# gunicorn reads these names, and ignores those it does not know. This file is its module __config__.
graceful_timeout = 3
control_socket_disable = True
worker_class = "__config__.KeepingWorker"

_init_timeout = float(os.environ["YOSOKU_INIT_TIMEOUT_SECONDS"])
_max_body = int(os.environ["YOSOKU_MAX_BODY_BYTES"])
_state_path = os.environ["YOSOKU_WORKER_STATE"]
_deaths: list[float] = []
_boot_started: dict[int, float] = {}
# Shared between the master and its workers: one byte a worker, set once init() is through.
_SLOTS = 256
_serving = mmap.mmap(-1, _SLOTS)


def pre_fork(server: Any, worker: Any) -> None:
    """Before each start of a worker, in the master."""
    _serving[worker.age % _SLOTS] = 0
    _boot_started[worker.age] = time.monotonic()


def post_fork(server: Any, worker: Any) -> None:
    """At the start of a worker: end it, saying where it hangs, when init() takes too long."""
    faulthandler.dump_traceback_later(_init_timeout, exit=True, file=2)


def post_worker_init(worker: Any) -> None:
    """In the worker, after init()."""
    faulthandler.cancel_dump_traceback_later()
    _serving[worker.age % _SLOTS] = 1
    worker.wsgi = limited(worker.wsgi, _max_body)
    # What init() left stays for good: later collections need not walk it.
    gc.collect()
    gc.freeze()
    if not server_version.startswith("0."):
        # The server has a line of its own for each request, with the same and its time.
        worker.log.access = lambda *_: None


def post_request(worker: Any, request: Any, environ: Any, response: Any) -> None:
    """After each answer: whether the connection can be kept."""
    worker.keep = response is not None and not response.should_close()


def child_exit(server: Any, worker: Any) -> None:
    """In the master, after a worker ended: end everything when that happens again and again."""
    if not server.LISTENERS:  # the master is stopping by itself
        return
    served = _serving[worker.age % _SLOTS] == 1
    took = time.monotonic() - _boot_started.pop(worker.age, 0.0)
    now = time.time()
    _deaths.append(now)
    recent = [moment for moment in _deaths if now - moment <= WITHIN_SECONDS]
    if not served and took >= _init_timeout:
        _end("init_timeout", f"init() did not finish within {_init_timeout:g} s", INIT_TIMEOUT_EXIT)
    where = "while serving" if served else "while it started"
    if len(recent) > DEATHS_ALLOWED or (not served and len(recent) == DEATHS_ALLOWED):
        reason = f"the scoring process ended {len(recent)} times within a minute, the last time {where}"
        _end("crash_loop", reason, CRASH_LOOP_EXIT)
    _record("died_serving" if served else "died_starting", f"the scoring process ended {where}")
    _say(f"scoring process {worker.pid} ended {where}; it is started again")


class KeepingWorker(SyncWorker):  # type: ignore[misc]
    """One request at a time like gunicorn's own worker, but connections stay open between requests.

    That saves the gateway and the worker a connection for each request. An open connection that sends nothing
    takes no time, since requests are waited for on all connections at once.
    """

    keep = False
    wait_fds: list[Any]

    def run_for_one(self, timeout: float) -> None:
        """The worker's loop; with several workers, gunicorn's own spreads connections better."""
        if self.cfg.workers > 1:
            super().run_for_one(timeout)
            return
        # Its caller closes every answer's connection by this.
        wsgi.Response.force_close = lambda _: None
        listener, always = self.sockets[0], list(self.wait_fds)
        parsers: dict[Any, tuple[Any, Any]] = {}
        while self.alive:
            self.notify()
            self.wait_fds = [*always, *parsers]
            try:
                ready = self.wait(timeout)
            except StopWaiting:
                return
            for source in ready or ():
                if source is listener:
                    self.admit(listener, parsers)
                elif source in parsers and not self.serve(listener, source, *parsers[source]):
                    del parsers[source]
                    getattr(util, "close_graceful", util.close)(source)
            if not self.is_parent_alive():
                return

    def admit(self, listener: Any, parsers: dict[Any, tuple[Any, Any]]) -> None:
        """Accept a connection; the one open for longest gives way when there are too many."""
        try:
            client, address = listener.accept()
        except OSError:  # it left again, or another signal woke us
            return
        client.setblocking(1)
        util.close_on_exec(client)
        if len(parsers) >= _CONNECTIONS:
            oldest = next(iter(parsers))
            del parsers[oldest]
            util.close(oldest)
        parsers[client] = (RequestParser(self.cfg, client, address), address)

    def serve(self, listener: Any, client: Any, parser: Any, address: Any) -> bool:
        """Answer one request; whether the connection can be kept."""
        request = None
        try:
            request = next(parser)
            self.handle_request(listener, request, client, address)
        except (NoMoreData, StopIteration, ConnectionError):
            return False
        except BaseException as error:  # a script may raise anything; gunicorn answers with 500
            self.handle_error(request, client, address, error)
            return False
        return self.keep


def limited(application: Application, max_body: int) -> Application:
    """Refuse a body over `max_body` bytes, or of unknown length, before it is read."""

    def limited_application(environ: Any, start_response: Any) -> Iterable[bytes]:
        length = environ.get("CONTENT_LENGTH") or "0"
        if environ.get("HTTP_TRANSFER_ENCODING"):
            return _refuse(start_response, "411 Length Required", "The request needs a Content-Length.")
        if length.isdigit() and int(length) > max_body:
            sentence = f"The request's body is over the limit of {max_body} bytes."
            return _refuse(start_response, "413 Content Too Large", sentence)
        return application(environ, start_response)

    return limited_application


def _refuse(start_response: Any, status: str, sentence: str) -> Iterable[bytes]:
    body = json.dumps({"message": sentence}).encode()
    # gunicorn's response; what was not read of the body must not be taken for the next request.
    start_response.__self__.must_close = True
    start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


def _end(kind: str, reason: str, code: int) -> NoReturn:
    _record(kind, reason)
    _say(reason + "; giving up")
    raise HaltServer(reason, code)


def _record(kind: str, reason: str) -> None:
    content = {"deaths": len(_deaths), "kind": kind, "reason": reason, "at": time.time()}
    temporary = Path(_state_path + ".part")
    temporary.write_text(json.dumps(content), encoding="utf-8")
    temporary.replace(_state_path)


def _say(sentence: str) -> None:
    os.write(2, f"yosoku: {sentence}\n".encode())
