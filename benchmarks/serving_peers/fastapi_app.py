"""The plain FastAPI app, served by `uvicorn fastapi_app:app`."""

from __future__ import annotations

from arima import forecast, load
from fastapi import FastAPI
from pydantic import BaseModel, Field

app = FastAPI()
results = load()


class ForecastRequest(BaseModel):
    """What is asked: a forecast so many days ahead."""

    horizon: int = Field(ge=1, le=366)


class ForecastAnswer(BaseModel):
    """What is answered: means, and lower and upper limits by level."""

    mean: list[float]
    lower: dict[str, list[float]]
    upper: dict[str, list[float]]


# A declared return type is written as JSON by pydantic's Rust core, the fastest way that FastAPI documents.
@app.post("/forecast")
async def answer(request: ForecastRequest) -> ForecastAnswer:
    """The forecast of the saved model."""
    return ForecastAnswer(**forecast(results, request.horizon))
