"""Every setting of the product, in one typed place; each reads its environment variable `YOSOKU_<NAME>`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, PositiveFloat, PositiveInt, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PROJECT_ROOT = Path(__file__).resolve().parent.parent

WorkspaceKind = Literal["local", "azure"]
Authentication = Literal["cli", "service_principal", "managed_identity"]


class Settings(BaseSettings):
    """What an operator can choose; the defaults need no Azure subscription and no other program."""

    model_config = SettingsConfigDict(env_prefix="YOSOKU_", env_file=".env", extra="ignore", frozen=True)

    workspace: WorkspaceKind = Field("local", description="The embedded workspace, or one in Azure.")
    state_dir: Path = Field(
        PROJECT_ROOT / ".yosoku", description="Where the local workspace and the history live."
    )
    config_file: Path = Field(
        PROJECT_ROOT / "config.json", description="The Azure workspace's config.json (Azure only)."
    )
    authentication: Authentication = Field("cli", description="How to sign in to Azure (Azure only).")
    tenant_id: str = Field("", description="Tenant of the service principal.")
    client_id: str = Field("", description="Application id of the service principal, or of the identity.")
    client_secret: str = Field("", description="Secret of the service principal.", repr=False)
    location: str = Field("", description="Region of new endpoints; empty means the workspace's own.")
    database_url: str = Field(
        "", description="SQLAlchemy URL of the history; empty means SQLite in state_dir."
    )
    actuals: Path = Field(
        PROJECT_ROOT / "data" / "adventureworks_daily.csv", description="The actuals shown first."
    )
    training_schedule: str = Field(
        "", description="When to train again, as a cron expression; empty means never by itself."
    )
    training_candidates: str = Field(
        "all", description="Which candidates compete in a training: all, or names with commas between them."
    )
    training_processes: PositiveInt | None = Field(
        None, description="How many processes a training may use; empty means one a core."
    )
    scoring_timeout_seconds: PositiveFloat = Field(30.0, description="How long one answer may take.")

    @field_validator("training_schedule")
    @classmethod
    def _schedule_reads_as_cron(cls, expression: str) -> str:
        if expression.strip():
            from backend.schedule import read_cron  # only who schedules pays for the scheduler's import

            try:
                read_cron(expression)
            except ValueError as error:
                raise ValueError(
                    "YOSOKU_TRAINING_SCHEDULE must be a cron expression of five fields (minute, hour, day of "
                    f"month, month, day of week), such as '0 6 * * mon'; {expression!r} is not one: {error}."
                ) from error
        return expression.strip()

    @model_validator(mode="after")
    def _azure_has_what_it_needs(self) -> Settings:
        if self.workspace != "azure":
            return self
        if not self.config_file.is_file():
            raise ValueError(
                "YOSOKU_WORKSPACE=azure needs the workspace's config.json; "
                f"there is none at {self.config_file}. "
                "Download it in the Azure portal (workspace, Overview) or set YOSOKU_CONFIG_FILE."
            )
        if self.authentication == "service_principal":
            missing = [
                name
                for name, value in (
                    ("YOSOKU_TENANT_ID", self.tenant_id),
                    ("YOSOKU_CLIENT_ID", self.client_id),
                    ("YOSOKU_CLIENT_SECRET", self.client_secret),
                )
                if not value
            ]
            if missing:
                raise ValueError(f"YOSOKU_AUTHENTICATION=service_principal needs {', '.join(missing)}.")
        return self

    @property
    def history_url(self) -> str:
        """SQLAlchemy URL of the history store."""
        return self.database_url or f"sqlite:///{self.state_dir.resolve() / 'yosoku.db'}"

    @property
    def training_runs(self) -> Path:
        """Where what the newest trainings left is kept."""
        return self.state_dir / "training"

    @property
    def uploads(self) -> Path:
        """Where uploads are staged: below the working folder, since the SDK refuses model paths outside it
        (`azureml.core.Model.register`, a prefix test on os.getcwd())."""
        return Path.cwd() / ".yosoku" / "uploads"
