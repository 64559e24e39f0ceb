"""The app as a process of its own, and a real Chromium to look at it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from backend.jobs import Job
from backend.settings import PROJECT_ROOT, Settings

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
START_SECONDS = 60
SCREENSHOTS = PROJECT_ROOT / ".test-artifacts"

OpenPage = Callable[..., Page]
FAILED = pytest.StashKey[bool]()


@pytest.fixture(scope="session")
def app(settings: Settings, demonstration: Job) -> Iterator[str]:
    """The address of the running app, on the same workspace as the other tests."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", "--server.port", str(port)]
    # The SDK's variables of this process are the app's own business to set.
    environment = {name: value for name, value in os.environ.items() if name != "MSI_ENDPOINT"}
    SCREENSHOTS.mkdir(exist_ok=True)
    with (SCREENSHOTS / "app.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=PROJECT_ROOT, env=environment, stdout=log, stderr=log)
        try:
            _wait_until_healthy(f"http://127.0.0.1:{port}/_stcore/health", process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(20)


def _wait_until_healthy(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, (SCREENSHOTS / "app.log").read_text()
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise AssertionError((SCREENSHOTS / "app.log").read_text())


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium a module; Playwright keeps an event loop running that other tests' loops can't share."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    assert path, "Chromium is not installed: install the package chromium"
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield launched
        launched.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Tell the fixtures of a test whether it failed, so that they can keep a picture."""
    report = yield
    if report.when == "call":  # type: ignore[attr-defined]
        item.stash[FAILED] = report.failed  # type: ignore[attr-defined]
    return report


@pytest.fixture
def open_page(app: str, browser: Browser, request: pytest.FixtureRequest) -> Iterator[OpenPage]:
    """Open the app in a fresh profile: `open_page("models", language="ja", theme="dark", width=390)`."""
    contexts = []

    def open_(
        path: str = "", *, language: str = "en", theme: str = "light", width: int = 1440, height: int = 900
    ) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=theme,  # type: ignore[arg-type]
            locale={"en": "en-GB", "ja": "ja-JP"}[language],
            timezone_id="Asia/Tokyo" if language == "ja" else "Europe/London",
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.goto(f"{app}/{path}?lang={language}")
        settle(page)
        return page

    yield open_
    for context in contexts:
        if request.node.stash.get(FAILED, False):
            for page in context.pages:
                screenshot(page, f"failed-{request.node.name}")
        context.close()


def settle(page: Page) -> None:
    """Wait until the script has run and nothing is a grey placeholder any more."""
    expect(page.get_by_test_id("stApp")).to_have_attribute(
        "data-test-script-state", "notRunning", timeout=60_000
    )
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0, timeout=60_000)


def screenshot(page: Page, name: str) -> Path:
    """A picture of the window, kept for people to look at."""
    path = SCREENSHOTS / f"{name}.png"
    page.screenshot(path=path)
    return path
