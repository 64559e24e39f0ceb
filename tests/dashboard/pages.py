"""Reading a page as AppTest shows it, and scripts that teams might deploy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dashboard.i18n import open_reader

if TYPE_CHECKING:
    from streamlit.testing.v1 import AppTest

ENTRY = Path(__file__).parent.parent.parent / "streamlit_app.py"
TIMEOUT_SECONDS = 60
KINDS = ("title", "subheader", "markdown", "caption", "info", "warning", "error", "success", "code", "metric")

# Speaks the course's contract; waits in init() until the file is there, fails in run() once the other is.
COURSE_SCRIPT = """
import json
import os
import time


def init():
    while not os.path.exists({begin!r}):
        time.sleep(0.02)


def run(raw):
    if os.path.exists({fail!r}):
        raise RuntimeError("out of order")
    return json.dumps({{"result": [500.0 + step for step in range(json.loads(raw)["data"][0])]}})
"""

# The bundled script, which fails once the file is there.
FRAGILE_SCRIPT = """
import os

import score


def init():
    score.init()


def run(raw):
    if os.path.exists({fail!r}):
        raise RuntimeError("out of order")
    return score.run(raw)
"""

FAILING_SCRIPT = """
def init():
    raise RuntimeError("no model at models/demand.pkl")


def run(raw):
    return raw
"""


def said(at: AppTest) -> str:
    """All the words on the page."""
    return "\n".join(str(element.value) for kind in KINDS for element in getattr(at, kind))


def figures(at: AppTest) -> list[dict[str, Any]]:
    """The charts on the page, as the browser is sent them."""
    return [json.loads(element.proto.spec) for element in at.get("plotly_chart")]


def traces(at: AppTest) -> list[str]:
    """The names of the first chart's traces."""
    return [trace["name"] for trace in figures(at)[0]["data"]]


def open_tab(at: AppTest, name: str) -> None:
    """Open one of the tabs under the Forecast page's board."""
    at.session_state["forecast_more"] = open_reader(at.session_state["lang"]).t(f"more.{name}")
    at.run()
    assert not at.exception, at.exception


def open_actuals(at: AppTest) -> None:
    """Open what is below the Forecast page: the choice of actuals and the upload."""
    at.session_state["actuals_panel"] = True
    at.run()
    assert not at.exception, at.exception


def tables(at: AppTest) -> str:
    """The words in the page's tables."""
    written = [text.value for text in at.markdown if text.value.startswith("| ")]
    return "\n".join([*(table.value.to_csv() for table in at.table), *written])
