"""A training whose actuals come from a database, with the real command and workspace."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import create_engine, text

from backend import models
from backend.application import Application, open_application
from backend.training import ACTUALS, TrainingRequest, start_training
from tests.conftest import wait_for

NAME = "from-database"


@pytest.fixture
def trainer(application: Application, tmp_path: Path) -> Iterator[Application]:
    """The workspace of the run, with its bundled series in a database."""
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    engine = create_engine(url)
    pd.read_csv(application.settings.actuals).to_sql("sales", engine, index=False)
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM sales WHERE TransactionDate = '2014-02-28'"))
    engine.dispose()
    changed = {
        "database_url": f"sqlite:///{tmp_path / 'yosoku.db'}",
        "actuals_url": url,
        "actuals_query": "SELECT * FROM sales",
        "actuals_name": "shop",
        "training_processes": 1,
    }
    opened = open_application(application.settings.model_copy(update=changed))
    yield opened
    opened.close()
    workspace = opened.workspace()
    for model in models.list_models(workspace, NAME):
        models.delete_model(workspace, NAME, model.version)


def test_a_model_is_trained_on_the_rows_of_a_database(trainer: Application) -> None:
    job = wait_for(trainer, start_training(trainer, TrainingRequest(NAME, "shop", 14, "naive")))
    assert job.state == "succeeded", job.error
    assert (job.result["rows"], job.result["filled"], job.result["last"]) == (305, 1, "2014-05-31T00:00:00")
    (model,) = models.list_models(trainer.workspace(), NAME)
    assert model.properties[ACTUALS] == "shop"


def test_a_training_says_that_the_database_is_gone(trainer: Application) -> None:
    Path(trainer.settings.actuals_url.removeprefix("sqlite:///")).unlink()
    job = wait_for(trainer, start_training(trainer, TrainingRequest(NAME, "shop", 14, "naive")))
    assert job.state == "failed"
    assert job.error is not None
    assert job.error.code == "actuals.sql_unreachable"
    assert trainer.settings.actuals_url not in job.error.message + job.error.evidence
