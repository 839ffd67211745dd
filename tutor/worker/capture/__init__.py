"""worker/capture."""
