"""Every error of the scoring room, in one tree; this room is shipped alone, so the tree is its own.

ScoringError
 ├── RequestRefused          the caller's request is outside the contract; carries the status and a code
 ├── ModelFileInvalid        the model file is missing, damaged, of a newer format, or not ours
 ├── TrainingInputInvalid    the series or an option of a training run can't be used; names the field
 └── CandidateUnfit          one candidate can't be fitted to this series; the others go on
"""

from __future__ import annotations


class ScoringError(Exception):
    """Base of every error of this package."""


class RequestRefused(ScoringError):
    """The request is outside the scoring contract; `code` is stable, `status` is the 4xx of the answer."""

    def __init__(self, code: str, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


class ModelFileInvalid(ScoringError):
    """The model file is missing, damaged, of a newer format, or not ours."""


class TrainingInputInvalid(ScoringError):
    """The series or an option of a training run can't be used; `field` names it."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self._message = message

    def __reduce__(self) -> tuple[type[TrainingInputInvalid], tuple[str, str]]:
        # It comes back from the processes that fit, where an exception is made again of its arguments.
        return type(self), (self.field, self._message)


class CandidateUnfit(ScoringError):
    """One candidate can't be fitted to this series; the others go on."""
