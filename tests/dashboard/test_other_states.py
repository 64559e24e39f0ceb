"""Pages before anything is deployed, while the demonstration is prepared, and without a workspace."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from backend.history import History
from dashboard.i18n import LANGUAGES, Language, open_reader
from tests.dashboard.series_examples import issued

ROOT = Path(__file__).parent.parent.parent
TIMEOUT_SECONDS = 240
EMPTY = {
    "forecast": "forecast.empty",
    "models": "models.empty",
    "deploy": "deploy.empty",
    "endpoints": "endpoints.empty",
    "try_it": "try_it.empty",
}
OFFERING = ("forecast", "endpoints", "try_it")

Told = dict[str, dict[str, dict[str, Any]]]


def walk(folder: Path, *options: str, **settings: str) -> dict[str, Told]:
    """What the pages say in a process with these settings."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("YOSOKU_")}
    environment |= {"YOSOKU_STATE_DIR": str(folder), **settings}
    done = subprocess.run(
        [sys.executable, "-m", "tests.dashboard.walk_pages", *options],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout.splitlines()[-1])  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def first_start(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Told]:
    # The slow build keeps the preparation running while the pages are walked, however fast the machine is.
    return walk(tmp_path_factory.mktemp("first_start"), "--prepare", YOSOKU_LOCAL_FAULTS="slow_build=30")


@pytest.fixture(scope="module")
def unreachable(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Told]:
    """An Azure workspace that nobody is logged in to, after an endpoint had issued forecasts."""
    folder = tmp_path_factory.mktemp("unreachable")
    config = folder / "config.json"
    config.write_text(json.dumps(dict.fromkeys(("subscription_id", "resource_group", "workspace_name"), "x")))
    history = History(f"sqlite:///{folder / 'yosoku.db'}")
    history.save_vintages([issued(date(2014, 5, 24), [600.0] * 28), issued(date(2014, 5, 31), [640.0] * 28)])
    history.engine.dispose()
    return walk(
        folder, YOSOKU_WORKSPACE="azure", YOSOKU_CONFIG_FILE=str(config), YOSOKU_AUTHENTICATION="cli", PATH=""
    )


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("page", EMPTY)
def test_an_empty_page_says_so_and_what_to_do(
    first_start: dict[str, Told], page: str, language: Language
) -> None:
    told = first_start["before"][language][page]
    assert not told["exceptions"]
    assert told["titles"] == [open_reader(language).t(EMPTY[page])]
    assert ("demonstration_prepare" in told["buttons"]) == (page in OFFERING)
    assert not told["errors"]


def test_the_button_prepares_the_demonstration(first_start: dict[str, Told]) -> None:
    told = first_start["pressed"]["en"]["forecast"]
    assert not told["exceptions"]
    assert told["titles"] == [open_reader("en").t("forecast.preparing")]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("page", OFFERING)
def test_a_running_preparation_is_found_on_every_page_that_waits_for_it(
    first_start: dict[str, Told], page: str, language: Language
) -> None:
    told = first_start["running"][language][page]
    assert not told["exceptions"]
    assert open_reader(language).t("demonstration.running") in told["text"]
    assert open_reader(language).t("phase.build_environment") in told["text"]
    assert "demonstration_prepare" not in told["buttons"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("page", EMPTY)
def test_an_unreachable_workspace_is_told_in_a_sentence(
    unreachable: dict[str, Told], page: str, language: Language
) -> None:
    told = unreachable["before"][language][page]
    assert not told["exceptions"]
    assert open_reader(language).t("workspace.unreachable") in told["errors"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_last_forecasts_are_shown_without_a_workspace(
    unreachable: dict[str, Told], language: Language
) -> None:
    reader = open_reader(language)
    told = unreachable["before"][language]["forecast"]
    assert "640" in told["titles"][0]
    assert reader.t("chart.forecast") in told["traces"]
    assert reader.date(datetime(2014, 6, 1, tzinfo=UTC)) in told["warnings"][0]
