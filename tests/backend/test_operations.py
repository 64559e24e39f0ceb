"""Azure ML's nested errors become one sentence and its evidence."""

from __future__ import annotations

import pytest

from backend.operations import failure_of


@pytest.mark.parametrize(
    ("error", "sentence", "evidence"),
    [
        ({}, "", ""),
        ({"code": "AciDeploymentFailed"}, "AciDeploymentFailed", ""),
        (
            {
                "message": "Service deployment request failed",
                "details": [{"code": "CrashLoopBackOff", "message": "Your container application crashed."}],
            },
            "Your container application crashed.",
            "",
        ),
        (
            {"message": "init() raised.", "details": [{"message": "Traceback\\nValueError: x"}, "odd", {}]},
            "init() raised.",
            "Traceback\nValueError: x",
        ),
    ],
)
def test_the_exact_sentence_is_found(error: dict[str, object], sentence: str, evidence: str) -> None:
    assert failure_of(error) == (sentence, evidence)
