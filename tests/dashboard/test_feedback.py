"""Text from elsewhere on a page: the line that matters, and no sign that Markdown would read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.components.feedback import cause, plain
from dashboard.components.log_view import matching

TRACEBACK = (
    "Traceback (most recent call last):\n  File 'score.py', line 4, in init\nFileNotFoundError: demand.pkl\n"
)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (TRACEBACK, "FileNotFoundError: demand.pkl"),
        ("No capacity.\nMore.", "No capacity."),
        ("\n\n", ""),
        ("", ""),
    ],
)
def test_the_cause_is_a_tracebacks_last_line_or_the_first(text: str, line: str) -> None:
    assert cause(text) == line


@given(st.text(alphabet="$[]*_`~<:\\ab", max_size=40))
def test_every_sign_of_markdown_is_escaped(text: str) -> None:
    escaped = plain(text)
    bare = escaped.replace("\\\\", "")
    for place, sign in enumerate(bare):
        if sign in "$[]*_`~<:":
            assert bare[place - 1] == "\\"


def test_a_log_is_searched_for_all_words_whatever_their_case() -> None:
    lines = ["Worker Count: 1", "worker exiting", "Count of rows"]
    assert matching(lines, "WORKER count") == ["Worker Count: 1"]
    assert matching(lines, "") == lines
