"""The model registry: what training left behind becomes a registered, versioned model."""

from __future__ import annotations

import contextlib
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from backend.errors import Conflict, NotFound
from backend.training_report import REPORT_FILE
from backend.workspace import sdk_errors

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from pathlib import Path

    from azureml.core import Model, Workspace

    from backend.run_outputs import RunOutputs

Direction = Literal["lower", "higher"]

# The metrics by which models are compared, and which way is better.
METRICS: Mapping[str, Direction] = {
    "RMSE": "lower",
    "R2": "higher",
    "MAE": "lower",
    "MASE": "lower",
    "CRPS": "lower",
}
RUN_ID = "run_id"
# The property of a version whose registered folder holds a training report, and the file's name in it.
REPORT = "report"


@dataclass(frozen=True)
class RegisteredModel:
    """One version of a registered model."""

    name: str
    version: int
    created: datetime | None = None
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    properties: Mapping[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """`name:version`, as Azure ML writes it."""
        return f"{self.name}:{self.version}"

    @property
    def run_id(self) -> str:
        """The training run that made it, or an empty text."""
        return self.tags.get(RUN_ID, "")

    @property
    def has_report(self) -> bool:
        """Whether a training report was registered with it."""
        return REPORT in self.properties

    @property
    def metrics(self) -> dict[str, float]:
        """The tags that are figures, run_id aside."""
        found: dict[str, float] = {}
        for name, value in self.tags.items():
            if name != RUN_ID:
                with contextlib.suppress(ValueError, TypeError):
                    found[name] = float(value)
        return found


def rank(models: Iterable[RegisteredModel], metric: str) -> list[RegisteredModel]:
    """The models that have the metric, best first; the newer one first where they tie."""
    sign = -1.0 if METRICS.get(metric, "lower") == "higher" else 1.0
    having = [model for model in models if metric in model.metrics]
    return sorted(having, key=lambda model: (sign * model.metrics[metric], -model.version, model.name))


def best(models: Iterable[RegisteredModel], metric: str) -> RegisteredModel | None:
    """The best model by a metric, or None when none has it."""
    return next(iter(rank(models, metric)), None)


def register(
    workspace: Workspace,
    outputs: RunOutputs,
    *,
    description: str = "",
    tags: Mapping[str, str] | None = None,
    properties: Mapping[str, str] | None = None,
) -> RegisteredModel:
    """Register what a training run left; the name and the figures among the tags come from its metric.json.

    The registry numbers the version. The folder `models/` is registered under that name, so that a script
    finds it at `$AZUREML_MODEL_DIR/models/`; the run's report goes with it. `tags` and `properties` are
    added to its own.
    """
    from azureml.core import Model

    known = {RUN_ID: outputs.run_id, "model_name": outputs.model_name}
    known |= {name: str(value) for name, value in outputs.metrics.items()}
    facts = dict(outputs.facts) | dict(properties or {})
    if outputs.report is not None:
        carried = outputs.models_folder / REPORT_FILE
        if not carried.exists():
            shutil.copyfile(outputs.report, carried)
        facts[REPORT] = REPORT_FILE
    with sdk_errors(f"register {outputs.model_name}"):
        model = Model.register(
            workspace,
            model_path=str(outputs.models_folder),
            model_name=outputs.model_name,
            tags=known | dict(tags or {}),
            properties=facts,
            description=description or None,
        )
    return _registered(model)


def change_tags(workspace: Workspace, model: RegisteredModel, tags: Mapping[str, str]) -> None:
    """Add tags to a registered version, or replace those of the same name."""
    found = find(workspace, model.name, model.version)
    with sdk_errors(f"change the tags of {model.id}"):
        found.update(tags={**(found.tags or {}), **tags})


def download(workspace: Workspace, model: RegisteredModel, folder: Path) -> None:
    """Fetch the files of a version into a folder, below the name of the registered folder or file."""
    found = find(workspace, model.name, model.version)
    folder.mkdir(parents=True, exist_ok=True)
    with sdk_errors(f"download {model.id}"):
        found.download(str(folder), exist_ok=True)


def list_models(workspace: Workspace, name: str | None = None) -> list[RegisteredModel]:
    """Every version of every model, or of one; by name, newest version first."""
    from azureml.core import Model

    with sdk_errors("list models"):
        found = [_registered(model) for model in Model.list(workspace, name=name)]
    return sorted(found, key=lambda model: (model.name, -model.version))


def get_model(workspace: Workspace, name: str, version: int) -> RegisteredModel:
    """One version; NotFound when the registry hasn't it."""
    return _registered(find(workspace, name, version))


def find(workspace: Workspace, name: str, version: int) -> Model:
    """The SDK's own object of one version, for a deployment."""
    from azureml.core import Model
    from azureml.exceptions import WebserviceException

    try:
        with sdk_errors(f"read {name}:{version}"):
            return Model(workspace, name=name, version=version)
    except NotFound:
        raise
    except WebserviceException as error:
        raise NotFound(
            f"The registry has no model {name}:{version}.", code="model.not_found", name=f"{name}:{version}"
        ) from error


def delete_model(workspace: Workspace, name: str, version: int) -> None:
    """Delete one version; Conflict when an endpoint still serves it."""
    model = find(workspace, name, version)
    users = _services_using(workspace, f"{name}:{version}")
    if users:
        raise Conflict(
            f"{name}:{version} is in use by {', '.join(users)}. Delete or replace the endpoint first.",
            code="model.in_use",
            name=f"{name}:{version}",
            endpoints=", ".join(users),
        )
    with sdk_errors(f"delete {name}:{version}"):
        model.delete()


def _services_using(workspace: Workspace, model_id: str) -> list[str]:
    from azureml.core import Webservice

    with sdk_errors("list endpoints"):
        return sorted(service.name for service in Webservice.list(workspace, model_id=model_id))


def _registered(model: Model) -> RegisteredModel:
    return RegisteredModel(
        name=model.name,
        version=int(model.version),
        created=model.created_time,
        description=model.description or "",
        tags={key: str(value) for key, value in (model.tags or {}).items()},
        properties={key: str(value) for key, value in (model.properties or {}).items()},
    )
