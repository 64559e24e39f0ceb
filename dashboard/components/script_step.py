"""The second step of a deployment: what runs in the container, and in which environment."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from backend import environments, scripts
from backend.errors import YosokuError
from backend.script_checks import check_script
from dashboard import reads
from dashboard.components.code_editor import edit_code, written
from dashboard.components.deploy_steps import proceed, step
from dashboard.components.feedback import plain, show_error

if TYPE_CHECKING:
    from backend.environments import EnvironmentSpecification
    from backend.script_checks import Finding
    from backend.scripts import Script
    from dashboard.i18n import Reader

BUNDLED, OWN = "bundled", "own"
CODE_HEIGHT = 360
EDITOR = "deploy_own_code"


def choose_script(reader: Reader) -> tuple[Script | None, EnvironmentSpecification | None]:
    """Step 2: the script and the environment; None for one that can't be deployed."""
    script_kind = st.session_state.get("deploy_script", BUNDLED)
    environment_name = st.session_state.get("deploy_environment", reads.specifications()[0].name)
    named = reader.t("deploy.own_yaml") if environment_name == OWN else environment_name
    sentence = reader.t(f"deploy.script_sentence.{script_kind}", environment=named)
    with step(reader, "script", sentence):
        script = _choose_code(reader)
        environment = _choose_environment(reader)
        if script is not None:
            _show_findings(reader, script, environment)
        proceed(reader, "script")
    return script, environment


def _choose_code(reader: Reader) -> Script | None:
    kind = st.segmented_control(
        reader.t("deploy.script"),
        (BUNDLED, OWN),
        default=BUNDLED,
        required=True,
        format_func=lambda kind: reader.t(f"deploy.script.{kind}"),
        key="deploy_script",
        persist_state="session",
    )
    st.markdown(reader.t("deploy.script_explain"))
    for part in ("init", "run", "model"):
        st.markdown(f"- {reader.t(f'deploy.script_explain.{part}')}")
    if kind == OWN:
        return _own_code(reader)
    script = reads.bundled_script()
    training, scoring = st.columns(2, gap="medium")
    with training:
        st.markdown(f"**{reader.t('deploy.training_code')}**")
        st.caption(reader.t("deploy.training_note"))
        st.code(reads.training_code(), language="python", height=CODE_HEIGHT)
    with scoring:
        st.markdown(f"**{plain(script.entry)}**")
        st.caption(reader.t("deploy.scoring_note"))
        st.code(script.code, language="python", height=CODE_HEIGHT)
    return script


def _own_code(reader: Reader) -> Script | None:
    """A script that is brought or written here, beside our template."""
    uploaded = st.file_uploader(reader.t("deploy.upload_script"), type="py", key="deploy_script_file")
    template = scripts.template()
    name = uploaded.name if uploaded else template.entry
    beginning = uploaded.getvalue().decode("utf-8", errors="replace") if uploaded else template.code
    editor, beside = st.columns([3, 2], gap="medium")
    with editor:
        st.markdown(f"**{plain(Path(name).name)}**")
        st.caption(reader.t("script.editor_note"))
        known = check_script(written(beginning, EDITOR), None)
        code = edit_code(
            beginning,
            key=EDITOR,
            label=reader.t("script.editor_label"),
            language="python",
            notes=[(one.line, finding_sentence(reader, one)) for one in known],
        )
    with beside:
        st.markdown(f"**{reader.t('script.template')}**")
        st.caption(reader.t("script.template_note"))
        st.code(template.code, language="python", height=CODE_HEIGHT)
    try:
        return scripts.script_from_upload(name, code.encode())
    except YosokuError as error:
        show_error(reader, error, title=reader.t("deploy.script_refused"))
        return None


def _show_findings(reader: Reader, script: Script, environment: EnvironmentSpecification | None) -> None:
    """What is told about the script's imports and functions, before anything is built."""
    own_modules = frozenset(Path(name).parts[0].removesuffix(".py") for name in script.files)
    found = check_script(script.code, environment, own_modules)
    if not found:
        st.caption(f":green[:material/check_circle: {reader.t('script.no_findings')}]")
        return
    name = environment.name if environment else ""
    lines = [f"- {plain(finding_sentence(reader, one, environment=name))}" for one in found]
    st.warning("\n".join(lines), title=reader.t("script.findings"), icon=":material/rule:")


def finding_sentence(reader: Reader, finding: Finding, *, environment: str = "") -> str:
    """What was found at which line, and what to do."""
    if finding.kind == "not_in_environment":
        return reader.t(
            "script.not_in_environment", line=finding.line, name=finding.name, environment=environment
        )
    return reader.error(scripts.refusal(finding))


def _choose_environment(reader: Reader) -> EnvironmentSpecification | None:
    known = {specification.name: specification for specification in reads.specifications()}
    name = st.selectbox(
        reader.t("deploy.environment"),
        [*known, OWN],
        format_func=lambda name: (
            reader.t("deploy.own_yaml") if name == OWN else _environment_label(reader, name)
        ),
        key="deploy_environment",
        help=reader.t("deploy.environment_help"),
        persist_state="session",
    )
    if name == OWN:
        return _written_environment(reader)
    st.code(known[name].text, language="yaml")
    return known[name]


def _environment_label(reader: Reader, name: str) -> str:
    key = f"environment.{name}"
    return f"{name} · {reader.t(key)}" if reader.has(key) else name


def _written_environment(reader: Reader) -> EnvironmentSpecification | None:
    text = st.text_area(
        reader.t("deploy.yaml"),
        value=reads.specifications()[0].text,
        height=260,
        key="deploy_yaml",
        persist_state="session",
    )
    try:
        return environments.parse(text or "")
    except YosokuError as error:
        show_error(reader, error, title=reader.t("deploy.yaml_refused"))
        return None
