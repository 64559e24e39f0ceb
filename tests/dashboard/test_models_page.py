"""The Models page: the best one is said, an upload is checked and registered, deleting is guarded."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from backend import models
from backend.demonstration import ENDPOINT, MODEL
from dashboard.i18n import LANGUAGES, Language, open_reader
from tests.dashboard.conftest import OpenPage
from tests.dashboard.pages import said, tables

if TYPE_CHECKING:
    from backend.application import Application

pytestmark = pytest.mark.usefixtures("demonstration")


def archive(**files: str) -> bytes:
    """A zip of files; a double underscore in a name stands for a slash, a dash for a dot."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as opened:
        for name, text in files.items():
            opened.writestr(name.replace("__", "/").replace("-", "."), text)
    return content.getvalue()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_best_model_and_its_endpoint_are_said_without_a_click(
    open_page: OpenPage, language: Language
) -> None:
    at = open_page("models", language)
    title = at.title[0].value.replace("\\", "")
    assert MODEL in title
    assert ENDPOINT in title
    assert "461." in title
    assert open_reader(language).t("models.best") in tables(at)
    assert ENDPOINT in tables(at)


def test_the_metric_decides_what_is_best(open_page: OpenPage) -> None:
    at = open_page("models")
    at.segmented_control(key="models_metric").set_value("R2").run()
    assert "R2 0.1" in at.title[0].value.replace("\\", "")


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_upload_is_previewed_registered_and_deleted(
    open_page: OpenPage, application: Application, run_outputs: Path, language: Language
) -> None:
    reader = open_reader(language)
    known = {model.id for model in models.list_models(application.workspace())}
    at = open_page("models", language)
    at.file_uploader(key="register_upload_0").upload("outputs.zip", run_outputs.read_bytes()).run()
    assert "models/forecast_model.npz" in said(at)
    assert "461." in " ".join(metric.value for metric in at.metric)
    assert {model.id for model in models.list_models(application.workspace())} == known, (
        "not before the button"
    )
    at.text_input(key="register_description").set_value("by upload")
    at.button(key="register_button").click().run()
    assert not at.exception
    (added,) = {model.id for model in models.list_models(application.workspace())} - known
    assert reader.t("models.registered", model=added) in [toast.value for toast in at.toast]
    at.selectbox(key="models_version").set_value(added).run()
    assert at.button(key="models_delete").disabled
    at.text_input(key="models_typed").set_value(added).run()
    at.button(key="models_delete").click().run()
    assert not at.exception
    assert {model.id for model in models.list_models(application.workspace())} == known


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("content", "field", "code"),
    [
        (b"no zip", "archive", "outputs.not_zip"),
        (archive(models__m="x"), "metric.json", "outputs.no_metrics"),
        (archive(**{"metric-json": '{"model_name": "m"}'}), "models", "outputs.no_models"),
        (
            archive(models__m="x", **{"metric-json": '{"model_name": "m", "RMSE": 1}'}),
            "R2",
            "outputs.metric",
        ),
    ],
    ids=["not a zip", "no metrics", "no models", "no R2"],
)
def test_a_bad_upload_names_the_field(
    open_page: OpenPage, language: Language, content: bytes, field: str, code: str
) -> None:
    reader = open_reader(language)
    at = open_page("models", language)
    at.file_uploader(key="register_upload_0").upload("bad.zip", content).run()
    assert at.error[0].value.replace("\\", "") == reader.t(f"error.{code}", name=field)
    title = reader.t("register.refused_field", name="bad.zip", field=field)
    assert at.error[0].proto.title.replace("\\", "") == title
    assert not [button for button in at.button if button.key == "register_button"]


def test_a_model_in_use_has_no_delete_button(open_page: OpenPage) -> None:
    at = open_page("models")
    at.selectbox(key="models_version").set_value(f"{MODEL}:1").run()
    assert ENDPOINT in at.info[0].value.replace("\\", "")
    assert not [button for button in at.button if button.key == "models_delete"]


def test_a_version_is_taken_to_the_deploy_page(open_page: OpenPage) -> None:
    at = open_page("models")
    at.selectbox(key="models_version").set_value(f"{MODEL}:1").run()
    at.button(key="models_deploy").click().run()
    assert at.title[0].value == "Deploy a model"
    assert at.session_state["deploy_model"] == f"{MODEL}:1"
