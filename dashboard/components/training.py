"""Training again: the form, a training as it runs, and what it came to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from backend import actuals as actuals_source
from backend import champions, training
from backend.errors import YosokuError
from backend.evaluation import Verdict
from backend.forecasts import ACTUALS, HORIZON_BOUNDS
from backend.training_input import described
from dashboard import reads
from dashboard.components.actuals_choice import chosen_source, read_chosen
from dashboard.components.evaluation import show_report, show_verdict
from dashboard.components.feedback import plain, show_error, show_evidence, show_job_error
from dashboard.components.stepper import elapsed, show_phases
from dashboard.evaluation_words import day
from dashboard.session import application, reader

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backend.actuals import Actuals, ActualsSource
    from backend.jobs import Job
    from backend.models import RegisteredModel
    from backend.panel import Panel
    from backend.services import Endpoint
    from dashboard.i18n import Reader

LEFT = "training_left"
# The version that the page shows next; a widget's state can only be set before it is drawn.
NEXT_VERSION = "models_next_version"
HORIZONS = {"h": 48, "D": 28, "B": 20, "W": 13, "MS": 12, "QS": 8}
HORIZON = 28


def show_training(found: Sequence[RegisteredModel], endpoints: Sequence[Endpoint]) -> None:
    """The training that runs, or what the newest one came to."""
    jobs = application().jobs
    running = next((job for job in jobs.running() if job.kind == "train"), None)
    if running is not None:
        with st.container(border=True):
            _follow(running.id)
        return
    last = jobs.latest("train")
    if last is not None and last.id not in st.session_state.get(LEFT, ()):
        with st.container(border=True):
            _ended(reader(), last, found, endpoints)


def offer_training(words: Reader, found: Sequence[RegisteredModel], preferred: str | None) -> None:
    """The form; `preferred` is the name that it trains at first."""
    st.markdown(words.t("training.explain"))
    left, middle, right = st.columns([2, 2, 1], gap="medium", vertical_alignment="bottom")
    with left:
        name = _choose_name(words, found, preferred)
    champion = champions.champion_of(found, name) if name else None
    with middle:
        source = _choose_actuals(words, name, champion)
    try:
        series = read_chosen(source)
    except YosokuError as error:
        show_error(words, error)
        return
    low, high = HORIZON_BOUNDS
    horizon = right.number_input(
        words.t("training.horizon"),
        min_value=low,
        max_value=high,
        value=_usual_horizon(champion, series),
        step=1,
        help=words.t("training.horizon_help"),
        key=f"training_horizon_{name}_{source.name}",
    )
    told = described(series)
    st.caption(
        words.t(
            "training.data_parts" if "series" in told else "training.data",
            count=words.number(told["rows"]),
            series=words.number(told.get("series", 1)),
            last=words.date(series.origin),
            champion=plain(champion.id) if champion else words.t("training.no_champion"),
        )
    )
    if _confirmed(words, name) and name:
        _begin(words, name, source.name, series, int(horizon))
    _say_schedule(words)


def _choose_name(words: Reader, found: Sequence[RegisteredModel], preferred: str | None) -> str | None:
    names = sorted({model.name for model in found})
    return st.selectbox(
        words.t("training.model"),
        names,
        index=names.index(preferred) if preferred in names else 0 if names else None,
        accept_new_options=True,
        placeholder=words.t("training.model_placeholder"),
        help=words.t("training.model_help"),
        key="training_model",
    )


def _choose_actuals(words: Reader, name: str | None, champion: RegisteredModel | None) -> ActualsSource:
    """A file of actuals, at first the one that the champion was trained on."""
    known = {file.name: file for file in actuals_source.list_actuals(application().settings)}
    usual = (champion.properties.get(ACTUALS) if champion else None) or chosen_source().name
    chosen = st.selectbox(
        words.t("training.actuals"),
        list(known),
        index=list(known).index(usual) if usual in known else 0,
        help=words.t("training.actuals_help"),
        key=f"training_actuals_{name}",
    )
    return known[chosen]


def _confirmed(words: Reader, name: str | None) -> bool:
    busy = any(job.kind == "train" for job in application().jobs.running())
    return st.button(
        words.t("training.button"),
        type="primary",
        icon=":material/model_training:",
        key="training_button",
        disabled=not name or busy,
        help=words.t("training.busy") if busy else None,
    )


def _begin(words: Reader, name: str, source: str, series: Actuals | Panel, horizon: int) -> None:
    request = training.TrainingRequest(
        model_name=name,
        actuals=source,
        horizon=horizon,
        date_column=series.date_column,
        value_column=series.value_column,
    )
    try:
        training.start_training(application(), request)
    except YosokuError as error:
        show_error(words, error, title=words.t("training.refused"))
        return
    st.rerun()


def _usual_horizon(champion: RegisteredModel | None, series: Actuals | Panel) -> int:
    told = champion.properties.get("horizon", "") if champion else ""
    return int(told) if told.isdigit() else HORIZONS.get(series.frequency, HORIZON)


def _say_schedule(words: Reader) -> None:
    schedule = application().schedule
    turn = schedule.next_turn if schedule else None
    if turn is not None:
        st.caption(words.t("training.next_turn", moment=words.moment(turn)))


@st.fragment(run_every="1s")
def _follow(job_id: str) -> None:
    words = reader()
    jobs = application().jobs
    job = jobs.get(job_id)
    if job is None or job.state != "running":
        reads.forget()
        if job is not None and job.result.get("model"):
            st.session_state[NEXT_VERSION] = job.result["model"]
        st.rerun()
    st.subheader(words.t("training.running", name=plain(job.subject)), anchor=False)
    st.caption(words.t("training.running_note", elapsed=words.duration(elapsed(job))))
    done, total = int(job.result.get("done", 0)), int(job.result.get("total", 0))
    if total and job.events[-1].phase == "backtest":
        progress = words.t("training.progress", done=words.number(done), total=words.number(total))
        st.progress(min(done / total, 1.0), progress)
    show_phases(words, job)
    if jobs.is_cancelled(job):
        st.caption(words.t("training.cancelling"))
        return
    st.button(
        words.t("training.cancel"),
        key="training_cancel",
        icon=":material/close:",
        help=words.t("training.cancel_help"),
        on_click=jobs.cancel,
        args=(job,),
    )


def _ended(words: Reader, job: Job, found: Sequence[RegisteredModel], endpoints: Sequence[Endpoint]) -> None:
    if job.state == "succeeded":
        _came_to(words, job, found, endpoints)
        return
    st.subheader(words.t(f"training.{job.state}", name=plain(job.subject)), anchor=False)
    if job.error:
        show_job_error(words, job.error, title=words.t("training.why"))
        show_evidence(words, job.error.evidence)
    with st.container(horizontal=True):
        _dismiss_button(words, job)


def _came_to(
    words: Reader, job: Job, found: Sequence[RegisteredModel], endpoints: Sequence[Endpoint]
) -> None:
    verdict = Verdict(**job.result["verdict"])
    model, champion = job.result.get("model"), job.result.get("champion") or ""
    outcome = "by_hand" if job.result.get("by_hand") else verdict.outcome
    names = {"name": plain(job.subject), "model": plain(model or ""), "champion": plain(champion)}
    st.subheader(words.t(f"training.came_to.{outcome}", **names), anchor=False)
    show_verdict(words, verdict, champion)
    st.markdown(f"**{words.t('feedback.next')}** {words.t(f'training.next.{outcome}', **names)}")
    st.caption(_provenance(words, job))
    registered = model in {version.id for version in found}
    with st.container(horizontal=True):
        if registered and st.button(
            words.t("models.deploy"),
            type="primary",
            icon=":material/rocket_launch:",
            key="training_deploy",
        ):
            _deploy(str(model), [endpoint for endpoint in endpoints if endpoint.model_id == champion])
        if not model and st.button(
            words.t("training.register"), icon=":material/app_registration:", key="training_register"
        ):
            _register(words, job)
        _dismiss_button(words, job)
    if not model:
        _kept(words, job)


def _deploy(model: str, serving: Sequence[Endpoint]) -> None:
    """To the form of a deployment; where one endpoint serves the champion before, it is to be replaced."""
    st.session_state["deploy_model"] = model
    if len(serving) == 1:
        st.session_state["deploy_name"] = serving[0].name
        st.session_state["deploy_replace"] = True
        st.session_state["deploy_authentication"] = serving[0].authentication
    st.switch_page("dashboard/pages/deploy.py")


def _provenance(words: Reader, job: Job) -> str:
    """When, on what, and what had to be filled in."""
    told: dict[str, Any] = dict(job.result)
    parts = [
        words.t(
            "training.provenance",
            moment=words.moment(job.ended or job.started),
            elapsed=words.duration(elapsed(job)),
            rows=words.number(told["rows"]),
            first=day(words, told["first"]),
            last=day(words, told["last"]),
            actuals=plain(told["actuals"]),
        )
    ]
    if told.get("series"):
        parts.append(words.t("training.parts", count=words.number(told["series"])))
    if told.get("scheduled"):
        parts.append(words.t("training.scheduled"))
    if told.get("filled"):
        parts.append(words.t("training.filled", count=words.number(told["filled"])))
    return " · ".join(parts)


def _register(words: Reader, job: Job) -> None:
    try:
        with reads.changing(), st.spinner(words.t("register.registering")):
            model = training.register_kept(application(), job)
    except YosokuError as error:
        show_error(words, error, title=words.t("register.failed"))
        return
    st.session_state[NEXT_VERSION] = model.id
    st.rerun()


def _kept(words: Reader, job: Job) -> None:
    """The evaluation of a challenger that is in no registry; read when it is opened."""
    panel = st.expander(
        words.t("training.evaluation"),
        icon=":material/leaderboard:",
        key=f"training_evaluation_{job.id}",
        on_change="rerun",
    )
    if not panel.open:
        return
    with panel:
        try:
            report = reads.kept_report(job.id)
        except YosokuError as error:
            st.caption(plain(words.error(error)))
        else:
            show_report(words, report, key=f"kept_{job.id}")


def _dismiss_button(words: Reader, job: Job) -> None:
    st.button(
        words.t("training.dismiss"),
        key="training_dismiss",
        icon=":material/check:",
        on_click=_dismiss,
        args=(job.id,),
    )


def _dismiss(job_id: str) -> None:
    st.session_state[LEFT] = (*st.session_state.get(LEFT, ()), job_id)
