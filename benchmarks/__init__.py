"""What Yosoku takes in time, each figure beside its bound; `python -m benchmarks` runs all of it."""
