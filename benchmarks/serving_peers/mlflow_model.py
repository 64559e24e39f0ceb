"""The MLflow model, from code: `mlflow models serve` imports this file and serves the model that it sets.

    python mlflow_model.py SAVED_ARIMA MODEL_FOLDER

saves it, in MLflow's layout, with the saved ARIMA as its artifact.
"""

from __future__ import annotations

import sys

import mlflow
from arima import ArimaForecast, forecast, load
from mlflow.pyfunc import PythonModel


class ArimaModel(PythonModel):
    """Wraps the statsmodels results."""

    def load_context(self, context) -> None:
        """Read the artifact once, when the server starts."""
        self.results = load(context.artifacts["arima"])

    def predict(self, context, model_input, params=None) -> ArimaForecast:
        """Means and limits; the input is an array of one horizon."""
        return forecast(self.results, int(model_input[0]))


if __name__ == "__main__":
    mlflow.pyfunc.save_model(
        sys.argv[2],
        python_model=__file__,
        artifacts={"arima": sys.argv[1]},
        # Named, they need not be inferred, which takes a load of the model.
        pip_requirements=["mlflow", "statsmodels"],
    )
else:
    mlflow.models.set_model(ArimaModel())
