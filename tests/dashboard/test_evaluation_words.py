"""What an evaluation says: the verdict's figures, candidates in words, groups that are off."""

from __future__ import annotations

import json

import pytest

from backend.evaluation import Verdict, judge
from backend.training_report import GroupCoverage, parse_report
from dashboard.evaluation_words import (
    candidate_name,
    choice_name,
    coverage_remark,
    day,
    group_name,
    lead_time_label,
    measured_on,
    unbroken,
    verdict_sentence,
)
from dashboard.i18n import LANGUAGES, Language, open_reader
from scoring.candidates.catalogue import MEDIAN, candidates_of
from tests.data.reports import document, report

ENGLISH, JAPANESE = open_reader("en"), open_reader("ja")


def test_the_verdict_tells_both_ratios_and_the_origins_won() -> None:
    sentence = verdict_sentence(ENGLISH, judge(report()), "demand:3")
    for part in (
        "Better than demand:3",
        "CRPS −31.9\u00a0%",
        "RMSE −23.7\u00a0%",
        "same 18 past origins",
        "at 18 of",
    ):
        assert part in sentence


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_reason_has_its_sentence_with_its_figures(language: Language) -> None:
    reader = open_reader(language)
    told = {
        "first": Verdict("first", "first", 12),
        "unmeasured": Verdict("unmeasured", "unmeasured", 12),
        "crps": Verdict("not_better", "crps", 12, 7, 0.981, 0.99),
        "rmse": Verdict("not_better", "rmse", 12, 9, 0.9, 1.042),
        "few_origins": Verdict("not_better", "few_origins", 3, 3, 0.5, 0.6),
        "no ratio": Verdict("not_better", "crps", 12, 0, None, None),
    }
    sentences = {name: verdict_sentence(reader, verdict, "demand:3") for name, verdict in told.items()}
    assert len(set(sentences.values())) == len(told)
    for name in set(told) - {"first"}:
        assert "demand:3" in sentences[name]
    assert reader.signed_percent(-0.019) in sentences["crps"]
    assert reader.percent(0.05) in sentences["crps"]
    assert reader.signed_percent(0.042) in sentences["rmse"]
    assert "4" in sentences["few_origins"]
    assert reader.t("kpi.unknown") in sentences["no ratio"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("frequency", ["D", "h", "W-SUN", "MS", "QS", "YS"])
def test_every_candidate_has_words(language: Language, frequency: str) -> None:
    reader = open_reader(language)
    slugs = {candidate.slug for candidate in candidates_of(frequency, positive=True)} | {MEDIAN}
    names = {candidate_name(reader, slug, frequency) for slug in slugs}
    assert len(names) == len(slugs)
    assert not names & slugs


def test_a_candidate_without_words_keeps_its_name() -> None:
    assert candidate_name(ENGLISH, "prophet", "D") == "prophet"
    assert candidate_name(ENGLISH, "season-regression-13", "D") == "Weekday profile (last 13 weeks)"
    assert candidate_name(ENGLISH, "season-regression-13-168", "h") == (
        "Season profile (last 13 cycles) (season of 168)"
    )


@pytest.mark.parametrize(
    ("how", "members", "words"),
    [
        ("single", ["theta"], "Theta"),
        ("mean", ["ets", "theta"], "the mean of Exponential smoothing (ETS), Theta"),
        ("median", ["ets", "theta"], "the median of Exponential smoothing (ETS), Theta"),
    ],
)
def test_the_choice_names_its_members(how: str, members: list[str], words: str) -> None:
    changed = document()
    changed["champion"] |= {"how": how, "members": members}
    assert choice_name(ENGLISH, report(changed)) == words


def test_a_choice_without_members_keeps_its_own_name() -> None:
    changed = document()
    changed["champion"] |= {"members": [], "name": "something new"}
    assert choice_name(ENGLISH, parse_report(json.dumps(changed))) == "something new"


@pytest.mark.parametrize(
    ("coverage", "remark"),
    [
        ({80: 0.82, 95: 0.95}, ""),
        ({80: 0.74, 95: 0.95}, "80\u00a0% range too narrow"),
        ({80: 0.97, 95: 1.0}, "80\u00a0% range too wide, 95\u00a0% range too wide"),
        ({95: 0.9095}, ""),  # 91\u00a0% as it is read, which is inside
    ],
)
def test_a_group_that_is_off_is_said_in_words(coverage: dict[int, float], remark: str) -> None:
    assert coverage_remark(ENGLISH, GroupCoverage("weekend", 100, coverage)) == remark


def test_groups_lead_times_and_days_are_the_readers() -> None:
    assert [group_name(ENGLISH, name) for name in ("weekday", "all", "group-2")] == [
        "Weekdays",
        "All days",
        "Group 2",
    ]
    assert lead_time_label(ENGLISH, "D", 1, 7) == "1 to 7 days"
    assert lead_time_label(ENGLISH, "D", 1, 1) == "1 day"
    assert lead_time_label(JAPANESE, "ME", 4, 6) == "4〜6か月先"
    assert lead_time_label(ENGLISH, "W-FRI", 1, 4) == "1 to 4 weeks"
    assert lead_time_label(ENGLISH, "unheard-of", 1, 4) == "1–4"
    assert day(ENGLISH, "2014-05-31") == "31 May 2014"
    assert day(JAPANESE, "2014-05-31T13:00:00") == "2014年5月31日 13:00"


def test_what_the_figures_rest_on() -> None:
    sentence = measured_on(ENGLISH, report())
    for part in ("18 past origins", "up to 28 steps", "305 values", "31 July 2013 to 31 May 2014"):
        assert part in sentence


def test_japanese_names_break_before_brackets_and_at_spaces_only() -> None:
    name = candidate_name(JAPANESE, "season-regression-13", "D")
    assert unbroken(name).replace("\N{WORD JOINER}", "") == name
    pieces = [piece for piece in unbroken(name).split("\N{WORD JOINER}") if len(piece) > 1]
    assert pieces == ["ル（", "13"]
    english = candidate_name(ENGLISH, "season-regression-13", "D")
    assert unbroken(english) == english
