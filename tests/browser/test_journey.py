"""The story of the product in a real browser: upload, register, deploy, Healthy, ask, forecast, delete."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from backend import models, services
from backend.application import Application
from backend.demonstration import ENDPOINT
from backend.jobs import Job
from dashboard.i18n import open_reader
from tests.browser.conftest import OpenPage, screenshot, settle

pytestmark = pytest.mark.browser
WORDS = open_reader("en")
NAME = "journey"
HEALTHY_MILLISECONDS = 120_000
PAGES = ("", "models", "deploy", "endpoints", "try_it")


def widget(page: Page, key: str) -> Locator:
    """A widget by its key; Streamlit makes it a class."""
    return page.locator(f".st-key-{key}")


def go(page: Page, title_key: str) -> None:
    page.get_by_role("link", name=WORDS.t(title_key), exact=True).first.click()
    settle(page)


@pytest.fixture
def archive(tmp_path: Path, application: Application, demonstration: Job) -> Path:
    """Run outputs as a team zips them: what the real training left, under another name."""
    trained = application.settings.uploads / f"demonstration-{ENDPOINT}"
    metrics = json.loads((trained / "metric.json").read_text()) | {"model_name": NAME, "run_id": "journey-1"}
    path = tmp_path / "outputs.zip"
    with zipfile.ZipFile(path, "w") as opened:
        opened.writestr("outputs/metric.json", json.dumps(metrics))
        for file in (trained / "models").iterdir():
            opened.write(file, f"outputs/models/{file.name}")
    return path


def test_from_upload_to_forecast_and_back(
    open_page: OpenPage, archive: Path, application: Application
) -> None:
    page = open_page()
    expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    register(page, archive)
    deploy(page)
    try_it(page)
    see_forecast(page)
    delete(page)
    workspace = application.workspace()
    assert NAME not in {endpoint.name for endpoint in services.list_endpoints(workspace)}
    models.delete_model(workspace, NAME, 1)


def register(page: Page, archive: Path) -> None:
    go(page, "models.page")
    panel = widget(page, "register_panel")
    panel.locator("summary").click()
    panel.locator("input[type=file]").set_input_files(archive)
    button = widget(page, "register_button").get_by_role("button")
    expect(button).to_be_visible()
    expect(panel).to_contain_text("461.6")  # what will be registered is shown before the button
    button.click()
    expect(button).to_have_count(0, timeout=60_000)  # the form is empty again
    settle(page)
    expect(page.get_by_test_id("stMain")).to_contain_text(NAME)
    screenshot(page, "journey-1-registered")


def deploy(page: Page) -> None:
    go(page, "deploy.page")
    chooser = widget(page, "deploy_model").locator("input")
    chooser.click()
    page.get_by_role("option", name=re.compile(NAME)).click()
    settle(page)
    for step in ("model", "script"):
        widget(page, f"deploy_next_{step}").get_by_role("button").click()
        settle(page)
    for key in ("deploy_cpu", "deploy_memory"):
        field = widget(page, key).locator("input")
        field.fill("1.0")
        field.press("Enter")
        settle(page)
    widget(page, "deploy_next_size").get_by_role("button").click()
    settle(page)
    name = widget(page, "deploy_name").locator("input")
    name.fill(NAME)
    name.press("Enter")
    main = page.get_by_test_id("stMain")
    expect(main.get_by_role("listitem").filter(has_text=f"— {NAME}")).to_have_count(2)  # model and endpoint
    settle(page)
    screenshot(page, "journey-2-review")
    widget(page, "deploy_button").get_by_role("button").click()
    expect(main).to_contain_text(WORDS.t("phase.start_init"), timeout=HEALTHY_MILLISECONDS)
    screenshot(page, "journey-3-deploying")
    expect(widget(page, "deploy_another")).to_be_visible(timeout=HEALTHY_MILLISECONDS)
    settle(page)
    expect(main).to_contain_text(f"/scoring/{NAME}/score")
    expect(main.locator(".js-plotly-plot .main-svg").first).to_be_visible()  # the first answer, as a chart
    screenshot(page, "journey-4-healthy")


def try_it(page: Page) -> None:
    go(page, "try_it.page")
    choose(page, "try_endpoint", NAME)
    widget(page, "try_send").get_by_role("button").click()
    settle(page)
    expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    screenshot(page, "journey-5-answer")


def see_forecast(page: Page) -> None:
    go(page, "forecast.page")
    widget(page, "forecast_choice").get_by_role("button").first.click()
    choose(page, "forecast_endpoint", NAME)
    page.keyboard.press("Escape")
    settle(page)
    expect(widget(page, "forecast_choice")).to_contain_text(NAME)
    chart = widget(page, "forecast_chart")
    expect(chart.locator(".main-svg").first).to_be_visible()
    screenshot(page, "journey-6-forecast")


def delete(page: Page) -> None:
    go(page, "endpoints.page")
    open_endpoint(page, NAME)
    page.get_by_role("tab", name=WORDS.t("endpoints.tab.delete")).click()
    settle(page)
    confirm = widget(page, "endpoint_delete").get_by_role("button")
    expect(confirm).to_be_disabled()
    typed = widget(page, "endpoint_typed").locator("input")
    typed.fill(NAME)
    typed.press("Enter")
    expect(confirm).to_be_enabled()
    confirm.click()
    settle(page)
    expect(widget(page, f"card_{ENDPOINT}")).to_be_visible()
    expect(widget(page, f"card_{NAME}")).to_have_count(0)


def open_endpoint(page: Page, name: str) -> None:
    widget(page, f"open_{name}").get_by_role("button").click()
    expect(widget(page, "endpoint_back")).to_be_visible(timeout=30_000)
    settle(page)


def choose(page: Page, key: str, option: str) -> None:
    widget(page, key).locator("input").click()
    page.get_by_role("option", name=option, exact=True).click()
    expect(widget(page, key).locator("input")).to_have_value(option)
    settle(page)


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_page_is_whole_in_both_languages_themes_and_widths(
    open_page: OpenPage, path: str, language: str
) -> None:
    for theme, width, height in (("light", 1440, 900), ("dark", 390, 844)):
        page = open_page(path, language=language, theme=theme, width=width, height=height)
        if not path:
            expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()
        screenshot(page, f"{path or 'forecast'}-{language}-{theme}-{width}")
        assert page.get_by_test_id("stException").count() == 0
        too_wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert too_wide <= 0, f"{path} is {too_wide} px wider than the window"


def test_nothing_leaves_the_machine(open_page: OpenPage) -> None:
    page = open_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    for title in ("models.page", "deploy.page", "endpoints.page", "try_it.page"):
        settle(page)
        go(page, title)
    hosts = {
        urlsplit(url).hostname for url in asked if urlsplit(url).scheme in ("http", "https", "ws", "wss")
    }
    assert hosts == {"127.0.0.1"}


def test_the_language_is_remembered_in_the_address(open_page: OpenPage) -> None:
    page = open_page("models", language="en")
    widget(page, "language").get_by_text(open_reader("ja").t("app.language_name")).click()
    settle(page)
    expect(page).to_have_url(re.compile("lang=ja"))
    page.reload()
    settle(page)
    expect(page.get_by_test_id("stMain")).to_contain_text(open_reader("ja").t("register.title"))


def test_no_key_is_in_the_page_unasked(open_page: OpenPage, application: Application) -> None:
    keys = services.keys(application.workspace(), ENDPOINT)
    page = open_page("endpoints")
    frames: list[str] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda data: frames.append(str(data))))
    page.reload()
    settle(page)
    open_endpoint(page, ENDPOINT)
    page.get_by_role("tab", name=WORDS.t("endpoints.tab.keys")).click()
    settle(page)
    sent = page.content() + "".join(frames)
    assert keys.primary not in sent
    assert keys.secondary not in sent
