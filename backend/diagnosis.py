"""A failure read as its cause, the lines that show it, and what to do next (pure).

The rules are data (`diagnosis_rules.toml`); what no rule knows is `unknown`, shown with its evidence.
"""

from __future__ import annotations

import functools
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from backend.secrets_masking import mask

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from backend.errors import YosokuError
    from backend.jobs import JobError

Action = Literal[
    "resize",
    "shrink",
    "environment",
    "script",
    "rename",
    "retry",
    "wait",
    "certificate",
    "log",
    "sign_in",
    "keys",
    "endpoints",
    "request",
    "read",
]
RULES = Path(__file__).with_name("diagnosis_rules.toml")
UNKNOWN = "unknown"
NO_REASON = "no_reason"  # a failure that says nothing at all: empty, or Python's None
LINES_SHOWN = 3
LINE_LENGTH = 600
_NOTHING = frozenset({"", "none", "null", "{}", "[]", '""'})
# A managed identity's own address is its secret; the SDK's errors quote it.
_IDENTITY = re.compile(r"(/MSI/)[0-9a-f]{16,}")


@dataclass(frozen=True)
class Failure:
    """What is known of a failure: its sentence, what was seen (a log, an answer), our code, HTTP status."""

    message: str
    evidence: str = ""
    code: str = ""
    status: int | None = None


@dataclass(frozen=True)
class Diagnosis:
    """A cause, by the code that the catalogues translate, and the lines that show it.

    `details` fill the cause's sentence; a symptom is a cause that says what happened and not why.
    """

    cause: str
    action: Action
    lines: tuple[str, ...]
    details: Mapping[str, str] = field(default_factory=dict)
    is_symptom: bool = False

    @property
    def is_known(self) -> bool:
        """Whether a rule recognised it."""
        return self.cause not in (UNKNOWN, NO_REASON)


@dataclass(frozen=True)
class Rule:
    """One line of the table; see the head of `diagnosis_rules.toml`."""

    cause: str
    action: Action
    is_symptom: bool
    lines: tuple[re.Pattern[str], ...]
    codes: frozenset[str]
    statuses: frozenset[int]
    not_codes: frozenset[str]


@functools.cache
def rules() -> tuple[Rule, ...]:
    """The rules in their order; ValueError names a rule whose action is none of ours."""
    document = tomllib.loads(RULES.read_text(encoding="utf-8"))
    return tuple(_rule(given) for given in document["rule"])


def diagnose(failure: Failure) -> Diagnosis:
    """Read a failure: roots before symptoms, its sentence before its evidence, the rules in their order."""
    message, evidence = _lines(failure.message), _lines(failure.evidence)
    for is_symptom in (False, True):
        tier = [
            rule for rule in rules() if rule.is_symptom == is_symptom and failure.code not in rule.not_codes
        ]
        for lines, facts in ((message, failure), (evidence, None)):
            for rule in tier:
                found = _found(rule, lines)
                if found is not None:
                    return Diagnosis(rule.cause, rule.action, (found.string,), found.groupdict(), is_symptom)
                if facts is not None and (facts.code in rule.codes or facts.status in rule.statuses):
                    details = {"status": str(facts.status)} if facts.status in rule.statuses else {}
                    shown = _shown(message, evidence)
                    return Diagnosis(rule.cause, rule.action, shown, details, is_symptom)
    if not message and not evidence:
        return Diagnosis(NO_REASON, "log", ())
    return Diagnosis(UNKNOWN, "read", _shown(message, evidence))


def failure_of_error(error: YosokuError) -> Failure:
    """An error of the backend with the text of what caused it, which says more than the error's own."""
    causes = []
    cause = error.__cause__
    while cause is not None:
        causes.append(f"{type(cause).__name__}: {cause}")
        cause = cause.__cause__ or cause.__context__
    return Failure(
        error.message,
        "\n".join([error.evidence, *causes]),
        error.code,
        _status(error.details.get("status")),
    )


def failure_of_job(error: JobError) -> Failure:
    """A failed job's error."""
    return Failure(error.message, error.evidence, error.code, _status(error.details.get("status")))


def without_secrets(text: str) -> str:
    """Text whose keys, tokens and signatures are masked."""
    return mask(_IDENTITY.sub(r"\1***", text))


def _rule(given: Mapping[str, Any]) -> Rule:
    action = next((known for known in get_args(Action) if known == given["action"]), None)
    if action is None:
        raise ValueError(f"the rule {given['cause']} has an unknown action: {given['action']}")
    return Rule(
        cause=given["cause"],
        action=action,
        is_symptom=given.get("symptom", False),
        lines=tuple(re.compile(pattern) for pattern in given.get("lines", ())),
        codes=frozenset(given.get("codes", ())),
        statuses=frozenset(given.get("statuses", ())),
        not_codes=frozenset(given.get("not_codes", ())),
    )


def _found(rule: Rule, lines: list[str]) -> re.Match[str] | None:
    """The newest line that one of the rule's expressions finds; the log's last word counts."""
    matches: Iterator[re.Match[str] | None] = (
        pattern.search(line) for line in reversed(lines) for pattern in rule.lines
    )
    return next((match for match in matches if match), None)


def _lines(text: str) -> list[str]:
    """The lines that say something, without secrets."""
    stripped = (line.strip()[:LINE_LENGTH] for line in without_secrets(text or "").splitlines())
    return [line for line in stripped if line.lower() not in _NOTHING]


def _shown(message: list[str], evidence: list[str]) -> tuple[str, ...]:
    """The last lines that were seen, or the failure's own sentence."""
    return tuple((evidence or message)[-LINES_SHOWN:])


def _status(value: object) -> int | None:
    text = str(value)
    return int(text) if text.isdigit() else None
