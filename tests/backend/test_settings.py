"""Settings refuse what is half specified, and their page lists them all."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from backend.settings import PROJECT_ROOT, Settings


def test_every_setting_is_on_its_page_and_no_other() -> None:
    page = (PROJECT_ROOT / "docs" / "settings.md").read_text()
    listed = set(re.findall(r"^\| `(YOSOKU_\w+)`", page, re.MULTILINE))
    assert listed == {f"YOSOKU_{name.upper()}" for name in Settings.model_fields}


def test_azure_without_its_config_file_says_where_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="Download it in the Azure portal"):
        Settings(workspace="azure", config_file=tmp_path / "config.json")


def test_a_half_given_service_principal_names_what_is_missing(tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text("{}")
    with pytest.raises(ValidationError, match="YOSOKU_CLIENT_ID, YOSOKU_CLIENT_SECRET"):
        Settings(workspace="azure", config_file=config, authentication="service_principal", tenant_id="t")


def test_a_secret_is_not_in_a_repr() -> None:
    assert "hush" not in repr(Settings(client_secret="hush"))


def test_the_history_is_sqlite_in_the_state_folder_unless_said_otherwise(tmp_path: Path) -> None:
    assert Settings(state_dir=tmp_path).history_url == f"sqlite:///{tmp_path / 'yosoku.db'}"
    assert Settings(database_url="postgresql+psycopg://x/y").history_url == "postgresql+psycopg://x/y"
