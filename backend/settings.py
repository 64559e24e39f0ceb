"""Every setting of the product, in one typed place; each reads its environment variable `YOSOKU_<NAME>`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, PositiveInt, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from backend.sql_statement import one_select

PROJECT_ROOT = Path(__file__).resolve().parent.parent

WorkspaceKind = Literal["local", "azure"]
Authentication = Literal["cli", "service_principal", "managed_identity"]
# One mailbox and one domain; whether it exists only its server knows.
ADDRESS = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+")

BriefLanguage = Literal["en", "ja"]
BriefFormat = Literal["html", "pdf", "xlsx"]


class Settings(BaseSettings):
    """What an operator can choose; the defaults need no Azure subscription and no other program."""

    model_config = SettingsConfigDict(
        env_prefix="YOSOKU_", env_file=".env", extra="ignore", frozen=True, hide_input_in_errors=True
    )

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
        "", description="SQLAlchemy URL of the history; empty means SQLite in state_dir.", repr=False
    )
    actuals: Path = Field(
        PROJECT_ROOT / "data" / "adventureworks_daily.csv", description="The actuals shown first."
    )
    actuals_url: str = Field(
        "", description="SQLAlchemy URL of a database with actuals; empty means none.", repr=False
    )
    actuals_query: str = Field("", description="The one SELECT that reads those actuals.")
    actuals_name: str = Field(
        "database", min_length=1, max_length=64, description="What those actuals are called."
    )
    actuals_refresh_seconds: float = Field(
        300.0, ge=5, le=86_400, description="How old what was read of them may be."
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
    brief_schedule: str = Field(
        "", description="When to write the brief, as a cron expression; empty means never by itself."
    )
    brief_endpoint: str = Field(
        "", description="Whose forecasts the brief tells; empty means those the page shows first."
    )
    brief_folder: Path | None = Field(None, description="Where briefs are written; empty means in state_dir.")
    brief_languages: Annotated[tuple[BriefLanguage, ...], NoDecode] = Field(
        ("en",), min_length=1, description="The languages of the brief, with commas between them."
    )
    brief_formats: Annotated[tuple[BriefFormat, ...], NoDecode] = Field(
        ("html", "pdf"), min_length=1, description="Its formats: html, pdf, xlsx."
    )
    smtp_host: str = Field("", description="The mail server for briefs; empty means that none is mailed.")
    smtp_port: int = Field(587, ge=1, le=65_535, description="Its port; 465 is encrypted from the start.")
    smtp_user: str = Field("", description="Who signs in there; empty means that nobody does.")
    smtp_password: str = Field("", description="The password of that user.", repr=False)
    smtp_from: str = Field("", description="The address that briefs come from.")
    smtp_to: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="The addresses that briefs go to, with commas between them."
    )
    smtp_starttls: bool = Field(True, description="Whether mail goes over an encrypted connection only.")
    price_file: Path | None = Field(
        None, description="The price table; empty means the one that ships with the app."
    )
    price_region: str = Field("", description="Whose prices are taken; empty means those of the location.")
    price_currency: str = Field(
        "USD", pattern=r"^[A-Z]{3}$", description="The currency of the rows that are taken."
    )
    idle_days: PositiveInt = Field(
        7, description="After how many days without a known forecast an endpoint is called idle."
    )
    scoring_timeout_seconds: PositiveFloat = Field(30.0, description="How long one answer may take.")

    @field_validator("training_schedule", "brief_schedule")
    @classmethod
    def _schedule_reads_as_cron(cls, expression: str, info: ValidationInfo) -> str:
        if expression.strip():
            from backend.schedule import read_cron  # only who schedules pays for the scheduler's import

            try:
                read_cron(expression)
            except ValueError as error:
                raise ValueError(
                    f"{_variable(info)} must be a cron expression of five fields (minute, hour, day of "
                    "month, month, day of week), such as '0 6 * * mon'; "
                    f"{expression!r} is not one: {error}."
                ) from error
        return expression.strip()

    @field_validator("brief_languages", "brief_formats", "smtp_to", mode="before")
    @classmethod
    def _commas_separate(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(dict.fromkeys(part.strip() for part in value.split(",") if part.strip()))
        return value

    @field_validator("brief_folder", "price_file", mode="before")
    @classmethod
    def _empty_is_no_folder(cls, value: object) -> object:
        return value or None

    @field_validator("smtp_from", "smtp_to")
    @classmethod
    def _addresses_have_both_parts(cls, value: str | tuple[str, ...], info: ValidationInfo) -> object:
        for address in (value,) if isinstance(value, str) else value:
            if address and not ADDRESS.fullmatch(address):
                raise ValueError(
                    f"{_variable(info)}: {address!r} is not a mail address, such as board@example.com."
                )
        return value

    @model_validator(mode="after")
    def _mail_has_what_it_needs(self) -> Settings:
        if self.smtp_host and not (self.smtp_from and self.smtp_to):
            raise ValueError("YOSOKU_SMTP_HOST needs YOSOKU_SMTP_FROM and YOSOKU_SMTP_TO.")
        if bool(self.smtp_user) != bool(self.smtp_password):
            raise ValueError("YOSOKU_SMTP_USER and YOSOKU_SMTP_PASSWORD are set together, or neither is.")
        return self

    @field_validator("actuals_query")
    @classmethod
    def _query_is_one_select(cls, query: str) -> str:
        return one_select(query) if query.strip() else ""

    @model_validator(mode="after")
    def _actuals_have_both_url_and_query(self) -> Settings:
        if bool(self.actuals_url) != bool(self.actuals_query):
            raise ValueError("YOSOKU_ACTUALS_URL and YOSOKU_ACTUALS_QUERY are set together, or neither is.")
        return self

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
    def briefs(self) -> Path:
        """Where briefs are written."""
        return self.brief_folder or self.state_dir / "briefs"

    @property
    def training_runs(self) -> Path:
        """Where what the newest trainings left is kept."""
        return self.state_dir / "training"

    @property
    def uploads(self) -> Path:
        """Where uploads are staged: below the working folder, since the SDK refuses model paths outside it
        (`azureml.core.Model.register`, a prefix test on os.getcwd())."""
        return Path.cwd() / ".yosoku" / "uploads"


def _variable(info: ValidationInfo) -> str:
    """The environment variable of a field."""
    return f"YOSOKU_{str(info.field_name).upper()}"
