"""One reader of the app without a browser: speaks Streamlit's own messages to the real server."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
import urllib.request
from typing import TYPE_CHECKING

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect

from backend.settings import PROJECT_ROOT
from benchmarks.plain_server import end_session, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from streamlit.proto.Delta_pb2 import Delta
    from websockets.sync.client import ClientConnection

APP = PROJECT_ROOT / "streamlit_app.py"
START_SECONDS = 60.0
ANSWER_SECONDS = 60.0
LOOK_SECONDS = 0.05


@contextlib.contextmanager
def app_server(variables: Mapping[str, str], log: Path, script: Path = APP) -> Iterator[str]:
    """Serve the app as `make run` does, with variables of its own; gives its address once it answers."""
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", str(script)]
    command += ["--server.address", "127.0.0.1", "--server.port", str(port), "--server.headless", "true"]
    with log.open("ab") as output:
        server = subprocess.Popen(
            command,
            cwd=PROJECT_ROOT,
            env={**os.environ, **variables},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        address = f"http://127.0.0.1:{port}"
        _wait_for(f"{address}/_stcore/health", server)
        yield address
    finally:
        end_session(server)


class PageSession:
    """A session on one page; keeps the elements that are shown and the choices that were made.

    `name` is the page's file without its ending, empty for the one that the app opens with.
    """

    def __init__(self, connection: ClientConnection, name: str = "") -> None:
        self._connection = connection
        self._name = name
        self._choices: dict[str, list[str]] = {}
        self._page = ""
        self._part = ""  # the fragment of the last choice
        self._deltas: list[Delta] = []

    def run(self) -> float:
        """Run the whole page; seconds from the request to the last message of the run.

        Raises RuntimeError when the page shows an exception.
        """
        return self._run("")

    def run_part(self) -> float:
        """Run the part of the page that the last choice is in, as a browser does; seconds, as above."""
        if not self._part:
            raise RuntimeError("the last choice is in no part of its own")
        return self._run(self._part)

    def _run(self, part: str) -> float:
        request = BackMsg()
        state = request.rerun_script
        state.page_script_hash = self._page
        state.page_name = "" if self._page else self._name
        state.fragment_id = part
        state.context_info.timezone = "UTC"
        state.context_info.locale = "en-US"
        for identity, values in self._choices.items():
            widget = state.widget_states.widgets.add()
            widget.id = identity
            widget.string_array_value.data.extend(values)
        started = time.perf_counter()
        self._connection.send(request.SerializeToString())
        messages = self._until_finished()
        seconds = time.perf_counter() - started
        self._read(messages, part)
        return seconds

    def choose(self, key: str, option: int) -> None:
        """Choose an option of a segmented control by its key and the option's place."""
        [(part, group)] = [
            (delta.fragment_id, delta.new_element.button_group)
            for delta in self._of_kind("button_group")
            if key in delta.new_element.button_group.id
        ]
        self._choices[group.id] = [group.options[option].content]
        self._part = part

    def refresh(self, key: str) -> float:
        """Run the part that the container with this key is in, as the page's timer does; seconds."""
        self._part = next(delta.fragment_id for delta in self._deltas if key in delta.add_block.id)
        return self.run_part()

    def containers(self, key: str) -> int:
        """How many containers on the page have a key that holds these words."""
        return len({delta.add_block.id for delta in self._deltas if key in delta.add_block.id})

    def charts(self) -> list[str]:
        """The plotly figures on the page, as JSON."""
        return [delta.new_element.plotly_chart.spec for delta in self._of_kind("plotly_chart")]

    def _of_kind(self, kind: str) -> list[Delta]:
        return [delta for delta in self._deltas if delta.new_element.WhichOneof("type") == kind]

    def _until_finished(self) -> list[bytes]:
        """The messages of one run, unread: reading them is the browser's time, not the server's."""
        messages = []
        while True:
            message = self._connection.recv(timeout=ANSWER_SECONDS)
            assert isinstance(message, bytes)
            messages.append(message)
            # A finished run is told by a message of a few bytes; only those are read here.
            if len(message) < 200 and _finished(message):
                return messages

    def _read(self, messages: list[bytes], part: str) -> None:
        read = [ForwardMsg.FromString(message) for message in messages]
        for message in read:
            if message.WhichOneof("type") == "new_session":
                self._page = message.new_session.page_script_hash
        kept = [delta for delta in self._deltas if part and delta.fragment_id != part]
        self._deltas = kept + [message.delta for message in read if message.WhichOneof("type") == "delta"]
        if failed := self._of_kind("exception"):
            raise RuntimeError(f"the page shows an exception: {failed[0].new_element.exception.message}")


@contextlib.contextmanager
def page_session(address: str, name: str = "") -> Iterator[PageSession]:
    """Open a session at the app's address, on a page."""
    url = f"{address.replace('http', 'ws', 1)}/_stcore/stream"
    with connect(url, max_size=None, compression=None) as connection:
        yield PageSession(connection, name)


def _finished(message: bytes) -> bool:
    read = ForwardMsg.FromString(message)
    return bool(
        read.WhichOneof("type") == "script_finished"
        and read.script_finished
        in (ForwardMsg.FINISHED_SUCCESSFULLY, ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY)
    )


def _wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5):
            return
        time.sleep(LOOK_SECONDS)
    raise RuntimeError(f"the app did not answer at {url} (exit code {server.poll()})")
