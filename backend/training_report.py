"""What a training run measured (report.json): who was tried, how each one did, on which past origins."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from pydantic import Field, TypeAdapter, ValidationError

from backend.errors import InvalidReport

if TYPE_CHECKING:
    from pathlib import Path

Role = Literal["champion", "registered", "candidate", "reference"]
How = Literal["single", "mean", "median"]

REPORT_FILE = "report.json"
FORMAT = "yosoku-report"
VERSION = 1
REPORT_BYTES = 20_000_000
FIELDS_NAMED = 5
# "champion" in a report is what this run chose, measured without hindsight; "registered" the model that was
# the champion of the registry when it ran.
CHALLENGER: Role = "champion"
REGISTERED: Role = "registered"

_Figure: TypeAlias = Annotated[float, Field(allow_inf_nan=False)]


@dataclass(frozen=True)
class GroupCoverage:
    """How often actuals of one season group fell inside their range; shares by level in percent."""

    name: str
    count: int
    coverage: dict[int, _Figure]


@dataclass(frozen=True)
class Standing:
    """One row of the leaderboard; the figures are None where `error` says why there are none."""

    name: str
    role: Role
    rmse: Annotated[_Figure | None, Field(alias="RMSE")]
    mae: Annotated[_Figure | None, Field(alias="MAE")]
    mase: Annotated[_Figure | None, Field(alias="MASE")]
    r2: Annotated[_Figure | None, Field(alias="R2")]
    crps: Annotated[_Figure | None, Field(alias="CRPS")]
    bias: _Figure | None
    coverage: dict[int, _Figure] | None
    groups: tuple[GroupCoverage, ...] | None
    count: int | None = None
    error: str | None = None


@dataclass(frozen=True)
class LeadTimeErrors:
    """Errors of one row of the leaderboard from `first` to `last` steps ahead."""

    name: str
    first: Annotated[int, Field(alias="from")]
    last: Annotated[int, Field(alias="to")]
    rmse: Annotated[_Figure, Field(alias="RMSE")]
    mae: Annotated[_Figure, Field(alias="MAE")]
    crps: Annotated[_Figure, Field(alias="CRPS")]


@dataclass(frozen=True)
class OriginErrors:
    """Errors of one row of the leaderboard from one past origin."""

    name: str
    origin: str
    rmse: Annotated[_Figure, Field(alias="RMSE")]
    crps: Annotated[_Figure, Field(alias="CRPS")]


@dataclass(frozen=True)
class Choice:
    """What the run chose: one candidate, or several combined."""

    members: tuple[str, ...]
    how: How
    name: str = ""
    interval: str = ""


@dataclass(frozen=True)
class BacktestSettings:
    """How the candidates were measured; horizon, step and season in steps of the series."""

    horizon: int
    origins: tuple[str, ...]
    season: int | None = None


@dataclass(frozen=True)
class TrainingData:
    """The series that the run saw."""

    rows: int
    start: str
    end: str
    frequency: str


@dataclass(frozen=True)
class TrainingReport:
    """A checked report.json; the leaderboard is best first by CRPS."""

    run_id: str
    model_name: str
    choice: Annotated[Choice, Field(alias="champion")]
    settings: BacktestSettings
    data: TrainingData
    leaderboard: tuple[Standing, ...]
    lead_times: tuple[LeadTimeErrors, ...]
    origins: tuple[OriginErrors, ...]

    def standing(self, role: Role) -> Standing | None:
        """The first row of the leaderboard in a role."""
        return next((row for row in self.leaderboard if row.role == role), None)

    def by_lead_time(self, name: str) -> tuple[LeadTimeErrors, ...]:
        """The errors of one row of the leaderboard, nearest steps first."""
        return tuple(sorted((row for row in self.lead_times if row.name == name), key=lambda row: row.first))

    def by_origin(self, name: str) -> dict[str, OriginErrors]:
        """The errors of one row of the leaderboard by origin."""
        return {row.origin: row for row in self.origins if row.name == name}


_adapter = TypeAdapter(TrainingReport)


def read_report(path: Path) -> TrainingReport:
    """Read a report.json; InvalidReport names the fields that are missing or wrong."""
    try:
        if path.stat().st_size > REPORT_BYTES:
            raise _not_ours(f"it is larger than {REPORT_BYTES} bytes")
        return parse_report(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise _not_ours(str(error)) from error


def parse_report(text: str) -> TrainingReport:
    """As `read_report`, from the text."""
    document = _document(text)
    if document.get("format") != FORMAT:
        raise _not_ours(f"its format is not {FORMAT}")
    if document.get("version") != VERSION:
        raise InvalidReport(
            f"report.json is of version {document.get('version')}; this app reads version {VERSION}.",
            field="version",
            code="report.version",
            version=str(document.get("version"))[:20],
            known=VERSION,
        )
    try:
        report = _adapter.validate_python(document)
    except ValidationError as error:
        wrong = list(dict.fromkeys(_place(problem["loc"]) for problem in error.errors()))
        raise _invalid(wrong, str(error)) from error
    _check(report)
    return report


def is_report(path: Path) -> bool:
    """Whether a file says that it is a report of ours; a team may leave another report.json."""
    try:
        with path.open("rb") as opened:
            content = opened.read(REPORT_BYTES + 1)
        return _document(content.decode("utf-8")).get("format") == FORMAT
    except (OSError, UnicodeDecodeError, InvalidReport):
        return False


def _check(report: TrainingReport) -> None:
    """What the fields alone don't say: the run's own choice is there once, with figures, and so on."""
    roles = Counter(row.role for row in report.leaderboard)
    names = Counter(row.name for row in report.leaderboard)
    chosen = report.standing(CHALLENGER)
    has_figures = chosen is not None and None not in (chosen.crps, chosen.rmse)
    wrong = [
        place
        for place, holds in (
            ("leaderboard.champion", roles[CHALLENGER] == 1 and has_figures),
            ("leaderboard.registered", roles[REGISTERED] <= 1),
            ("leaderboard.name", all(count == 1 for count in names.values())),
            ("settings.origins", len(report.settings.origins) > 0),
        )
        if not holds
    ]
    if wrong:
        raise _invalid(wrong, "")


def _document(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except ValueError as error:
        raise _not_ours(f"it isn't JSON: {error}") from error
    if not isinstance(document, dict):
        raise _not_ours("it isn't a JSON object")
    return document


def _place(location: tuple[int | str, ...]) -> str:
    """`leaderboard[3].CRPS`, as a person would look for it."""
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.lstrip(".")


def _invalid(places: list[str], evidence: str) -> InvalidReport:
    shown = ", ".join(places[:FIELDS_NAMED]) + (" …" if len(places) > FIELDS_NAMED else "")
    return InvalidReport(
        f"report.json: missing or wrong: {shown}.",
        field=places[0],
        code="report.fields",
        evidence=evidence,
        fields=shown,
    )


def _not_ours(reason: str) -> InvalidReport:
    return InvalidReport(
        f"report.json can't be read: {reason}.", field=REPORT_FILE, code="report.unreadable", evidence=reason
    )
