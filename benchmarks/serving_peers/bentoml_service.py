"""The BentoML service, served by `bentoml serve bentoml_service:ArimaService`."""

from __future__ import annotations

import bentoml
from arima import forecast, load


@bentoml.service(workers=1)
class ArimaService:
    """One worker with the model in memory."""

    def __init__(self) -> None:
        self.results = load()

    @bentoml.api(route="/forecast")
    def forecast(self, horizon: int) -> dict:
        """Means and limits."""
        return forecast(self.results, horizon)
