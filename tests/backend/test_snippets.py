"""The code that a page shows must run as it stands, and hold no key."""

from __future__ import annotations

import ast
import shlex

import pytest

from backend.snippets import KEY_VARIABLE, LANGUAGES, snippet

URI = "http://127.0.0.1:1/score"
PAYLOAD = '{"note": "it\'s 3 o\'clock", "data": [3], "flag": true}'


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("authenticated", [True, False])
def test_the_key_is_only_ever_a_variable(language: str, authenticated: bool) -> None:
    text = snippet(language, URI, PAYLOAD, authenticated)  # type: ignore[arg-type]
    assert (KEY_VARIABLE in text) is authenticated
    assert URI in text


def test_the_shell_gets_the_payload_unchanged() -> None:
    words = shlex.split(snippet("curl", URI, PAYLOAD, True).replace("\\\n", " "))
    assert words[words.index("--data") + 1] == PAYLOAD


def test_the_python_parses_and_carries_the_payload() -> None:
    tree = ast.parse(snippet("python", URI, PAYLOAD, True))
    assignment = next(node for node in tree.body if isinstance(node, ast.Assign))
    assert ast.literal_eval(assignment.value) == {"note": "it's 3 o'clock", "data": [3], "flag": True}
