"""The kinds of models that an endpoint can serve: each is data, and forecasts with numpy alone."""
