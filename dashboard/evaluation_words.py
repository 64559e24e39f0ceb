"""The sentences of an evaluation, written from its figures; pure."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING

from backend.evaluation import LEAST_GAIN, LEAST_ORIGINS, judge_coverage

if TYPE_CHECKING:
    from backend.evaluation import Verdict
    from backend.training_report import GroupCoverage, TrainingReport
    from dashboard.i18n import Reader

# Frequencies that are told in the same words.
SAME_WORDS = {"ME": "MS", "QE": "QS"}
# Between two characters of which one is Japanese, where no bracket opens.
LETTERS = "ぁ-んァ-ヶー一-龠・＋"
JAPANESE_PAIR = re.compile(rf"(?<=\S)(?=[{LETTERS}）])|(?<=[{LETTERS}（）])(?=[^\s（])")
WORD_JOINER = "\N{WORD JOINER}"
# A slug that names its season at the end, where a series has several: season-regression-13-168.
WITH_SEASON = re.compile(r"(?P<slug>.+)-(?P<season>\d+)")


def verdict_sentence(reader: Reader, verdict: Verdict, champion: str) -> str:
    """What the comparison with the champion (`name:version`) came to, with its figures."""
    return reader.t(
        f"verdict.{verdict.reason}",
        champion=champion,
        crps=_change(reader, verdict.crps_ratio),
        rmse=_change(reader, verdict.rmse_ratio),
        origins=verdict.origins,
        won=verdict.won,
        bound=reader.percent(LEAST_GAIN),
        least=LEAST_ORIGINS,
    )


def candidate_name(reader: Reader, slug: str, frequency: str) -> str:
    """A candidate in the reader's words for series of a frequency; the slug itself where we have none."""
    for key in (f"candidate.{frequency}.{slug}", f"candidate.{slug}"):
        if reader.has(key):
            return reader.t(key)
    found = WITH_SEASON.fullmatch(slug)
    if found and reader.has(f"candidate.{found['slug']}"):
        name = reader.t(f"candidate.{found['slug']}")
        return reader.t("evaluation.with_season", name=name, season=found["season"])
    return slug


def choice_name(reader: Reader, report: TrainingReport) -> str:
    """What a run chose: one candidate, or the mean or median of several."""
    choice = report.choice
    members = [candidate_name(reader, slug, report.data.frequency) for slug in choice.members]
    if not members:
        return choice.name
    return reader.t(f"evaluation.choice.{choice.how}", members=reader.join(members))


def group_name(reader: Reader, name: str) -> str:
    """A season group: all, weekday, weekend, or one of several by number."""
    if reader.has(f"evaluation.group.{name}"):
        return reader.t(f"evaluation.group.{name}")
    return reader.t("evaluation.group_number", number=name.removeprefix("group-"))


def coverage_remark(reader: Reader, group: GroupCoverage) -> str:
    """Whether a group's ranges hold what they promise; an empty text when they all do."""
    remarks = [
        reader.t(f"evaluation.{fit}", level=reader.percent(level / 100))
        for level, share in sorted(group.coverage.items())
        if (fit := judge_coverage(level, share)) != "right"
    ]
    return reader.join(remarks)


def lead_time_label(reader: Reader, frequency: str, first: int, last: int) -> str:
    """1 to 7 days; plain numbers for a frequency without words."""
    base = frequency.split("-")[0]
    key = f"accuracy.step{'s' if first != last else ''}.{SAME_WORDS.get(base, base)}"
    return reader.t(key, first=first, last=last) if reader.has(key) else f"{first}\N{EN DASH}{last}"


def unbroken(text: str) -> str:
    """A name for a narrow column: Japanese, which may break anywhere, breaks before a bracket alone."""
    return JAPANESE_PAIR.sub(WORD_JOINER, text)


def measured_on(reader: Reader, report: TrainingReport) -> str:
    """On what the figures rest."""
    origins = report.settings.origins
    return reader.t(
        "evaluation.measured_on",
        origins=len(origins),
        first=day(reader, origins[0]),
        last=day(reader, origins[-1]),
        horizon=report.settings.horizon,
        rows=reader.number(report.data.rows),
        start=day(reader, report.data.start),
        end=day(reader, report.data.end),
    )


def day(reader: Reader, text: str) -> str:
    """An ISO date, with its time where it has one that matters, as the reader writes it."""
    moment = datetime.fromisoformat(text)
    written = reader.date(moment)
    return written if not (moment.hour or moment.minute) else f"{written} {moment:%H:%M}"


def _change(reader: Reader, ratio: float | None) -> str:
    return reader.t("kpi.unknown") if ratio is None else reader.signed_percent(ratio - 1)
