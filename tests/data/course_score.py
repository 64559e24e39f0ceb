"""A team's own scoring script in the course's style: a pickled statsmodels result, `{"data": [3]}`."""

import json
import os

import joblib


def init():
    global model
    model = joblib.load(os.path.join(os.environ["AZUREML_MODEL_DIR"], "models", "arima_model.pkl"))  # noqa: PTH118


def run(raw_data):
    try:
        steps = json.loads(raw_data)["data"]
        forecast = model.forecast(steps[0])
        return json.dumps({"result": forecast.tolist()})
    except Exception as error:
        return json.dumps({"error": str(error)})
