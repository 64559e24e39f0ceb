"""An editor with line numbers and syntax colours (Ace) for code that a team brings."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import streamlit as st

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

HERE = Path(__file__).parent
ACE = ("ace.js", "mode-python.js", "mode-yaml.js")
Language = Literal["python", "yaml"]


def _text(*names: str) -> str:
    return "\n".join((HERE / name).read_text(encoding="utf-8") for name in names)


_mount = st.components.v2.component(
    "yosoku_code_editor",
    html='<div class="code-editor"></div>',
    css=_text("editor.css"),
    js=_text(*(f"ace/{name}" for name in ACE), "editor.js"),
    isolate_styles=False,  # Ace puts its own rules into the page
)


def edit_code(
    text: str, *, key: str, label: str, language: Language, notes: Sequence[tuple[int, str]] = ()
) -> str:
    """The code as it was last written, `text` at first; another `text` begins anew.

    `notes` are sentences beside lines (from 1); `label` is what a screen reader says.
    """
    found = _mount(
        data={
            "text": text,
            "beginning": _digest(text),
            "language": language,
            "label": label,
            "notes": [list(note) for note in notes],
        },
        default={"written": {}},
        key=key,
        on_written_change=_changed,
    )
    return _of(text, found.get("written"))


def written(text: str, key: str) -> str:
    """What `edit_code` is going to give, as far as it is known before the editor is drawn."""
    state = st.session_state.get(key)
    return _of(text, state.get("written") if state else None)


def _of(text: str, found: Mapping[str, str] | None) -> str:
    """What was written upon this beginning; an earlier one's is past."""
    return found["text"] if found and found.get("beginning") == _digest(text) else text


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _changed() -> None:
    """A change runs the page; what was written is the component's state."""
