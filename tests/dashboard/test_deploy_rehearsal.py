"""The Deploy page before the button: the rehearsal and its size, the pre-flight, the price."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from backend.demonstration import ENDPOINT
from backend.local.state import folder_of
from backend.phases import REHEARSAL_PHASES
from dashboard.i18n import LANGUAGES, Language, open_reader
from tests.conftest import wait_for
from tests.dashboard.conftest import OpenPage
from tests.dashboard.pages import figures, said

if TYPE_CHECKING:
    from streamlit.testing.v1 import AppTest

    from backend.application import Application

pytestmark = pytest.mark.usefixtures("demonstration")


IMPOSSIBLE = "name: wrong\ndependencies:\n  - python=3.11\n  - pip:\n    - numpy==0.0.1\n    - numpy==2.0.0\n"


def words_on(at: AppTest) -> str:
    return said(at).replace("\\", "")


def until_rehearsed(application: Application, at: AppTest) -> None:
    job = application.jobs.latest("rehearse")
    assert job is not None
    wait_for(application, job)
    at.run()
    assert not at.exception, at.exception


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_rehearsal_is_left_found_again_and_its_size_is_taken(
    open_page: OpenPage, application: Application, language: Language
) -> None:
    reader = open_reader(language)
    at = open_page("deploy", language)
    at.button(key="rehearsal_button").click().run()
    assert all(reader.t(f"phase.{phase}") in words_on(at) for phase in REHEARSAL_PHASES)
    again = open_page("deploy", language)
    until_rehearsed(application, again)
    told = words_on(again)
    assert reader.t("rehearsal.column.horizon") in told
    assert "| 365 |" in told
    assert len(figures(again)) == 1, "the answer is drawn"
    assert again.number_input(key="deploy_cpu").value == 1.0
    again.button(key="rehearsal_take").click().run()
    proposal = application.jobs.latest("rehearse").result["proposal"]  # type: ignore[union-attr]
    assert again.number_input(key="deploy_cpu").value == proposal["cpu_cores"]
    assert again.number_input(key="deploy_memory").value == proposal["memory_gb"]
    assert reader.t("rehearsal.taken") in words_on(again)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_rehearsal_that_fails_says_why(
    open_page: OpenPage, application: Application, language: Language
) -> None:
    reader = open_reader(language)
    at = open_page("deploy", language)
    at.selectbox(key="deploy_environment").set_value("own").run()
    at.text_area(key="deploy_yaml").set_value(IMPOSSIBLE).run()
    at.button(key="rehearsal_button").click().run()
    until_rehearsed(application, at)
    assert reader.t("rehearsal.failed") == at.error[0].proto.title
    assert "numpy==0.0.1" in words_on(at)
    assert at.button(key="rehearsal_button").label == reader.t("rehearsal.again")
    assert not at.button(key="deploy_button").disabled, "it is advice, no gate"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pre_flight_stands_before_the_button(open_page: OpenPage, language: Language) -> None:
    reader = open_reader(language)
    at = open_page("deploy", language)
    told = words_on(at)
    assert reader.t("preflight.title") in told
    assert reader.t("preflight.code.data") in told
    assert reader.t("preflight.region.local") in told
    assert reader.t("preflight.name.free", name=f"{ENDPOINT}-2") in told
    at.text_input(key="deploy_name").set_value(ENDPOINT).run()
    assert reader.t("preflight.name.taken", name=ENDPOINT) in words_on(at)
    assert reader.t("preflight.summary.failed") in words_on(at)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_quota_that_is_too_small_is_told_before(
    open_page: OpenPage, application: Application, language: Language
) -> None:
    switches = folder_of(application.settings.state_dir).faults
    switches.write_text(json.dumps({"quota_cores": 1.5}))
    try:
        told = words_on(open_page("deploy", language))
    finally:
        switches.unlink()
    reader = open_reader(language)
    assert reader.t("preflight.quota.exceeded", wanted="1", used="1", limit="1.5") in told


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_price_follows_the_size_and_is_called_an_estimate(open_page: OpenPage, language: Language) -> None:
    reader = open_reader(language)
    at = open_page("deploy", language)
    # 1.2 cores and 2 GB with the platform's own.
    day = reader.money((1.2 * 0.0000113 + 2.0 * 0.00000125) * 86_400, 2)
    month = reader.money((1.2 * 0.0000113 + 2.0 * 0.00000125) * 730 * 3600, 2)
    assert reader.t("costs.estimate.local", day=day, month=month) in words_on(at)
    assert reader.t("costs.overhead", cores="1.2", memory="2") in words_on(at)
    at.number_input(key="deploy_cpu").set_value(2.0).run()
    assert reader.t("costs.overhead", cores="2.2", memory="2") in words_on(at)
    assert reader.t("costs.estimate.local", day=day, month=month) not in words_on(at)
