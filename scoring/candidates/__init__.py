"""What may become the champion: each candidate fits a series and gives a kind that an endpoint can serve."""
