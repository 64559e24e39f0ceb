"""Every setting of the product, in one typed place; each reads its environment variable `YOSOKU_<NAME>`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, PositiveFloat, model_validator
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
    scoring_timeout_seconds: PositiveFloat = Field(30.0, description="How long one answer may take.")

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
    def uploads(self) -> Path:
        """Where uploads are staged: below the working folder, since the SDK refuses model paths outside it
        (`azureml.core.Model.register`, a prefix test on os.getcwd())."""
        return Path.cwd() / ".yosoku" / "uploads"
