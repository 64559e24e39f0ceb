"""Chromium as a reader has it: without the debugger that Playwright attaches to every page.

Playwright turns on DevTools' `Runtime` domain. With it on, V8 keeps the place in the source of every call on
the stack, and reads the whole of a large script once more when that script makes its first Error, as plotly's
does while it starts. A reader without open developer tools doesn't wait for that.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from websockets.sync.client import connect

from benchmarks.plain_server import end_session

if TYPE_CHECKING:
    from collections.abc import Iterator

    from websockets.sync.client import ClientConnection

START_SECONDS = ANSWER_SECONDS = 60.0
POLL_SECONDS = 0.05
LOOK_SECONDS = 2.0  # Chromium keeps a page's compiled scripts once the page has come to rest
WIDTH, HEIGHT = 1440, 900
# Runs before a page's own scripts: `drawn` is the page's age in milliseconds once the element is in it.
WATCH = """
window.drawn = new Promise(resolve => new MutationObserver((changes, observer) => {{
    if (!document.querySelector({selector})) return;
    observer.disconnect();
    resolve(performance.now());
}}).observe(document, {{childList: true, subtree: true}}));
"""


@dataclass(frozen=True)
class Connection:
    """DevTools' commands, answered one at a time (https://chromedevtools.github.io/devtools-protocol/)."""

    socket: ClientConnection
    numbers: count[int]

    def send(self, method: str, session: str | None = None, **parameters: object) -> dict[str, Any]:
        """The answer to a command; RuntimeError with the browser's own words when it is refused."""
        number = next(self.numbers)
        message = {"id": number, "method": method, "params": parameters}
        self.socket.send(json.dumps(message | ({"sessionId": session} if session else {})))
        while True:
            answer = json.loads(self.socket.recv(timeout=ANSWER_SECONDS))
            if answer.get("id") != number:
                continue
            if "error" in answer:
                raise RuntimeError(f"{method}: {answer['error']['message']}")
            result: dict[str, Any] = answer["result"]
            return result


@dataclass(frozen=True)
class Tab:
    """One tab, that watches every page it opens."""

    connection: Connection
    session: str

    def visit(self, address: str) -> float:
        """Milliseconds from the start of the navigation until the watched element is in the page.

        The reader looks at the page for a moment before leaving it.
        """
        self.connection.send("Page.navigate", self.session, url=address)
        answer = self.connection.send(
            "Runtime.evaluate", self.session, expression="window.drawn", awaitPromise=True
        )
        time.sleep(LOOK_SECONDS)
        self.connection.send("Page.navigate", self.session, url="about:blank")
        return float(answer["result"]["value"])


@dataclass(frozen=True)
class Profile:
    """What a browser keeps between the tabs of one reader: its cache, empty at first."""

    connection: Connection
    context: str
    watch: str

    def new_tab(self) -> Tab:
        """A tab with a process of its own."""
        target = self.connection.send(
            "Target.createTarget",
            url="about:blank",
            browserContextId=self.context,
            newWindow=True,
            width=WIDTH,
            height=HEIGHT,
        )
        answer = self.connection.send("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        session = str(answer["sessionId"])
        self.connection.send("Page.enable", session)
        self.connection.send("Page.addScriptToEvaluateOnNewDocument", session, source=self.watch)
        return Tab(self.connection, session)


@contextlib.contextmanager
def browser() -> Iterator[Connection]:
    """A headless Chromium until the block ends."""
    chromium = shutil.which("chromium")
    if chromium is None:
        raise RuntimeError("chromium is not on the PATH")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        options = ["--headless=new", "--no-sandbox", "--no-first-run", "--remote-debugging-port=0"]
        # As Playwright has it: a page that was left ends; else the next visit gets a process of its own.
        options.append("--disable-back-forward-cache")
        process = subprocess.Popen(
            [chromium, *options, f"--user-data-dir={folder}", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            with connect(_address(Path(folder, "DevToolsActivePort")), max_size=None) as socket:
                yield Connection(socket, count(1))
        finally:
            end_session(process)


@contextlib.contextmanager
def new_profile(connection: Connection, selector: str) -> Iterator[Profile]:
    """A profile whose tabs watch for an element, until the block ends."""
    context = str(connection.send("Target.createBrowserContext")["browserContextId"])
    try:
        yield Profile(connection, context, WATCH.format(selector=json.dumps(selector)))
    finally:
        connection.send("Target.disposeBrowserContext", browserContextId=context)


def _address(file: Path) -> str:
    """The browser's own socket, once it has written it down."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        with contextlib.suppress(FileNotFoundError, ValueError):
            port, path = file.read_text().split()
            return f"ws://127.0.0.1:{port}{path}"
        time.sleep(POLL_SECONDS)
    raise RuntimeError(f"chromium did not start within {START_SECONDS:g} seconds")
