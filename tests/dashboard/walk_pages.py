"""Walks every page in both languages and prints what it says as JSON; run in a process of its own.

The SDK reads its cloud once, on import, so that a workspace of another kind or state needs its own process:
`python -m tests.dashboard.walk_pages` with the settings in the environment. With `--prepare` the
demonstration's button is pressed at the end and the pages are walked again while it runs.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from streamlit.testing.v1 import AppTest

from backend.settings import Settings
from backend.workspace import stop
from dashboard.i18n import LANGUAGES, Language
from dashboard.session import application
from tests.dashboard.pages import ENTRY, TIMEOUT_SECONDS, said, traces

PAGES = ("forecast", "models", "deploy", "endpoints", "try_it")


def open_page(name: str, language: Language) -> AppTest:
    """A page in a new session."""
    at = AppTest.from_file(str(ENTRY), default_timeout=TIMEOUT_SECONDS)
    at.query_params["lang"] = language
    at.run()
    if name != "forecast":
        at.switch_page(f"dashboard/pages/{name}.py").run()
    return at


def told(at: AppTest) -> dict[str, Any]:
    """What a page says."""
    return {
        "exceptions": [exception.message for exception in at.exception],
        "titles": [title.value for title in at.title],
        "errors": [error.proto.title for error in at.error],
        "warnings": [warning.value for warning in at.warning],
        "text": said(at),
        "buttons": [button.key for button in at.button],
        "traces": traces(at) if at.get("plotly_chart") else [],
    }


def walk() -> dict[str, dict[str, dict[str, Any]]]:
    """Every page in every language."""
    return {language: {name: told(open_page(name, language)) for name in PAGES} for language in LANGUAGES}


def main() -> None:
    """Walk, press the button if asked, walk again, and end what was started."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--prepare", action="store_true")
    arguments = parser.parse_args()
    found = {"before": walk()}
    if arguments.prepare:
        at = open_page("forecast", "en")
        at.button(key="demonstration_prepare").click().run()
        found["pressed"] = {"en": {"forecast": told(at)}}
        found["running"] = walk()
    application().close()
    if application().settings.workspace == "local":
        stop(Settings())
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
