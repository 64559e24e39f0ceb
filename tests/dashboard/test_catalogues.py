"""Both catalogues say the same things, and say all that the code asks them for."""

from __future__ import annotations

import ast
import re
import string
from pathlib import Path

import pytest

from backend.evaluation import Outcome, Reason
from backend.jobs import JobState
from backend.models import METRICS
from backend.phases import BRIEF_PHASES, PHASES, REHEARSAL_PHASES, REPLACEMENT_PHASES, TRAINING_PHASES
from backend.series_calendar import SEASON
from backend.services import State, WhichKey
from backend.training_report import How
from dashboard.headline import RECENT_DAYS
from dashboard.i18n import LANGUAGES, Language, catalogue
from dashboard.series import RANGES

ROOT = Path(__file__).parent.parent.parent
KANA = re.compile(r"[ぁ-んァ-ヶ一-龠]")
# The values that the backend puts into a code it builds.
BUILT_CODES = {
    "outputs.unsafe_{}": ("path", "link", "size"),
    "deployment.{}": ("cpu_cores", "memory_gb"),
    "actuals.no_{}": ("date", "value"),
}
# Words that are the same in both languages: names, signs, formats.
SAME = re.compile(
    r"^(app\.title|format\.separator|kpi\.unknown|days\.none|models\.not_deployed|chart\..*_format|"
    r"accuracy\.rmse|try_it\.(raw|language\..*)|deploy\.training_code|error\.error|forecast\.interval\.\d+|"
    r"app\.language_name|evaluation\.choice\.single|models\.by\..*|notes\.(line|range)|days\.named|lead\.se\w+|provenance\.stop|time_machine\.off|breakdown\.(in_unit|expected)|"
    r"format\.(moment|percent)|days\.limits|deploy\.memory_limit)$"
)


def placeholders(text: str) -> list[str]:
    return sorted({field for _, field, _, _ in string.Formatter().parse(text) if field is not None})


def codes_of(path: Path) -> set[str]:
    """The values of `code=` in a module; a built one with {} where a value comes in."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.keyword) or node.arg != "code":
            continue
        for part in ast.walk(node.value):
            if isinstance(part, ast.JoinedStr):
                found.add("".join(str(v.value) if isinstance(v, ast.Constant) else "{}" for v in part.values))
            elif isinstance(part, ast.Constant) and isinstance(part.value, str) and "." in part.value:
                found.add(part.value)
    return {code for code in found if not code.endswith(".") and not code.startswith(".")}


def backend_codes() -> set[str]:
    found: set[str] = set()
    for path in (ROOT / "backend").rglob("*.py"):
        for code in codes_of(path):
            if "{}" in code:
                found |= {code.replace("{}", value) for value in BUILT_CODES[code]}
            else:
                found.add(code)
    # The parts of a built code are found as plain constants too.
    return {code for code in found if re.fullmatch(r"[a-z_]+\.[a-z_]+", code) and not code.endswith("_")}


def asked_keys() -> set[str]:
    """The keys that the dashboard asks for by a literal."""
    found: set[str] = set()
    for path in [ROOT / "streamlit_app.py", *(ROOT / "dashboard").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "t"
                and node.args
                and isinstance(node.args[0], ast.Constant)
            ):
                found.add(str(node.args[0].value))
    return found


def test_same_keys() -> None:
    assert set(catalogue("en")) == set(catalogue("ja"))


@pytest.mark.parametrize("key", sorted(catalogue("en")))
def test_same_placeholders(key: str) -> None:
    assert placeholders(catalogue("en")[key]) == placeholders(catalogue("ja")[key])


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_empty_sentence(language: Language) -> None:
    assert not [key for key, text in catalogue(language).items() if not text.strip()]


def test_english_has_no_japanese_and_japanese_is_translated() -> None:
    english, japanese = catalogue("en"), catalogue("ja")
    assert not [key for key, text in english.items() if KANA.search(text)]
    plain = [key for key, text in japanese.items() if not KANA.search(re.sub(r"\{.*?\}", "", text))]
    assert not [key for key in plain if not SAME.match(key)], "these look untranslated"


def test_every_key_that_is_asked_for_exists() -> None:
    assert not asked_keys() - set(catalogue("en"))


def test_every_error_code_of_the_backend_has_a_sentence() -> None:
    codes = backend_codes()
    assert "endpoint.unavailable" in codes
    assert not {code for code in codes if f"error.{code}" not in catalogue("en")}


@pytest.mark.parametrize(
    "prefix_and_values",
    [
        ("state.", State.__args__),  # type: ignore[attr-defined]
        ("state.help.", State.__args__),  # type: ignore[attr-defined]
        ("phase.", (*PHASES, *TRAINING_PHASES, *BRIEF_PHASES, *REHEARSAL_PHASES, *REPLACEMENT_PHASES)),
        ("phase.help.", (*PHASES, *TRAINING_PHASES, *BRIEF_PHASES, *REHEARSAL_PHASES, *REPLACEMENT_PHASES)),
        ("training.came_to.", (*Outcome.__args__, "by_hand")),  # type: ignore[attr-defined]
        ("training.next.", (*Outcome.__args__, "by_hand")),  # type: ignore[attr-defined]
        ("training.", ("failed", "interrupted", "cancelled")),
        ("verdict.", Reason.__args__),  # type: ignore[attr-defined]
        ("evaluation.choice.", How.__args__),  # type: ignore[attr-defined]
        ("evaluation.role.", ("champion", "registered")),
        ("evaluation.", ("narrow", "wide", "right")),
        ("keys.", WhichKey.__args__),  # type: ignore[attr-defined]
        ("frequency.", SEASON),
        ("forecast.steps.", SEASON),
        ("headline.", [f"{frequency}{end}" for frequency in SEASON for end in ("", "_range", "_below")]),
        ("headline.total.", [f"{frequency}{end}" for frequency in SEASON for end in ("", "_range")]),
        ("kpi.next_mean.", SEASON),
        ("kpi.next_total.", SEASON),
        ("lead.change.", SEASON),
        ("time_machine.span.", SEASON),
        ("kpi.miss_help.", SEASON),
        ("accuracy.step.", SEASON),
        ("accuracy.steps.", SEASON),
        ("finding.compared.", SEASON),
        ("finding.profile-changed.", [frequency for frequency, season in SEASON.items() if season > 1]),
        ("forecast.range.", [f"{frequency}.{steps}" for frequency in SEASON for steps in RANGES[frequency]]),
        ("byline.recent.", RECENT_DAYS),
        ("models.by.", set(METRICS.values())),
    ],
    ids=lambda pair: pair[0],
)
def test_every_value_has_its_word(prefix_and_values: tuple[str, tuple[str, ...]]) -> None:
    prefix, values = prefix_and_values
    assert not [value for value in values if prefix + value not in catalogue("en")]


def test_job_states_are_the_ones_that_pages_know() -> None:
    states = {"running", "succeeded", "failed", "interrupted", "cancelled"}
    assert set(JobState.__args__) == states  # type: ignore[attr-defined]
